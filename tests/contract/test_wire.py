"""Documents as text fields: whatever JSON a field holds, it comes back the same."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sinks.keys import name
from sinks.wire import flatten, restore

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LOOKALIKES = st.from_regex(r"-?[0-9]{0,3}(\.[0-9]{0,2})?(e[0-9])?|true|false|null|[\[{\"].?", fullmatch=True)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | TEXT | LOOKALIKES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True).filter(lambda field: field != "_text")


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_restore_undoes_flatten(document: dict[str, Any]) -> None:
    """Same fields, same values, same types: repr tells 1 from 1.0 from true from "1"."""
    flat = flatten(document)
    assert all(type(text) is str for text in flat)
    assert repr(restore(dict(zip(flat[::2], flat[1::2], strict=True)))) == repr(document)


@settings(max_examples=100, deadline=None)
@given(*[st.dictionaries(TEXT, TEXT, max_size=2)] * 2)
def test_two_segments_never_share_a_name(first: dict[str, str], second: dict[str, str]) -> None:
    """Names are equal only for equal segments, and hold nothing that a glob or another key could mean."""
    assert (name("k", "30d", first) == name("k", "30d", second)) == (first == second)
    assert not set(name("k", "30d", first)) & set("*?[]{} \n\r\0")
    assert name("k", "30d", first).count(":") == 1 + len(first)
