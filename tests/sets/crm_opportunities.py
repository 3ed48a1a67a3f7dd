"""The CRM opportunities set as rows: each opportunity is a deal.created and perhaps a deal.won or deal.lost."""

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from models.record import Row
from models.settings import TenantSettings
from tests.feed import Feed

SHARED: Final = Path(__file__).parents[2].parent / "shared" / "data"
SETTINGS: Final = TenantSettings(
    currency="USD", dimensions=("product", "series", "manager", "regional_office", "sector", "office_location")
)


def table(name: str, key: str) -> dict[str, dict[str, str]]:
    """A CSV file of the set by one of its columns."""
    with (SHARED / "crm_sales_opportunities" / name).open(newline="") as file:
        return {row[key]: row for row in csv.DictReader(file)}


def expected() -> dict[str, Any]:
    """The published answers, by metric."""

    content = json.loads((SHARED / "expected" / "crm_sales_opportunities.json").read_text())
    return {name: metric["value"] for name, metric in content["metrics"].items()}


def rows() -> list[Row]:
    """All events of the set, in file order."""
    feed = Feed()
    teams, products = table("sales_teams.csv", "sales_agent"), table("products.csv", "product")
    accounts = table("accounts.csv", "account")
    for deal_id, line in table("sales_pipeline.csv", "opportunity_id").items():
        product = line["product"].replace("GTXPro", "GTX Pro")
        team, account = teams[line["sales_agent"]], accounts.get(line["account"], {})
        traits = {"product": product, "series": products[product]["series"], "manager": team["manager"]}
        traits |= {"regional_office": team["regional_office"]}
        traits |= {name: account[name] for name in ("sector", "office_location") if account.get(name)}
        about: dict[str, Any] = {"deal_id": deal_id, "owner_id": line["sales_agent"], "traits": traits}
        about |= {"customer_id": line["account"]} if line["account"] else {}
        write(feed, line, about)
    return [item for item in feed.items if isinstance(item, Row)]


def write(feed: Feed, line: dict[str, str], about: dict[str, Any]) -> None:
    """The events of one opportunity."""
    if line["engage_date"]:
        feed.add("deal.created", line["engage_date"], **about)
    else:
        feed.add("deal.created", "2020-01-01", **about, time_known=False)
    if line["close_date"]:
        money: dict[str, Any] = {"amount": int(line["close_value"]) * 100, "currency": "USD"}
        feed.add(f"deal.{line['deal_stage'].lower()}", line["close_date"], **about, **money)


def month_ends(days: dict[str, int]) -> Iterator[tuple[str, int]]:
    """(exclusive end of a day, what was open then)."""
    for day, count in days.items():
        yield after(day), count


def after(day: str) -> str:
    """The next day."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def rolling() -> list[dict[str, str]]:
    """The published table of trailing 30 days, one line a day."""
    with (SHARED / "expected" / "crm_sales_opportunities.rolling30d.csv").open(newline="") as file:
        return list(csv.DictReader(file))
