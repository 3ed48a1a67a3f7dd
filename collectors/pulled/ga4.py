"""Google Analytics 4: rows of its export to BigQuery, as JSON. Pure.

https://support.google.com/analytics/answer/7029846 (schema), and for what the events and their parameters mean
https://developers.google.com/analytics/devguides/collection/ga4/reference/events.
Rows have no id: the fields that BigQuery orders a batch by serve as one, so a table exported again yields the same ids.
64-bit numbers are text in the export.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from collectors.arrived import Arrived, Unreadable
from collectors.campaigns import of_url
from collectors.event import Bad, Event, Reading
from collectors.pulled.ga4_campaign import campaign_of
from collectors.pulled.ga4_params import Params, params_of
from collectors.segment.money import gross
from collectors.webhooks.items import Fault, at, document, given, maybe, named, reading, table, text, whole
from collectors.webhooks.times import of_us

# The fields that distinguish a visitor's events and do not change when a table is exported again.
_IDENTITY: Final = (
    "stream_id", "user_pseudo_id", "event_name", "event_timestamp", "event_bundle_sequence_id", "batch_page_id",
    "batch_ordering_id", "batch_event_index",
)  # fmt: skip
_TRAFFIC: Final = ("internal", "developer")


def lines_reading(lines: Iterable[bytes], received: int, *, gross_values: bool = False) -> Reading:
    """The events of some lines. ``received``: ms UTC; ``gross_values``: amounts include tax and shipping."""
    found = Reading([], [])
    for place, raw in enumerate(lines):
        one = _line(Arrived("PULL", "", {}, raw, received), gross_values)
        found.events.extend((place, event) for _, event in one.events)
        found.bad.extend(bad._replace(at=place) for bad in one.bad)
        found = found._replace(ignored=found.ignored + one.ignored)
    return found


def _line(arrived: Arrived, gross_values: bool) -> Reading:
    try:
        item = document(arrived)
    except Unreadable as error:
        shown = orjson.dumps(arrived.body.decode("utf-8", "replace"))
        return Reading([], [Bad(0, error.field, str(error), shown)])
    return reading(arrived, [item], lambda row: _events(row, gross_values))


def _events(row: Any, gross_values: bool) -> Iterator[Event]:
    kind = text(table(row), "event_name")
    make = _MADE.get(kind)
    if make is None:
        return
    params = params_of(row)
    if _is_test(params):
        return
    made = make(row, params, gross_values)
    if made is None:
        return
    type_, data = made
    us = whole(row, "event_timestamp")
    yield Event(f"crm.{type_}", _id(row), of_us(us, "event_timestamp"), {**_common(row, params), **data})


def _id(row: dict[str, Any]) -> str:
    parts = [maybe(row, name) or "" for name in _IDENTITY] + [maybe(row, "ecommerce.transaction_id") or ""]
    return "ga4-" + hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _common(row: dict[str, Any], params: Params) -> dict[str, Any]:
    visitor, session = maybe(row, "user_pseudo_id"), params.text("ga_session_id")
    denied = at(row, "privacy_info.analytics_storage") in ("No", "no", False)
    page = of_url(params.text("page_location") or "")
    return given(
        anonymous_id=visitor, user_id=maybe(row, "user_id"), consent="denied" if denied else None,
        # A session id is the second it began: only unique together with the visitor.
        session_id=f"{visitor}.{session}" if visitor and session else None,
        locale=maybe(row, "device.language"), referrer=params.text("page_referrer"),
        machine=True if params.text("traffic_type") == "bot" or params.flag("is_bot") else None,
        campaign=campaign_of(row, params) or page.get("campaign"),
        click_id=maybe(row, "collected_traffic_source.gclid") or page.get("click_id"),
    )  # fmt: skip


def _is_test(params: Params) -> bool:
    """Whether an event is marked as coming from developers or internal traffic."""
    debug = params.flag("debug_mode") or params.flag("debug_event")
    return debug or params.text("traffic_type") in _TRAFFIC


Made = tuple[str, dict[str, Any]] | None


def _page(_row: dict[str, Any], params: Params, _: bool) -> Made:
    url = params.needed("page_location")
    return "page.viewed", given(url=url, title=params.text("page_title"))


def _screen(row: dict[str, Any], params: Params, _: bool) -> Made:
    """A screen of an app: a page with the app and the screen as its address."""
    shown = params.text("firebase_screen") or params.text("firebase_screen_class")
    if shown is None:
        return None
    app = maybe(row, "app_info.id") or "app"
    return "page.viewed", {"url": f"app://{app}/{shown}", "path": f"/{shown}", "title": shown}


def _purchase(row: dict[str, Any], params: Params, gross_values: bool) -> Made:
    net = _first(at(row, "ecommerce.purchase_revenue"), params.number("value"))
    return "order.completed", _money(row, params, net, gross_values)


def _refund(row: dict[str, Any], params: Params, gross_values: bool) -> Made:
    net = _first(at(row, "ecommerce.refund_value"), params.number("value"))
    return "order.refunded", _money(row, params, net, gross_values)


def _money(row: dict[str, Any], params: Params, net: Any, gross_values: bool) -> dict[str, Any]:
    """An order. By the documentation `value` excludes tax and shipping; not every site complies."""
    order = _told(maybe(row, "ecommerce.transaction_id")) or params.text("transaction_id")
    if order is None:
        raise Fault("ecommerce.transaction_id", "is missing: nothing tells this order from others")
    if net is None:
        raise Fault("ecommerce.purchase_revenue", "is missing, and so is the parameter value")
    tax = _first(at(row, "ecommerce.tax_value"), params.number("tax"))
    shipping = _first(at(row, "ecommerce.shipping_value"), params.number("shipping"))
    amount = net if gross_values else gross({"revenue": net, "tax": tax, "shipping": shipping})
    return given(order_id=order, amount=amount, currency=params.needed("currency"), tax=tax, items=_items(row))


def _items(row: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The items bought, without unset fields."""
    items = at(row, "items")
    if not isinstance(items, list):
        return None
    kept = ({name: one.get(name) for name in _OF_ITEM} for one in items if isinstance(one, dict))
    return [given(**one) for one in kept] or None


