"""A link: what events have asserted about two ids, whatever the order of arrival."""

from typing import Any, Final

Stamp = tuple[int, str, str]  # (time ms, source, id) of the event: a total order
EARLIEST: Final[Stamp] = (0, "", "")  # for links stored by an earlier build without a time


class Link:
    """All assertions about one pair of ids."""

    __slots__ = ("assertion", "beside", "carried", "merge")

    def __init__(self) -> None:
        self.carried: Stamp | None = None  # earliest event that carried or identified both
        self.beside: Stamp | None = None  # earliest event of an account that carried both: one person
        self.assertion: tuple[Stamp, bool] | None = None  # latest explicit assertion: on or off
        self.merge: tuple[Stamp, bool] | None = None  # latest merge (True) or unmerge (False)

    def copy(self) -> "Link":
        """A copy with the same assertions."""
        other = Link()
        other.carried, other.beside = self.carried, self.beside
        other.assertion, other.merge = self.assertion, self.merge
        return other

    def carry(self, stamp: Stamp) -> bool:
        """Note an event that carried the pair; returns whether anything changed."""
        if self.carried is not None and self.carried <= stamp:
            return False
        self.carried = stamp
        return True

    def carry_beside(self, stamp: Stamp) -> bool:
        """Note an account's event that carried the pair; returns whether anything changed."""
        if self.beside is not None and self.beside <= stamp:
            return False
        self.beside = stamp
        return True

    def assert_link(self, stamp: Stamp, on: bool, merges: bool) -> bool:
        """Note an explicit assertion about the pair; returns whether anything changed."""
        before = (self.assertion, self.merge)
        if self.assertion is None or self.assertion[0] < stamp:
            self.assertion = (stamp, on)
        if merges and (self.merge is None or self.merge[0] < stamp):
            self.merge = (stamp, on)
        return before != (self.assertion, self.merge)

    @property
    def on(self) -> bool:
        """Whether the pair is linked."""
        return self.assertion[1] if self.assertion else self.carried is not None

    @property
    def one_person(self) -> bool:
        """Whether the pair is one person, if customers are accounts."""
        return self.assertion[1] if self.assertion else self.together is not None

    @property
    def together(self) -> Stamp | None:
        """The earliest event that carried both, with or without an account."""
        return min((stamp for stamp in (self.carried, self.beside) if stamp is not None), default=None)

    @property
    def merged(self) -> bool:
        """Whether the pair was explicitly merged, and not unmerged since."""
        return self.on and self.merge is not None and self.merge[1]

    def encode(self) -> list[Any]:
        """As JSON."""
        return [self.carried, self.assertion, self.merge, *([self.beside] if self.beside else [])]

    @staticmethod
    def decode(stored: list[Any]) -> "Link":
        """From JSON."""
        link = Link()
        carried, assertion, merge, *beside = stored
        link.beside = None if not beside else EARLIEST if beside[0] is True else tuple(beside[0])
        link.carried = tuple(carried) if carried else None
        link.assertion = (tuple(assertion[0]), assertion[1]) if assertion else None
        link.merge = (tuple(merge[0]), merge[1]) if merge else None
        return link
