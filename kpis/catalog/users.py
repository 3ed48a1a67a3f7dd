"""Users of the product."""

from kpis.calendar.window_names import FROM_A_WEEK
from kpis.catalog.row import Kpi
from kpis.formulas import common as f
from kpis.formulas.users import stickiness


def users() -> tuple[Kpi, ...]:
    logins, never = f.ratio(f.flow("logins"), f.marked("users")), f.count(f.level("never_in"))
    signed = ("crm.user.signed_in",)
    return (
        Kpi("logins_per_active_user", "Logins per active user", "number", logins, ("crm.user.",), "subject"),
        Kpi("stickiness", "User stickiness (DAU/MAU)", "ratio", stickiness, signed, "subject", windows=FROM_A_WEEK),
        Kpi(
            "never_logged_in",
            "Users who never logged in",
            "count",
            never,
            ("crm.user.signed_up",),
            "subject",
            stock=True,
            direction="down",
        ),
    )
