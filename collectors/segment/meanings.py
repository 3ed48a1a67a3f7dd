"""Maps each kind of call to our event types and data.

https://www.twilio.com/docs/segment/connections/spec
"""

from collections.abc import Callable
from typing import Any, Final

from collectors.segment.people import customer, impersonal, personal_and_traits
from collectors.segment.personal import reachable
from collectors.segment.surroundings import visit
from collectors.segment.tracked import rest, tracked
from collectors.segment.values import filled, first, name, named, object_of, table, text
from models.refused import Refused

Meant = tuple[str, dict[str, Any]]
"""An event's type and its data."""

_PAGE: Final = ("url", "path", "title", "referrer", "search", "name")


def _page(call: dict[str, Any], who: dict[str, Any]) -> list[Meant]:
    said = object_of(call, "properties")
    page = {**table(call["context"].get("page")), **filled(said)}
    url = text(page.get("url")) or text(page.get("path"))
    if url is None:
        raise Refused("missing_field", "properties.url")
    data = {"url": url, "path": text(page.get("path")), "title": text(page.get("title")) or text(call.get("name"))}
    return [
        (
            "crm.page.viewed",
            filled(
                {
                    **who,
                    **visit(page, call["context"]),
                    **data,
                    **reachable(said),
                    "properties": rest({"category": name(call.get("category")), **said}, *_PAGE),
                }
            ),
        )
    ]


def _screen(call: dict[str, Any], who: dict[str, Any]) -> list[Meant]:
    """A screen of an app: a page with app and screen name as its address."""
    shown = text(call.get("name")) or text(object_of(call, "properties").get("name"))
    if shown is None:
        raise Refused("missing_field", "name")
    app = table(call["context"].get("app"))
    where = name(first(app, "namespace", "name")) or "app"
    return [("crm.page.viewed", {**who, "url": f"app://{where}/{shown}", "path": f"/{shown}", "title": shown})]


def _identify(call: dict[str, Any], who: dict[str, Any]) -> list[Meant]:
    """Links of ids, and traits."""
    traits = {**table(call["context"].get("traits")), **object_of(call, "traits")}
    data = {**who, **personal_and_traits(traits)}
    data = filled({**data, "customer_id": customer(traits, call["context"])})
    if "customer_id" in data and "traits" in data:
        linked = {field: value for field, value in data.items() if field != "traits"}
        return [("crm.identity.identified", linked), ("crm.customer.updated", _of_customer(data))]
    ids = data.keys() & {"customer_id", "user_id", "anonymous_id"}
    return [("crm.identity.identified" if len(ids) > 1 else "crm.user.updated", data)]


def _of_customer(data: dict[str, Any]) -> dict[str, Any]:
    return {
        field: data[field] for field in ("customer_id", "traits", "email", "phone", "name", "consent") if field in data
    }


def _group(call: dict[str, Any], who: dict[str, Any]) -> list[Meant]:
    """A group is an account: the customer."""
    account = named(call, "groupId")
    if account is None:
        raise Refused("missing_field", "groupId")
    data = {**who, "customer_id": account}
    meant: list[Meant] = [("crm.identity.identified", data)] if data.keys() & {"user_id", "anonymous_id"} else []
    traits = impersonal(object_of(call, "traits"))
    if (company := name(object_of(call, "traits").get("name"))) is not None:
        traits = {**traits, "account_name": company}  # a company's, not a person's
    if traits or not meant:
        meant.append(
            ("crm.customer.updated", filled({"customer_id": account, "traits": traits, "consent": who.get("consent")}))
        )
    return meant


def _alias(call: dict[str, Any], who: dict[str, Any]) -> list[Meant]:
    """Links the previous id to the user id."""
    before = named(call, "previousId")
    if before is None:
        raise Refused("missing_field", "previousId")
    if "user_id" not in who:
        raise Refused("missing_field", "userId")
    if before == who["user_id"]:
        return []
    return [("crm.identity.identified", {**who, "anonymous_id": before})]


def _track(call: dict[str, Any], who: dict[str, Any]) -> list[Meant]:
    event = text(call.get("event"))
    if event is None:
        raise Refused("missing_field", "event")
    said = object_of(call, "properties")
    account = customer(said, call["context"])
    known = filled({**who, **reachable(said), "customer_id": account})
    return [tracked(event, said, known, call["context"])]


SPOKEN: Final[dict[str, Callable[[dict[str, Any], dict[str, Any]], list[Meant]]]] = {
    "track": _track, "identify": _identify, "page": _page, "screen": _screen, "group": _group, "alias": _alias,
}  # fmt: skip
"""The supported calls."""
