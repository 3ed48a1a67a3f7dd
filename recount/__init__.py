"""The independent recount: every KPI computed again, naively, from the list of accepted events.

It shares no code with the engine: it is written from the page that decides the numbers, keeps no state and takes no
shortcuts, so that two different readings of a rule show up as a difference between two documents. Tests and benchmarks
use it; it is not installed with the product.
"""

from recount.compare import compare
from recount.documents import Recount, recount
from recount.facts import from_blocks

__all__ = ["Recount", "compare", "from_blocks", "recount"]
