"""Webhooks of systems without a module: a table declares how items become events. Pure.

The table is part of a TOML file and uses the terms of ``crmkpi import`` mappings: texts are literal, ``{path}`` is
replaced by the item's value at that path, and a text with an empty path is omitted. Paths that begin with ``@`` refer
to the whole body. docs/webhooks.md has an example.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from collectors.arrived import Arrived, Unreadable
from collectors.event import Event, Reading
from collectors.webhooks import standard
from collectors.webhooks.declared_table import BadMapping, EventRule, WebhookMapping, table_of
from collectors.webhooks.hmacs import basic, shared
from collectors.webhooks.items import Fault, at, document, maybe_whole, reading, table
from collectors.webhooks.provider import Provider
from collectors.webhooks.signing import header
from collectors.webhooks.templates import filled, filled_in, fits, paths_in, value_at
from collectors.webhooks.times import in_utc, of_ms, of_s
from models import money
from models.events import PREFIX
from models.refused import Refused

__all__ = ["BadMapping", "declared"]

MOST: Final = 2000  # items per body
_MONEY: Final = ("amount", "tax", "mrr")


def declared(name: str, content: Mapping[str, Any]) -> Provider:
    """The provider declared by a table; ``name``: its name in the URL. Raises BadMapping."""
    mapping = table_of(content)
    proofs = {"header": _by_header(mapping.header), "basic": basic, "standard": standard.verify}
    words = {"header": f"a secret of your own in the header {mapping.header}", "basic": "user:password of HTTP Basic",
             "standard": standard.PROVIDER.secret}  # fmt: skip
    title, proof = mapping.title or name, mapping.proof
    return Provider(name, title, words[proof], proofs[proof], lambda arrived: _read(mapping, arrived))


def _by_header(name: str) -> Any:
    def verify(arrived: Arrived, secrets: Sequence[str]) -> None:
        shared(header(arrived, name), secrets)

    return verify


def _read(mapping: WebhookMapping, arrived: Arrived) -> Reading:
    body = document(arrived)
    items = at(body, mapping.items) if mapping.items else body
    if mapping.items and not isinstance(items, list):
        raise Unreadable("must be an array", mapping.items)
    items = items if isinstance(items, list) else [items]
    if len(items) > MOST:
        raise Unreadable(f"more than {MOST} items", mapping.items or "body")
    return reading(arrived, items, lambda item: _events(mapping, item, body))


def _events(mapping: WebhookMapping, item: Any, body: Any) -> Iterator[Event]:
    table(item)
    for place, rule in enumerate(mapping.events, start=1):
        if all(fits(value_at(item, body, path), wanted) for path, wanted in rule.when.items()):
            yield _event(mapping, rule, item, body, place)


def _event(mapping: WebhookMapping, rule: EventRule, item: Any, body: Any, place: int) -> Event:
    name = filled(rule.id, item, body)
    if name is None:
        raise Fault(paths_in(rule.id)[0], f"is missing, and events[{place}].id needs it")
    data = filled_in(rule.data, item, body) or {}
    if any(field in data for field in _MONEY):
        _price(mapping, data)
    time = filled(rule.time, item, body) if rule.time else None
    if rule.time and time is None:
        raise Fault(paths_in(rule.time)[0], f"is missing, and events[{place}].time needs it")
    if type(name) not in (str, int):
        raise Fault(paths_in(rule.id)[0], "must be a text or a whole number")
    return Event(rule.type, f"{name}-{rule.type.removeprefix(PREFIX)}", _time(mapping, time), data)


def _time(mapping: WebhookMapping, value: Any) -> str | None:
    if value is None:
        return None
    if mapping.times in ("unix", "unix_ms"):
        number = maybe_whole({"time": value}, "time") or 0
        return (of_s if mapping.times == "unix" else of_ms)(number, "time")
    if not isinstance(value, str):
        raise Fault("time", 'must be a text like 2026-11-01T10:00:00Z; of numbers the table says times = "unix"')
    return in_utc(value) if mapping.times == "utc" else value


def _price(mapping: WebhookMapping, data: dict[str, Any]) -> None:
    """Adds the default currency, and converts amounts in cents."""
    if mapping.currency:
        data.setdefault("currency", mapping.currency)
    if not mapping.minor_units:
        return
    try:
        places = money.currency(str(data.get("currency")))[1]
    except Refused:
        raise Fault("currency", "must be an ISO 4217 currency: the amount is in its smallest unit") from None
    for field in _MONEY:
        if field in data and (cents := maybe_whole(data, field)) is not None:
            data[field] = f"{cents // 10**places}.{cents % 10**places:0{places}d}" if places else str(cents)