_OF_ITEM: Final = ("item_id", "item_name", "item_category", "price", "quantity")


def _lead(row: dict[str, Any], params: Params, _: bool) -> Made:
    """The lead is the visitor, unless the site gives a CRM id."""
    lead = params.text("lead_id") or named("ga4", maybe(row, "user_pseudo_id"))
    return ("lead.created", {"lead_id": lead}) if lead else None


def _sign_up(row: dict[str, Any], params: Params, _: bool) -> Made:
    known = maybe(row, "user_id") or maybe(row, "user_pseudo_id")
    return ("user.signed_up", given(method=params.text("method"))) if known else None


def _login(row: dict[str, Any], params: Params, _: bool) -> Made:
    """Needs a user id: without it there is nobody to attribute the sign-in to."""
    return ("user.signed_in", given(method=params.text("method"))) if maybe(row, "user_id") else None


def _form(params: Params) -> dict[str, Any]:
    form = params.text("form_id") or params.text("form_name") or params.text("form_destination")
    if form is None:
        raise Fault("event_params.form_id", "is missing")
    return given(form_id=form, form_name=params.text("form_name"), url=params.text("page_location"))


def _form_start(_row: dict[str, Any], params: Params, _: bool) -> Made:
    return "form.started", _form(params)


def _form_submit(_row: dict[str, Any], params: Params, _: bool) -> Made:
    return "form.submitted", _form(params)


def _click(_row: dict[str, Any], params: Params, _: bool) -> Made:
    return "link.clicked", given(link_url=params.needed("link_url"), url=params.text("page_location"))


def _told(value: str | None) -> str | None:
    return None if value == "(not set)" else value


def _first(*values: Any) -> Any:
    return next((one for one in values if one not in (None, "")), None)


_MADE: Final = {
    "page_view": _page, "screen_view": _screen, "purchase": _purchase, "refund": _refund, "generate_lead": _lead,
    "sign_up": _sign_up, "login": _login, "form_start": _form_start, "form_submit": _form_submit, "click": _click,
}  # fmt: skip
