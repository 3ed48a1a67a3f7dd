"""A link: what has been said of two ids, in any order of arrival."""

from typing import Any, Final

Stamp = tuple[int, str, str]  # (time ms, source, id) of the event that said so: a total order
EARLIEST: Final[Stamp] = (0, "", "")  # where a build before this one did not note when


class Link:
    """What has been said of one pair of ids."""

    __slots__ = ("beside", "carried", "merge", "word")

    def __init__(self) -> None:
        self.carried: Stamp | None = None  # earliest event that carried both, or identified them
        self.beside: Stamp | None = None  # earliest event of an account that carried both: they are one person
        self.word: tuple[Stamp, bool] | None = None  # latest outright word: on or off
        self.merge: tuple[Stamp, bool] | None = None  # latest of merged, unmerged

    def copy(self) -> "Link":
        """Another one of which the same was said."""
        other = Link()
        other.carried, other.beside, other.word, other.merge = self.carried, self.beside, self.word, self.merge
        return other

    def carry(self, stamp: Stamp) -> bool:
        """Note an event that carried the pair; says whether anything changed."""
        if self.carried is not None and self.carried <= stamp:
            return False
        self.carried = stamp
        return True

    def carry_beside(self, stamp: Stamp) -> bool:
        """Note an account's event that carried the pair; says whether anything changed."""
        if self.beside is not None and self.beside <= stamp:
            return False
        self.beside = stamp
        return True

    def say(self, stamp: Stamp, on: bool, merges: bool) -> bool:
        """Note an outright word on the pair; says whether anything changed."""
        before = (self.word, self.merge)
        if self.word is None or self.word[0] < stamp:
            self.word = (stamp, on)
        if merges and (self.merge is None or self.merge[0] < stamp):
            self.merge = (stamp, on)
        return before != (self.word, self.merge)

    @property
    def on(self) -> bool:
        """Whether the pair is linked."""
        return self.word[1] if self.word else self.carried is not None

    @property
    def one_person(self) -> bool:
        """Whether the pair is one person where customers are accounts."""
        return self.word[1] if self.word else self.together is not None

    @property
    def together(self) -> Stamp | None:
        """The earliest event that carried both, beside an account or not."""
        return min((stamp for stamp in (self.carried, self.beside) if stamp is not None), default=None)

    @property
    def merged(self) -> bool:
        """Whether the pair was merged outright, and not un-merged since."""
        return self.on and self.merge is not None and self.merge[1]

    def encode(self) -> list[Any]:
        """As JSON."""
        return [self.carried, self.word, self.merge, *([self.beside] if self.beside else [])]

    @staticmethod
    def decode(stored: list[Any]) -> "Link":
        """From JSON."""
        link = Link()
        carried, word, merge, *beside = stored
        link.beside = None if not beside else EARLIEST if beside[0] is True else tuple(beside[0])
        link.carried = tuple(carried) if carried else None
        link.word = (tuple(word[0]), word[1]) if word else None
        link.merge = (tuple(merge[0]), merge[1]) if merge else None
        return link
