"""Forms started, and whether they were submitted. Rules: kpi-precise "form_abandonment_rate".

A form counts once per person and session (per local day, if the event names no session), half an hour after its start.
If it is submitted at any time in that session, it is not abandoned. Without a session it is stored by quarter hour,
which lies in one local day in any time zone; an earlier release stored the local day.
"""

from typing import Final

from kpis.calendar.windows import MINUTE_MS
from kpis.facts.forms import UNKNOWN, Form, joined
from kpis.identity.pseudonyms import pseudonym
from kpis.tenant.facts import TenantFacts
from models.record import Row

QUARTER_MS: Final = 15 * MINUTE_MS


class Forms:
    """The forms of one tenant by source id, over the table ``facts``, keyed by id, form and visit.

    A visit is ``s`` and a session, ``q`` and a quarter hour since 1970, or ``d`` and a local day.
    """

    def __init__(self, tenant: TenantFacts) -> None:
        self.facts = tenant.form_facts
        self._tenant = tenant
        self._of: dict[str, list[str]] = {}  # id -> keys
        self._plain: dict[str, str] = {}  # key -> stored key, if an earlier build stored the session as sent

    def take(self, row: Row, raw: str, sent: bool) -> None:
        """Store a start or, if ``sent``, a submission."""
        tenant, session = self._tenant, row.data.get("session_id")
        visit = f"s{session}" if session else f"q{row.time // QUARTER_MS}"
        key = f"{raw}\0{row.data['form_id']}\0{visit}"
        key = self._plain.get(key, key)
        held = self.facts.get(key)
        joined_form = joined(held or UNKNOWN, Form(None, True) if sent else Form(row.time, False))
        if joined_form == held:
            return
        tenant.people.hold(raw)
        tenant.ledger.open("forms", tenant.people.subject(raw))
        self.facts[key] = joined_form
        if held is None:
            self._of.setdefault(raw, []).append(key)
        tenant.dirty.add(("form", key))

    def restore(self) -> None:
        """Build the indexes from the table."""
        for key in self.facts:
            if (named := self._named(key)) != key:
                self._plain[named] = key
            self._of.setdefault(key.split("\0", 1)[0], []).append(key)

    def move(self, raw: str, new: str | None) -> None:
        """Move the forms of an id to another (None: remove them)."""
        for key in self._of.pop(raw, []):
            fact, rest = self.facts.pop(key), self._named(key).split("\0", 1)[1]
            self._plain.pop(self._named(key), None)
            self._tenant.dirty.add(("form", key))
            if new is not None:
                moved = f"{new}\0{rest}"
                self.facts[moved] = fact
                self._of.setdefault(new, []).append(moved)
                self._tenant.dirty.add(("form", moved))

    def _named(self, key: str) -> str:
        """A key with its session as a digest."""
        raw, form, visit = key.rsplit("\0", 2)
        return f"{raw}\0{form}\0s{pseudonym(self._tenant.name, visit[1:])}" if visit[0] == "s" else key

    def _session(self, key: str) -> tuple[str, str]:
        """The form and the session (or local day) of a key."""
        _, form, visit = self._named(key).rsplit("\0", 2)
        return form, f"d{self._tenant.zone.day(int(visit[1:]) * 15)}" if visit[0] == "q" else visit

    @property
    def raws(self) -> list[str]:
        """Every id that has forms."""
        return list(self._of)

    def held(self, raw: str) -> dict[tuple[str, str, str], Form]:
        """The forms of one id, by (id, form, visit)."""
        keys = self._of.get(raw, ())
        return {(raw, *self._session(key)): self.facts[key] for key in keys}

    def by_session(self, root: str) -> dict[tuple[str, str, str], Form]:
        """A subject's forms, by (person, form, visit)."""
        found: dict[tuple[str, str, str], Form] = {}
        people = self._tenant.people
        for raw in people.raws(root):
            for key in self._of.get(raw, ()):
                unit = (people.person(raw), *self._session(key))
                found[unit] = joined(found.get(unit, UNKNOWN), self.facts[key])
        return found

    def of(self, root: str) -> list[Form]:
        """The forms of a subject's persons, one per session, even if events of a form came with several ids."""
        return list(self.by_session(root).values())
