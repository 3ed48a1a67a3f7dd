"""Text from outside in a mail: nothing in it can end a line, turn the direction of what follows, or fill the page.

What HTML makes of it is Jinja's part, which escapes everything.
"""

from typing import Final
from unicodedata import bidirectional, normalize

LONGEST: Final = 80  # characters of a name
LOST: Final = "�"
ISOLATE: Final = "⁨{}⁩"  # first strong isolate: its own direction stays its own
TURNED: Final = frozenset({"R", "AL", "AN"})
KEPT: Final = frozenset("​‌‍")  # join or part letters in many scripts and emoji


def shown(text: object, longest: int = LONGEST) -> str:
    """One line of printable text, at most ``longest`` characters; written from right to left, it is isolated."""
    found = " ".join(normalize("NFC", str(text)).split())
    found = "".join(one if one.isprintable() or one in KEPT else LOST for one in found)
    if len(found) > longest:
        found = found[: longest - 1].rstrip() + "…"
    return ISOLATE.format(found) if any(bidirectional(one) in TURNED for one in found) else found
