"""An order's gross amount, from the amounts of Segment's e-commerce specification."""

import re
from decimal import Decimal
from typing import Any, Final

from collectors.segment.values import first

_PLAIN: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,9})?")


def gross(said: dict[str, Any]) -> Any:
    """``total``; else ``revenue`` or ``subtotal`` plus the ``tax`` and ``shipping`` they exclude; else ``value``."""
    total = said.get("total")
    if total not in (None, ""):
        return total
    net = first(said, "revenue", "subtotal")
    if net is None:
        return said.get("value")
    return _sum(net, said.get("tax"), said.get("shipping"))


def _sum(net: Any, *others: Any) -> Any:
    """An exact sum. Anything but a plain number is passed on unchanged, for the contract to refuse."""
    numbers = [str(one) for one in (net, *others) if one not in (None, "")]
    if not all(map(_PLAIN.fullmatch, numbers)):
        return net
    return format(sum(map(Decimal, numbers)), "f")
