"""Recognises robots by user agent. Results are cached: agent strings repeat."""

import re
from functools import lru_cache
from typing import Final

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

AGENT_LENGTH: Final = 512  # longer agents are cut before they are checked or stored
# Image proxies of mail providers: they open mails no human has seen.
_PROXIES: Final = ["GoogleImageProxy", "YahooMailProxy"]
_PATTERNS: Final = [entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA]
# Most patterns are plain words: checking each takes half the time of one large alternation.
_PLAIN: Final = re.compile(r"(?:[A-Za-z0-9 _;:,/@<>=!#%&'\"~-]|\\[/. _-])+")
_WORDS: Final = [*_PROXIES, *(re.sub(r"\\(.)", r"\1", pattern) for pattern in _PATTERNS if _PLAIN.fullmatch(pattern))]
_REST: Final = re.compile("|".join(pattern for pattern in _PATTERNS if not _PLAIN.fullmatch(pattern)))


@lru_cache(16_384)
def is_robot(agent: str) -> bool:
    """True for crawlers, monitors, HTTP libraries and mail image proxies. An empty agent is not a robot."""
    return any(word in agent for word in _WORDS) or _REST.search(agent) is not None
