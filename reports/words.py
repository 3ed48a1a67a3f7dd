"""The words of mails in a language: those that the page has, too, and those of mails alone."""

import re
from functools import cache
from importlib.resources import files
from typing import Any, Final

import orjson
from babel import Locale

from kpis.catalog import Kpi
from models.kpi import Window
from reports.report import ROWS, Language
from reports.safe import shown

LOCALES: Final[dict[Language, str]] = {"en": "en_GB", "fi": "fi", "it": "it", "uk": "uk", "sw": "sw"}
OTHER, UNKNOWN = "__other__", "unknown"
BLANK: Final = re.compile(r"\{(\w+)\}")


class Words:
    """One language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.locale = Locale.parse(LOCALES[language])
        self._texts: dict[str, Any] = {**_texts("models", language), **_texts("reports", language)}

    def __call__(self, key: str, count: float = 0, **values: object) -> str:
        """A text with its ``{names}`` filled in; of several, the one for ``count``. Raises KeyError."""
        text = self._texts[key]
        if isinstance(text, dict):
            text = text.get(self.locale.plural_form(count), text["other"])
        said = {"count": count, **values}
        return BLANK.sub(lambda found: str(said.get(found[1], found[0])), text)  # in one go: values are no texts

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self._texts

    def title(self, kpi: str) -> str:
        """What a KPI is called."""
        row: Kpi = ROWS[kpi]
        return self(f"kpi.{kpi}") if self.has(f"kpi.{kpi}") else row.title

    def heading(self, text: str) -> str:
        """Our heading of this key, or somebody's own words."""
        return self(text) if self.has(text) else shown(text, 120)

    def window(self, name: Window | str) -> str:
        """A window's name."""
        return self(f"window.{name}")

    def dimension(self, name: str) -> str:
        """A dimension's name."""
        return self(f"dimension.{name}") if self.has(f"dimension.{name}") else shown(name.replace("_", " "))

    def value(self, text: str, dimension: str) -> str:
        """A segment's value."""
        if text == UNKNOWN:
            return self("segment.unknown")
        if text == OTHER:
            return self("segment.other")
        if dimension == "country" and text in self.locale.territories:
            return str(self.locale.territories[text])
        return self(f"value.{text}") if self.has(f"value.{text}") else shown(text)


@cache
def words(language: Language) -> Words:
    """The words of a language, read once."""
    return Words(language)


def _texts(package: str, language: Language) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(files(package).joinpath(f"lang/{language}.json").read_bytes())
    return found
