"""Canonical JSON and hostile JSON, by property."""

import json
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from models.canonical import canonical
from models.record import RawRecord
from models.validate import validate

_KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | _TEXT
    | st.floats(allow_nan=False, allow_infinity=False)
)
JSON = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4))

_ATTRIBUTES = ["id", "source", "type", "time", "tenantid", "data", "specversion", "sentat", "recordedtime", "x"]
_TYPES = ["crm.page.viewed", "crm.order.completed", "crm.survey.answered", "crm.fx.rate_set", "crm.new.one"]
_FIELDS = ["url", "order_id", "amount", "currency", "survey_id", "survey_type", "score", "scale_max"]
_FIELDS += ["base", "rate", "quote", "date", "user_agent", "campaign"]
_DATA = st.dictionaries(
    st.sampled_from(_FIELDS), JSON | st.sampled_from(["EUR", "nps", 5, "12.50", 1e308, 5e-324, -1, 2**63])
)


def _record(value: bytes) -> RawRecord:
    return RawRecord("t", 0, 0, 1_717_243_200_000, None, value)


def _reshuffled(value: Any) -> Any:
    """The same meaning, keys backwards and whole numbers as fractions where that is exact."""
    if isinstance(value, dict):
        return {key: _reshuffled(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return [_reshuffled(item) for item in value]
    if type(value) is int and int(float(value)) == value and abs(value) < 2**63:
        return float(value)
    return value


@given(JSON)
def test_key_order_and_number_form_do_not_matter(value: Any) -> None:
    """Equal meaning, equal bytes."""
    assert canonical(value) == canonical(_reshuffled(value))


@given(JSON, JSON)
def test_other_meaning_gives_other_bytes(one: Any, other: Any) -> None:
    """Canonical bytes say everything."""
    if canonical(one) == canonical(other):
        assert json.dumps(_reshuffled(one), sort_keys=True) == json.dumps(_reshuffled(other), sort_keys=True)


@given(st.dictionaries(_KEYS, JSON, max_size=4), st.booleans(), st.booleans())
def test_a_key_given_twice_is_always_refused_and_once_never(
    extra: dict[str, Any], twice: bool, ascii_only: bool
) -> None:
    """However the text is escaped and whatever it holds."""
    inner = json.dumps({"url": "/", **{"x" + key: value for key, value in extra.items()}}, ensure_ascii=ascii_only)
    if twice:
        inner = inner[:-1] + ', "\\u0075rl": "\\u003a"}'
    value = ('{"type":"crm.page.viewed","id":"\\u003a","data":' + inner + "}").encode()
    rows, rejections = validate([_record(value)])
    assert [rejection.reason for rejection in rejections] == (["duplicate_key"] if twice else [])
    assert len(rows) == (not twice)


@given(st.binary(max_size=200))
def test_no_bytes_break_a_batch(value: bytes) -> None:
    """Anything at all gives one row or one rejection."""
    rows, rejections = validate([_record(value)])
    assert len(rows) + len(rejections) == 1


@given(st.dictionaries(st.sampled_from(_ATTRIBUTES), JSON), st.sampled_from(_TYPES), _DATA)
def test_no_document_breaks_a_batch(body: dict[str, Any], type_: str, data: dict[str, Any]) -> None:
    """Any JSON in any place gives one row or one rejection, and rows can be written to the journal."""
    for document in (body, {**body, "type": type_}, {"id": "x", "type": type_, "data": data}):
        rows, rejections = validate([_record(orjson.dumps(document))])
        assert len(rows) + len(rejections) == 1
        orjson.dumps([tuple(row) for row in rows])
