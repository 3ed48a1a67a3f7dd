"""Form submissions. Rules: kpi-precise "form_abandonment_rate"."""

from typing import Final, NamedTuple


class Form(NamedTuple):
    """A form in one visit: its first start, ms (None: unknown), and whether it was submitted."""

    start: int | None
    sent: bool


UNKNOWN: Final = Form(None, False)


def joined(one: Form, other: Form) -> Form:
    """Both combined: the earlier start; sent if either was."""
    starts = [form.start for form in (one, other) if form.start is not None]
    return Form(min(starts, default=None), one.sent or other.sent)
