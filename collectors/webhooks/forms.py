"""Form-encoded bodies. Pure."""

from typing import Final
from urllib.parse import parse_qsl

from collectors.arrived import Arrived, Unreadable

MOST: Final = 500  # fields


def fields(arrived: Arrived) -> list[tuple[str, str]]:
    """Names and values, in order. Raises Unreadable: not ASCII, or too many."""
    try:
        return parse_qsl(arrived.body.decode("ascii"), keep_blank_values=True, errors="replace", max_num_fields=MOST)
    except ValueError:
        raise Unreadable("must be a form (application/x-www-form-urlencoded)") from None


def is_form(arrived: Arrived) -> bool:
    """Whether the request's content type is a form."""
    return "application/x-www-form-urlencoded" in arrived.headers.get("content-type", "").lower()
