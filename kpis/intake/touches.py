"""Handlers for touches: mails, forms, page views and all others."""

from typing import Any, Final

from kpis.cells.segments import OTHER
from kpis.contributions.touches import late_of_subjects, late_page, touch_deltas
from kpis.facts.emails import new_message, note, slots_of
from kpis.facts.page_paths import page_code, path_of_view
from kpis.facts.touches import BY_CODE, CODES, LATE, NOTHING, PAGE, TOUCH_CODES, TOUCH_ROWS, kind_code
from kpis.identity.ids import segment_of
from kpis.intake.unpicked import keeps, keeps_object
from kpis.tenant.person_sets import IDENTIFIED
from kpis.tenant.tenant import Tenant
from models.record import Row

CLICK: Final = CODES["link.clicked"]


def take_email(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An e-mail event: updates its message; an open or click is also a touch."""
    data = row.data
    slots = slots_of(kind, bot, data)
    if slots and keeps_object(tenant, f"message:{data['message_id']}", row):
        key = f"{data['message_id']}\0{data.get('recipient_hash') or ''}"
        message = tenant.messages.get(key)
        if message is None:
            tenant.keep_message(key, message := new_message())
            tenant.ledger.open_empty("message", key)
        else:
            tenant.ledger.open("message", key)
        own = tenant.own_segments(data)
        for slot in slots:
            if note(message, slot, row.time, own, tenant.sets.sets):
                tenant.dirty.add(("message", key))
    if kind in ("opened", "clicked") or late:
        code_ = CODES["email.opted_out"] if kind == "clicked" and not slots else CODES[f"email.{kind}"]
        _touch(tenant, code_, row, raw, late, bot)


def take_form(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A form started or submitted; a submission is also a touch."""
    if not bot and keeps(tenant, raw):
        tenant.forms.take(row, raw, kind == "submitted")
    take_touch(tenant, kind, row, raw, late, bot)


def take_touch(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """Any other touch."""
    found = kind_code(row.type, row.data)
    if found is not None:
        _touch(tenant, found, row, raw, late, bot)


def _touch(tenant: Tenant, kind: int, row: Row, raw: str, late: bool, bot: bool) -> None:
    if not keeps(tenant, raw):
        return
    spec = BY_CODE[kind]
    minute = row.time // 60_000
    note_: Any = None
    page = NOTHING
    if kind == PAGE:
        note_, page = row.data.get("session_id"), _page_of(tenant, row.data)
        _see_page(tenant, row, raw, page, late, bot)
    elif spec.type in TOUCH_ROWS:
        note_ = tenant.sets.sets[tenant.own_segments(row.data)][1:] or None
        if spec.modelled:
            note_ = (*(note_ or ()), segment_of("model", row.data.get("model")))
    flags = bot | LATE * late
    if late and kind in late_of_subjects(tenant.keeps):
        _note_late_touch(tenant, raw, kind, minute)
    if kind == CLICK and not bot:
        tenant.clicks.take(row, raw, note_)
    if not bot:
        tenant.engagement.note(raw, row.time, kind)
    chunk = tenant.person_sets.touch(raw, row.time, kind, flags, note_, page)
    tenant.dirty.add(("touch", (raw, chunk)))
    touch_deltas(tenant, kind, flags, minute, note_)


def _see_page(tenant: Tenant, row: Row, raw: str, page: int, late: bool, bot: bool) -> None:
    """Count a page view for its page if late, and as a landing that may convert."""
    if late:
        late_page(tenant, page, row.time // 60_000)
    if not bot and raw.startswith(IDENTIFIED):
        tenant.landings.view(raw, page)


def _page_of(tenant: Tenant, data: dict[str, Any]) -> int:
    """The code of a page view's page; `__other__` for pages beyond the limit, if every page is counted."""
    path = path_of_view(data)
    if not tenant.settings.landing_pages and tenant.sets.fit(f"page={path}") != f"page={path}":
        path = OTHER
    return page_code(path, data.get("click_id"))


def _note_late_touch(tenant: Tenant, raw: str, kind: int, minute: int) -> None:
    tenant.people.own("late_views", raw, tenant.people.owner(raw), None)
    if not tenant.ledger.is_open("late_views", raw):
        segments = tenant.people.segments(tenant.people.subject(raw))
        tenant.ledger.add(segments, TOUCH_CODES[kind].late_of_subject, minute)
