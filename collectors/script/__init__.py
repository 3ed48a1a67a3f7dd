"""The page script, as it is served."""

from importlib.resources import files
from typing import Final

SCRIPT: Final = files(__name__).joinpath("touchpoints.js").read_bytes()
"""JavaScript, UTF-8, for ``/t.js``; docs/collect.md says what it sends."""
