"""The definition of a tenant's cells: the formulas of this build, and the tenant's settings."""

from hashlib import blake2b
from typing import Final

from models.tenants import TenantSettings

FORMULA_VERSION: Final = 7
"""Increment it with every change of what facts contribute to cells: states of other builds are then re-emitted."""


def counted_with(settings: TenantSettings) -> str:
    """The hash of formulas and settings that decides whether cells are still right."""
    # Left out, so that hashes match those of releases without these settings.
    everything = {name for name in ("kpis", "windows") if not getattr(settings, name)}
    described = settings.model_dump_json(exclude=everything | {"targets"})  # no cell depends on a target
    return blake2b(f"{FORMULA_VERSION} {described}".encode(), digest_size=8).hexdigest()
