"""What a tenant's cells were counted with: the formulas of this build, and the tenant's settings."""

from hashlib import blake2b
from typing import Final

from models.settings import TenantSettings

FORMULA_VERSION: Final = 7
"""Raise it by one with every change of what facts contribute to cells: states of other builds are then re-emitted."""


def counted_with(settings: TenantSettings) -> str:
    """The hash of formulas and settings that decides whether cells are still right."""
    everything = {name for name in ("kpis", "windows") if not getattr(settings, name)}  # as in releases without them
    told = settings.model_dump_json(exclude=everything | {"targets"})  # no cell depends on a target
    return blake2b(f"{FORMULA_VERSION} {told}".encode(), digest_size=8).hexdigest()
