"""2,240 customers of a shop and six campaigns, as events.

A purchase is a won deal whose trait says where it was made; what a customer spent in two years is split over them, and
is an order where there are none. A coupon is a submitted form, a complaint a ticket. Each campaign is one e-mail to
every customer, accepted by a click; the sixth went out in a month of its own.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.sets.feeds import SHARED, Event, event

TABLE: Final = SHARED / "marketing_campaign" / "marketing_campaign.csv"
SETTINGS: Final[dict[str, Any]] = {
    "revenue_from": "both",
    "dimensions": ["purchase_channel", "marital_status"],
}
PLACES: Final = {"NumWebPurchases": "web", "NumCatalogPurchases": "catalog", "NumStorePurchases": "store"}
CAMPAIGNS: Final = (*(f"AcceptedCmp{number}" for number in range(1, 6)), "Response")
DAYS: Final = ("2014-07-01", "2014-07-05", "2014-07-09", "2014-07-13", "2014-07-17", "2014-08-05")
SENT: Final = dict(zip(CAMPAIGNS, DAYS, strict=True))
Line = dict[str, str]


def rows() -> list[Line]:
    """The lines of the file: tabs, whatever its name says. One customer's number is 0, which is no id."""
    with TABLE.open(newline="") as file:
        return [{**line, "ID": f"c{line['ID']}"} for line in csv.DictReader(file, delimiter="\t")]


def events() -> list[Event]:
    """All events, customer by customer."""
    return [one for line in rows() for one in of_customer(line)]


def response() -> list[Event]:
    """The sixth campaign as the file reckons: 3 for each message, 11 for each that was accepted."""
    lines, day = rows(), SENT["Response"]
    spent = sum(int(line["Z_CostContact"]) for line in lines)
    cost = {"cost_id": "r", "amount": spent, "currency": "EUR", "purpose": "acquisition", "category": "marketing"}
    found = [event("cost.recorded", "cost", f"{day}T07:00:00Z", **cost, campaign={"name": "Response"})]
    for line in lines:
        if line["Response"] == "1":
            about = {"customer_id": line["ID"]}
            touch = {"message_id": line["ID"], "link_url": "https://shop.example/yes", "campaign": {"name": "Response"}}
            order = {"order_id": line["ID"], "amount": line["Z_Revenue"], "currency": "EUR"}
            found.append(event("email.clicked", f"k{line['ID']}", f"{day}T09:00:00Z", **about, **touch))
            found.append(event("order.completed", f"o{line['ID']}", f"{day}T10:00:00Z", **about, **order))
    return found


def text(moment: datetime) -> str:
    """RFC 3339."""
    return moment.isoformat().replace("+00:00", "Z")


def of_customer(line: Line) -> Iterator[Event]:
    """Everything that one line says."""
    name, began = line["ID"], datetime.strptime(line["Dt_Customer"], "%d-%m-%Y").replace(tzinfo=UTC)
    about: dict[str, Any] = {"customer_id": name, "traits": {"marital_status": line["Marital_Status"]}}
    yield event("customer.created", f"c{name}", text(began), **about)
    yield event("user.signed_up", f"s{name}", text(began), customer_id=name, user_id=f"u{name}")
    yield from purchases(line, began)
    for number in range(int(line["NumWebVisitsMonth"])):
        at = text(began + timedelta(days=number))
        yield event("page.viewed", f"v{name}-{number}", at, user_id=f"u{name}", url="https://shop.example/")
    for number in range(int(line["NumDealsPurchases"])):
        at = text(began + timedelta(days=number, hours=1))
        yield event("form.submitted", f"f{name}-{number}", at, user_id=f"u{name}", form_id="coupon")
    if line["Complain"] == "1":
        yield event(
            "ticket.opened", f"t{name}", text(began + timedelta(days=2)), customer_id=name, ticket_id=f"t{name}"
        )
    for campaign, day in SENT.items():
        yield from mail(line, campaign, day, about)


def purchases(line: Line, began: datetime) -> Iterator[Event]:
    """The purchases of a customer, and all that was spent."""
    spent = sum(int(value) for column, value in line.items() if column.startswith("Mnt"))
    places = [place for column, place in PLACES.items() for _ in range(int(line[column]))]
    for number, place in enumerate(places):
        cents = spent * 100 // len(places) + (number < spent * 100 % len(places))
        money = {"amount": f"{cents // 100}.{cents % 100:02d}", "currency": "EUR"}
        name, at = f"{line['ID']}-{number}", text(began + timedelta(hours=6 * number))
        about = {"deal_id": name, "customer_id": line["ID"], "traits": {"purchase_channel": place}}
        yield event("deal.won", f"p{name}", at, **about, **money)
    if not places:
        order = {"order_id": line["ID"], "customer_id": line["ID"], "amount": spent, "currency": "EUR"}
        yield event("order.completed", f"o{line['ID']}", text(began), **order)


def mail(line: Line, campaign: str, day: str, about: dict[str, Any]) -> Iterator[Event]:
    """One campaign's message to a customer."""
    name = f"{campaign}-{line['ID']}"
    said = {**about, "message_id": name, "campaign": {"name": campaign}}
    yield event("email.delivered", f"d{name}", f"{day}T08:00:00Z", **said)
    if line[campaign] == "1":
        yield event("email.clicked", f"k{name}", f"{day}T09:00:00Z", **said, link_url="https://shop.example/yes")
