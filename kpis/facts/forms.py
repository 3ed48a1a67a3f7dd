"""A form that somebody filled in. Rules: kpi-precise "form_abandonment_rate"."""

from typing import Final, NamedTuple


class Form(NamedTuple):
    """One visit's use of a form: when it was begun first, ms (None: no start is known), and whether it was sent."""

    start: int | None
    sent: bool


UNKNOWN: Final = Form(None, False)


def joined(one: Form, other: Form) -> Form:
    """Both as one: the first start; sent if either was."""
    starts = [form.start for form in (one, other) if form.start is not None]
    return Form(min(starts, default=None), one.sent or other.sent)
