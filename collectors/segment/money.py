"""What an order is worth, tax included, of the amounts that Segment's e-commerce specification knows."""

import re
from decimal import Decimal
from typing import Any, Final

from collectors.segment.values import first

_PLAIN: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,9})?")


def gross(said: dict[str, Any]) -> Any:
    """``total``; else ``revenue`` or ``subtotal``, and the ``tax`` and ``shipping`` they leave out; else ``value``."""
    total = said.get("total")
    if total not in (None, ""):
        return total
    net = first(said, "revenue", "subtotal")
    if net is None:
        return said.get("value")
    return _sum(net, said.get("tax"), said.get("shipping"))


def _sum(net: Any, *others: Any) -> Any:
    """Exact. What is no plain number stays as it is, and is refused by the contract."""
    numbers = [str(one) for one in (net, *others) if one not in (None, "")]
    if not all(map(_PLAIN.fullmatch, numbers)):
        return net
    return format(sum(map(Decimal, numbers)), "f")
