"""Clicks on links, and whether a conversion followed. Rules: kpi-precise "clicks_without_conversion_rate".

A click counts when its conversion window closes. That is a delta in the future, so no timer is needed. Every click
counts as missed; its subject takes that back for clicks that a conversion followed.
"""

from collections.abc import Iterable, Iterator

from kpis.facts.conversions import Click
from kpis.identity.pseudonyms import is_plain, pseudonym
from kpis.tenant.conversions import Conversions
from kpis.tenant.facts import TenantFacts
from models.record import Row


class Clicks:
    """The clicks of one tenant by source id, over the table ``facts``: click id (else source and event id) -> first."""

    def __init__(self, tenant: TenantFacts, conversions: Conversions) -> None:
        self.facts = tenant.click_facts
        self._tenant = tenant
        self._conversions = conversions
        self._of: dict[str, list[str]] = {}  # id -> its clicks
        self._plain: dict[str, str] = {}  # digest of a click id -> its key, if an earlier build stored it as sent

    def take(self, row: Row, raw: str, own: tuple[str, ...]) -> None:
        """Store a click. Of clicks that share a click id, the earliest counts."""
        tenant = self._tenant
        key = str(row.data.get("click_id") or f"{row.source}\0{row.id}")
        key = self._plain.get(key, key)
        held, click = self.facts.get(key), Click(row.time, row.source, row.id, raw, own)
        if held is not None and held.stamp <= click.stamp:
            return
        if held is None:
            tenant.ledger.open_empty("click", key)
        else:
            tenant.ledger.open("click", key)
            tenant.ledger.open("hits", tenant.people.subject(held.raw))
            self._of[held.raw].remove(key)
        root = tenant.people.subject(raw)
        if self._conversions.may_follow(root, row.time, self.click(key)):
            tenant.ledger.open("hits", root)
        self.facts[key] = click
        self._of.setdefault(raw, []).append(key)
        tenant.dirty.add(("click", key))

    def restore(self) -> None:
        """Build the indexes from the table."""
        for key, click in self.facts.items():
            if is_plain(key) and (digest := self.click(key)) is not None:
                self._plain[digest] = key
            self.facts[key] = click._replace(segments=self._tenant.fitted(click.segments))
            self._of.setdefault(click.raw, []).append(key)

    def move(self, raw: str, new: str | None) -> None:
        """Move the clicks of an id to another (None: remove them)."""
        tenant, keys = self._tenant, self._of.pop(raw, [])
        for key in keys:
            tenant.dirty.add(("click", key))
            if new is None:
                tenant.ledger.open("click", key)
                del self.facts[key]
            else:
                self.facts[key] = self.facts[key]._replace(raw=new)
        if new is not None and keys:
            self._of[new] = [self._renamed(key) for key in keys]

    def _renamed(self, key: str) -> str:
        """Store a click under its digest, unless it already is; returns its key."""
        click = self.click(key)
        if click is None or click == key:
            return key
        self._tenant.ledger.open("click", key)
        self._tenant.ledger.rename("click", key, click)
        self.facts[click] = self.facts.pop(key)
        del self._plain[click]
        self._tenant.dirty.add(("click", click))
        return click

    def click(self, key: str) -> str | None:
        """The click id of a key, as a digest, as conversions store it; None: the event has no click id."""
        return None if "\0" in key else pseudonym(self._tenant.name, key)

    def subjects_of(self, click: str) -> list[str]:
        """The subject with a click id, if any."""
        held = self.facts.get(self._plain.get(click, click))
        return [self._tenant.people.subject(held.raw)] if held else []

    def of(self, raws: Iterable[str]) -> Iterator[tuple[str, Click]]:
        """The clicks of some ids."""
        for raw in raws:
            for key in self._of.get(raw, ()):
                yield key, self.facts[key]
