"""Redis key names. A tenant's keys share a hash tag, so a publication is one atomic step in a cluster too."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote

PREFIX: Final = "crmkpi"
_PREFIX_RULE: Final = re.compile(r"[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)*")


@lru_cache(maxsize=100_000)  # the same few thousand ids and values occur in every publication
def escape(text: str) -> str:
    """Percent-encode everything but ASCII letters, digits and ``_ . - ~``: no value can reach another key or glob."""
    return quote(text, safe="", errors="surrogatepass")


def name(kpi: str, window: str, segment: Mapping[str, object] | None = None) -> str:
    """A document's name within its tenant: ``win_rate:30d``, ``win_rate:30d:owner=anna``."""
    parts = [escape(kpi), escape(window)]
    parts += [f"{escape(dim)}={escape(str(value))}" for dim, value in sorted((segment or {}).items())]
    return ":".join(parts)


@dataclass(frozen=True)
class Keys:
    """Key names under one prefix. Raises ValueError for a prefix or tenant that would break the key space."""

    prefix: str = PREFIX

    def __post_init__(self) -> None:
        if not _PREFIX_RULE.fullmatch(self.prefix):
            raise ValueError(f"key prefix {self.prefix!r}: use letters, digits, _ . - and single colons between them")

    def tenants(self) -> str:
        """SET of tenants; in its own slot."""
        return f"{self.prefix}:tenants"

    def lane(self, lane: int) -> str:
        """HASH: up to when the numbers of a lane's tenants are current; in its own slot."""
        return f"{self.prefix}:lane:{lane}"

    def base(self, tenant: str) -> str:
        """The prefix of all keys of a tenant, with the last colon."""
        if not tenant:
            raise ValueError("tenant: must not be empty")
        return f"{self.prefix}:{{{escape(tenant)}}}:"

    def document(self, tenant: str, kpi: str, window: str, segment: Mapping[str, object] | None = None) -> str:
        """HASH: the fields of a KPI document."""
        return f"{self.base(tenant)}kpi:{name(kpi, window, segment)}"

    def series(self, tenant: str, kpi: str, step: str) -> str:
        """HASH: bucket -> point as JSON, a KPI's history."""
        return f"{self.base(tenant)}series:{escape(kpi)}:{step}"

    def snapshot(self, tenant: str, window: str) -> str:
        """STRING: JSON array of the window's documents without a segment."""
        return f"{self.base(tenant)}snapshot:{escape(window)}"

    def updates(self, tenant: str) -> str:
        """STREAM: one entry per publication."""
        return f"{self.base(tenant)}updates"

    def kpis(self, tenant: str) -> str:
        """SET of KPI ids."""
        return f"{self.base(tenant)}idx:kpis"

    def names(self, tenant: str) -> str:
        """SET of document names (`name`)."""
        return f"{self.base(tenant)}idx:docs"

    def meta(self, tenant: str) -> str:
        """HASH: epoch, position, as_of, rev and counts of the published documents."""
        return f"{self.base(tenant)}meta"
