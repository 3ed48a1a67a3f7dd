"""The companies: products, location and traffic."""

from dataclasses import dataclass, replace
from typing import Any, Final, Literal


@dataclass(frozen=True, slots=True)
class Profile:
    """One company. ``visits``: first visits by new people on an average weekday."""

    tenant: str
    kind: Literal["shop", "b2b", "saas"]
    tz: str
    offset_h: float  # rough UTC offset, for the daily rhythm only
    currency: str
    countries: tuple[str, ...]
    visits: int
    customers: int  # customers before the simulation begins
    price: int  # a typical order, or a monthly subscription; major units
    owners: tuple[str, ...]
    versions: bool = True  # their CRM numbers the versions of a deal
    binary: bool = False  # their collector writes CloudEvents in binary mode
    foreign: str | None = None  # a second currency used by some customers
    sloppy: bool = False  # some amounts have no currency
    service: float = 0.0  # share of buyers who also have a service contract, billed monthly


PROFILES: Final[tuple[Profile, ...]] = (
    Profile("revontuli-shop", "shop", "Europe/Helsinki", 2.5, "EUR", ("FI", "FI", "FI", "SE", "EE"), 110, 420, 64,
            ("aino", "eero"), foreign="SEK"),
    Profile("nordbolt", "b2b", "Europe/Berlin", 1.5, "EUR", ("DE", "DE", "AT", "FR", "PL"), 80, 150, 5200,
            ("anna", "jonas", "mira", "tom"), foreign="USD"),
    Profile("kirjo-cloud", "saas", "Europe/Helsinki", 2.5, "EUR", ("FI", "SE", "DE", "US"), 95, 210, 89,
            ("liisa", "oskar", "veera"), foreign="USD"),
    Profile("savanna-solar", "b2b", "Africa/Nairobi", 3, "KES", ("KE", "KE", "TZ", "UG"), 70, 90, 240000,
            ("amani", "baraka", "neema"), versions=False, foreign="USD", sloppy=True),
    Profile("lago-moda", "shop", "Europe/Rome", 1.5, "EUR", ("IT", "IT", "IT", "CH", "FR"), 100, 380, 118,
            ("giulia", "marco"), binary=True, foreign="CHF"),
    Profile("pune-desk", "saas", "Asia/Kolkata", 5.5, "INR", ("IN", "IN", "IN", "SG"), 90, 200, 2400,
            ("asha", "ravi", "meera"), versions=False),
    Profile("hudson-tools", "b2b", "America/New_York", -4.5, "USD", ("US", "US", "CA"), 75, 160, 7400,
            ("kate", "luis", "omar")),
    Profile("dnipro-books", "shop", "Europe/Kyiv", 2.5, "UAH", ("UA", "UA", "PL"), 105, 350, 640,
            ("olena", "taras"), foreign="EUR"),
)  # fmt: skip


def companies(number: int) -> tuple[Profile, ...]:
    """The first ``number`` companies; beyond the list they repeat as branches (``nordbolt-2``)."""
    rounds = (replace(p, tenant=f"{p.tenant}-{i // len(PROFILES) + 1}" if i >= len(PROFILES) else p.tenant)
              for i in range(number) for p in (PROFILES[i % len(PROFILES)],))  # fmt: skip
    return tuple(rounds)


def tenant_settings(number: int) -> dict[str, dict[str, Any]]:
    """Settings by tenant, as in the settings file: time zone and reporting currency."""
    return {p.tenant: {"tz": p.tz, "currency": p.currency} for p in companies(number)}
