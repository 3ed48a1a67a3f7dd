"""Targets of a KPI in a window, in total or for one segment: by event, or in a settings file."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, get_args
from unicodedata import normalize

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from models.bounds import NAME_LENGTH
from models.kpi import Window
from models.kpi_ids import KPI_IDS
from models.refused import Refused

TYPE: Final = "crm.target.set"
WINDOWS: Final = frozenset(get_args(Window))
KPIS: Final = frozenset(KPI_IDS)


def known_kpi(name: str) -> str:
    """The KPI, if it exists. Raises Refused bad_value."""
    if name not in KPIS:
        raise Refused("bad_value", "kpi", "no such KPI: crmkpi kpis list shows all")
    return name


def known_window(name: str) -> str:
    """The window, if it exists. Raises Refused bad_value."""
    if name not in WINDOWS:
        raise Refused("bad_value", "window", f"no such window: one of {' '.join(get_args(Window))}")
    return name


def one_segment(given: Mapping[str, Any]) -> dict[str, str]:
    """A segment as in documents: empty, or one dimension with its value as text. Raises Refused."""
    if len(given) > 1:
        raise Refused("bad_value", "segment", "one dimension, or none")
    return {_dimension(name): _value(name, value) for name, value in given.items()}


def _dimension(name: str) -> str:
    if not name or len(name) > NAME_LENGTH:
        raise Refused("bad_value", "segment", "a dimension has a name")
    return name


def _value(name: str, value: Any) -> str:
    if isinstance(value, list | dict) or value is None:
        raise Refused("wrong_type", "segment", "the value of a dimension is a text")
    text = str(value).lower() if isinstance(value, bool) else normalize("NFC", str(value)).strip()
    if not text:
        raise Refused("bad_value", "segment", "the value of a dimension is empty")
    if len(text) > NAME_LENGTH:
        raise Refused("too_long", "segment")
    return text.lower() if name == "source" else text


def _in_words(check: Any) -> Any:
    """A check that raises ValueError for pydantic instead of Refused."""

    def checked(value: Any) -> Any:
        try:
            return check(value)
        except Refused as refused:
            raise ValueError(refused.detail) from refused

    return checked


def _exact(value: Any) -> Any:
    """A float of a settings file as its shortest decimal text."""
    return str(value) if isinstance(value, float) else value


class FileTarget(BaseModel):
    """A target in a settings file. ``value``: as printed in documents, ratios as fractions, money in major units."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kpi: Annotated[str, AfterValidator(_in_words(known_kpi))]
    window: Annotated[str, AfterValidator(_in_words(known_window))]
    value: Annotated[Decimal, BeforeValidator(_exact), Field(allow_inf_nan=False, max_digits=27)]
    segment: Mapping[str, str] = {}

    @field_validator("segment", mode="before")
    @classmethod
    def _segment(cls, value: Any) -> Any:
        return _in_words(one_segment)(value) if isinstance(value, Mapping) else value


def target_event(tenant: str, given: Mapping[str, Any], *, source: str, event_id: str, time: str) -> dict[str, Any]:
    """The event that sets a target. ``given``: its data; ``time``: RFC 3339. Raises Refused with the invalid field."""
    data = {
        "kpi": known_kpi(given["kpi"]), "window": known_window(given["window"]), "value": given["value"],
        "segment": one_segment(given.get("segment") or {}),
    }  # fmt: skip
    envelope = {"specversion": "1.0", "id": event_id, "source": source, "type": TYPE, "time": time}
    return {**envelope, "tenantid": tenant, "data": data}
