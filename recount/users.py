"""Sign-ins: who, how often, and who never did."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from models.record import Row
from recount.facts import Fact, Figure, dated, ratio, tally
from recount.quality import Types
from recount.row import KpiRow
from recount.tenant import Tenant, user_alone
from recount.windows import PAIR_WINDOWS, Window, local_date

WEEK_ON: Final = tuple(name for name in PAIR_WINDOWS if name != "24h")


class SignIns:
    """Sign-ins by user, and people who signed up."""

    def __init__(self, tenant: Tenant) -> None:
        self.zone, self.first = tenant.zone, tenant.first
        people = tenant.people
        facts: list[Fact] = []
        self.first_in: dict[str, int] = {}
        for row in tenant.counted:
            if row.type == "crm.user.signed_in":
                user = str(row.data["user_id"])
                facts.append(Fact(row.time, tenant.dims_of_subject(people.subject_of_person(user_alone(row))), user))
        for row in filter(tenant.acts, tenant.countable):
            if row.type == "crm.user.signed_in":
                person = people.person(row)
                self.first_in[person] = min(self.first_in.get(person, row.time), row.time)
        self.events = dated(facts)
        self.signed_up: dict[str, Row] = {}
        for row in sorted(tenant.counted, key=lambda row: row.time, reverse=True):
            if row.type == "crm.user.signed_up":
                self.signed_up[people.person(row)] = row
        self.tenant = tenant

    def never(self, window: Window) -> list[Fact]:
        """People who signed up but had not signed in by the window's end."""
        tenant = self.tenant
        return [
            Fact(0, tenant.dims_of_subject(tenant.people.subject_of_person(row)))
            for person, row in self.signed_up.items()
            if row.time < window.end and self.first_in.get(person, window.end) >= window.end
        ]

    def days(self, window: Window) -> tuple[int, list[Fact]]:
        """The number of local days, and the sign-ins on them."""
        last = local_date(window.end - 1, self.zone)
        since = max(window.low, self.first or window.low)
        return (last - local_date(since, self.zone)).days + 1, self.events(window)

    def local(self, window: Window) -> list[Fact]:
        """Sign-ins on the local days of a window, each with its day."""
        count, facts = self.days(window)
        return [fact._replace(what=(fact.what, local_date(fact.at, self.zone), count)) for fact in facts]


def per_user(facts: Sequence[Fact]) -> Figure:
    """Sign-ins per active user."""
    return ratio(len(facts), len({fact.what for fact in facts}))


def sticky(facts: Sequence[Fact]) -> Figure:
    """Mean daily users over all users."""
    users = {fact.what[0] for fact in facts}
    if not facts:
        return Figure(None, 0, 0, 0)
    mean = Fraction(len({fact.what[:2] for fact in facts}), facts[0].what[2])
    return ratio(mean, len(users))


def user_rows(tenant: Tenant) -> list[KpiRow]:
    """Sign-ins."""
    users = SignIns(tenant)
    signed, every = Types(("crm.user.signed_in",)), Types(("crm.user.",))
    return [
        KpiRow("logins_per_active_user", "number", every, "subject", per_user, (users.events,), thin=True),
        KpiRow("stickiness", "ratio", signed, "subject", sticky, (users.local,), thin=True, windows=WEEK_ON),
        KpiRow("never_logged_in", "count", Types(("crm.user.signed_up",)), "subject", tally, (users.never,), "S"),
    ]
