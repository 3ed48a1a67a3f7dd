"""A first mapping for a CSV."""

from pathlib import Path


def guessed(path: Path) -> str:
    """TOML."""
    return ""
