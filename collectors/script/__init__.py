"""The page script as served: stripped of indentation and blanks around operators (none of its strings contains any)."""

import re
from importlib.resources import files
from typing import Final

_LINES: Final = files(__name__).joinpath("touchpoints.js").read_bytes().splitlines()
SCRIPT: Final = re.sub(rb" ?(=>|[=,{}:?&|]+) ?", rb"\1", b"\n".join(line.strip() for line in _LINES))
"""JavaScript, UTF-8, for ``/t.js``; docs/collect.md says what it sends."""
