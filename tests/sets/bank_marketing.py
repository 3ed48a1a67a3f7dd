"""45,211 clients that a bank called, as events.

Each client is a deal, created in the morning of the day of the last contact, with all its calls on that day and its
result in the evening: subscribed is won, everything else lost. Every other call names the deal, the others only the
client. The year is implied: it begins in 2008 and goes on where the month falls from one row to the next.
"""

import csv
from collections.abc import Iterator, Sequence
from functools import lru_cache
from statistics import median
from typing import Any, Final

from tests.sets.feeds import SHARED, Event, event

TABLE: Final = SHARED / "bank_marketing" / "bank-full.csv"
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Traits of the set by which it is counted, a few at a time: a tenant's segments are sets of all of them.
GROUPS: Final = (("contact", "month", "poutcome"), ("job", "marital"), ("education", "default", "housing", "loan"),
                 ("touches", "previously"))  # fmt: skip
MOST: Final = 10  # touches from here on are one value
Line = dict[str, str]


@lru_cache(maxsize=1)
def rows() -> list[Line]:
    """The lines of the file, each with its date and what is counted by."""
    with TABLE.open(newline="") as file:
        lines = list(csv.DictReader(file, delimiter=";"))
    year, before = 2008, 0
    for number, line in enumerate(lines):
        month = MONTHS.index(line["month"]) + 1
        year += month < before
        before = month
        touches = int(line["campaign"])
        line["client"], line["date"] = str(number), f"{year}-{month:02d}-{int(line['day']):02d}"
        line["touches"] = str(touches) if touches < MOST else f"{MOST}+"
        line["previously"] = "no" if line["pdays"] == "-1" else "yes"
    return lines


def events(lines: Sequence[Line]) -> list[Event]:
    """All events, client by client."""
    return [one for line in lines for one in of_client(line)]


def of_client(line: Line) -> Iterator[Event]:
    """A deal, its calls, and its end."""
    client, day = line["client"], line["date"]
    traits = {name: line[name] for group in GROUPS for name in group}
    deal: dict[str, Any] = {"deal_id": f"d{client}", "customer_id": f"c{client}", "traits": traits}
    yield event("deal.created", f"{client}-created", f"{day}T08:00:00Z", **deal)
    for number in range(int(line["campaign"])):
        whose = {"deal_id": f"d{client}"} if number % 2 else {"customer_id": f"c{client}"}
        call = {"direction": "outbound", "outcome": "connected", "traits": traits, **whose}
        yield event("call.ended", f"{client}-{number}", f"{day}T{9 + number // 60:02d}:{number % 60:02d}:00Z", **call)
    verb = "won" if line["y"] == "yes" else "lost"
    yield event(f"deal.{verb}", f"{client}-end", f"{day}T18:00:00Z", deal_id=f"d{client}")


def counted(lines: Sequence[Line]) -> dict[str, Any]:
    """What the set publishes, from these lines alone: so that a part of it has answers, too."""
    won = sorted(int(line["campaign"]) for line in lines if line["y"] == "yes")
    place = 0.9 * (len(won) - 1)
    low, high = won[int(place)], won[min(int(place) + 1, len(won) - 1)]
    found: dict[str, Any] = {
        "clients": len(lines),
        "subscribed": len(won),
        "conversion": len(won) / len(lines),
        "calls": sum(int(line["campaign"]) for line in lines),
        "touches_to_close": [sum(won) / len(won), median(won), low + (place - int(place)) * (high - low)],
    }
    for name in (name for group in GROUPS for name in group):
        values = {line[name] for line in lines}
        found[f"by_{name}"] = {value: shares([line for line in lines if line[name] == value]) for value in values}
    months = {line["date"][:7] for line in lines}
    found["by_implied_month"] = {
        month: shares([line for line in lines if line["date"][:7] == month])[:2] for month in months
    }
    return found


def shares(lines: Sequence[Line]) -> list[Any]:
    """[clients, subscribed, conversion, calls]."""
    won = sum(line["y"] == "yes" for line in lines)
    return [len(lines), won, won / len(lines), sum(int(line["campaign"]) for line in lines)]
