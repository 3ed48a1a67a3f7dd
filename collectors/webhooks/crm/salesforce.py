"""Salesforce: Change Data Capture as JSON, passed on by a relay, middleware or a flow.

https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_event_fields_header.htm
A change has the changed fields only, and may apply to several records.
"""

from collections.abc import Iterator
from typing import Any, Final

from collectors.arrived import Arrived
from collectors.event import Event, Reading
from collectors.webhooks.crm.salesforce_change import Change, record_id
from collectors.webhooks.crm.salesforce_objects import MADE
from collectors.webhooks.items import Fault, at, document, given, maybe, reading, rows, text, whole
from collectors.webhooks.options import currency, traits
from collectors.webhooks.provider import Provider
from collectors.webhooks.signing import shared_secret
from collectors.webhooks.times import of_ms

_HEADER: Final = "ChangeEventHeader"
_WRAPPERS: Final = ("payload", "data", "detail", "body", "message")
_ORIGINS: Final = {"com/salesforce/api/": "api", "com/salesforce/ui": "ui"}
_SEQUENCES: Final = 1000  # changes per transaction that keep their order


def _read(arrived: Arrived) -> Reading:
    found = document(arrived)
    money, wanted = currency(arrived), traits(arrived)

    def make(item: Any) -> Iterator[Event]:
        for change in _changes(_unwrapped(item), money, wanted):
            yield from MADE.get(change.entity, _nothing)(change)

    return reading(arrived, found if isinstance(found, list) else [found], make)


def _unwrapped(item: Any) -> dict[str, Any]:
    """The change itself, without a relay's envelope."""
    for _ in range(4):
        if isinstance(at(item, _HEADER), dict):
            return dict(item)
        item = next((at(item, name) for name in _WRAPPERS if isinstance(at(item, name), dict)), None)
    raise Fault(_HEADER, "is missing")


def _changes(item: dict[str, Any], money: str | None, wanted: frozenset[str]) -> Iterator[Change]:
    """One change per record it applies to."""
    names = range(len(rows(item, f"{_HEADER}.recordIds")))
    if not names and not text(item, f"{_HEADER}.changeType").startswith("GAP_"):
        raise Fault(f"{_HEADER}.recordIds", "names no record")
    committed = whole(item, f"{_HEADER}.commitTimestamp")
    sequence = whole(item, f"{_HEADER}.sequenceNumber")
    for place in names:
        name = record_id(item, f"{_HEADER}.recordIds.{place}")
        yield Change(
            item, text(item, f"{_HEADER}.entityName"), text(item, f"{_HEADER}.changeType").removeprefix("GAP_"), name,
            f"{text(item, f'{_HEADER}.transactionKey')}-{sequence}-{name}",
            of_ms(committed, f"{_HEADER}.commitTimestamp"),
            (committed * _SEQUENCES + min(max(sequence, 0), _SEQUENCES - 1)) * 10,
            money, wanted, given(actor_id=maybe(item, f"{_HEADER}.commitUser"), origin=_origin(item)),
        )  # fmt: skip


def _origin(item: dict[str, Any]) -> str | None:
    """Who made the change, user or API, if the header says so."""
    said = (maybe(item, f"{_HEADER}.changeOrigin") or "").lower()
    return next((ours for theirs, ours in _ORIGINS.items() if said.startswith(theirs)), None)


def _nothing(_: Change) -> Iterator[Event]:
    return iter(())


PROVIDER: Final = Provider(
    "salesforce", "Salesforce (Change Data Capture)",
    "a secret of your own that the relay sends as bearer token, as user:password, or as ?secret= in the address",
    shared_secret, _read,
)  # fmt: skip
