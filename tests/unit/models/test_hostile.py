"""A megabyte of anything costs a few passes over its bytes: it is not read again and again."""

import gc
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.canonical import MAX_BYTES, MAX_DEPTH, MAX_KEYS
from models.record import RawRecord
from models.structure import structure
from models.validate import validate
from streams.checked import checked
from tests.corpus import dump
from tests.unit.models.examples import EXAMPLES
from tests.unit.models.test_bounds import refused

ODD = st.text(st.sampled_from('"\\:[]{}a/\n'), max_size=9)
JSON = st.recursive(
    st.none() | st.integers() | ODD, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD, inner, max_size=4)
)
NOW = 1_717_243_200_000


def record(value: bytes) -> RawRecord:
    """One record of an input topic."""
    return RawRecord("t", 0, 1, NOW, None, value)


def walked(value: Any) -> tuple[int, int]:
    """Depth and keys, by walking."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    below = [walked(item) for item in inner]
    nested = isinstance(value, dict | list)
    own = len(value) if isinstance(value, dict) else 0
    return nested + max((depth for depth, _ in below), default=0), own + sum(keys for _, keys in below)


@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_depth_and_keys_are_those_of_a_walk(value: Any, indent: int | None, ascii_only: bool) -> None:
    """Quotes, backslashes, colons and brackets within texts are texts."""
    assert structure(json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()) == walked(value)


@given(JSON, st.sampled_from(["key", "text"]))
def test_a_nul_is_found_wherever_it_is_and_nothing_else_is_one(value: Any, place: str) -> None:
    """An escaped backslash before `u0000` is none."""
    with_nul: Any = {"k\0": value} if place == "key" else ["\\\0", value]
    harmless = [value, "\\u0000", "\\\\u0000"]
    for document, reasons in ((with_nul, ["nul"]), (harmless, [])):
        _, rejections = validate(
            [record(json.dumps({"type": "crm.page.viewed", "data": {"url": "/", "x": document}}).encode())]
        )
        assert [rejection.reason for rejection in rejections] == reasons


def test_depth_and_keys_are_bounded_to_the_one() -> None:
    """Arrays and objects alike; the record and its data are two of the levels."""
    for opened, closed in (("[", "]"), ('{"a":', "}")):
        for levels, reason in ((MAX_DEPTH - 2, None), (MAX_DEPTH - 1, "depth")):
            found = opened * levels + "1" + closed * levels
            _, rejections = validate([record(b'{"type":"crm.page.viewed","data":{"url":"/","x":%s}}' % found.encode())])
            assert [rejection.reason for rejection in rejections] == ([reason] if reason else [])
    kept = MAX_KEYS - len(json.loads(dump(data={}))) - 1
    assert validate([record(dump(data={"url": "/", **{f"k{i}": i for i in range(kept)}}))])[0]
    assert refused("crm.page.viewed", {"url": "/", **{f"k{i}": i for i in range(kept + 1)}}) == ("too_many_keys", None)


@pytest.mark.parametrize("marks", [2, 1000, MAX_BYTES // 3])
def test_one_byte_order_mark_is_taken_off(marks: int) -> None:
    """More of them are no JSON: taking them off one by one copied the rest each time."""
    for rest in (b"", dump()):
        value = b"\xef\xbb\xbf" * marks + rest
        _, rejections = validate([record(value[:MAX_BYTES])])
        assert [rejection.reason for rejection in rejections] == ["not_json"]


@pytest.mark.parametrize(
    ("type_", "data", "field"),
    [
        ("crm.order.completed", {"currency": "EUR"}, "amount"),
        ("crm.payment.received", {"currency": "JPY"}, "amount"),
        ("crm.fx.rate_set", {}, "rate"),
        ("crm.target.set", {}, "value"),
    ],
)
def test_a_number_of_thousands_of_digits_is_no_amount(type_: str, data: dict[str, Any], field: str) -> None:
    """As it is none when it comes as a text."""
    text = json.dumps({"type": type_, "data": {**EXAMPLES[type_], **data, field: 1}})
    for digits in (500, 5_000, 900_000):
        value = text.replace(f'"{field}": 1', f'"{field}": 0.{"1" * digits}').encode()
        _, rejections = validate([record(value)])
        assert [(one.reason, one.field) for one in rejections] == [("bad_amount", field)]


def test_a_document_is_read_again_once_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many amounts are asked for, and though nulls are taken out in a second try."""
    read: list[str] = []
    loads = json.loads

    def counted(text: str, **how: Any) -> Any:
        read.append(text)
        return loads(text, **how)

    monkeypatch.setattr(json, "loads", counted)
    data = b'{"order_id":"o","customer_id":null,"currency":"EUR","amount":12.5,"tax":1.5,"x":"0000000000000000\\u003a"}'
    rows, _ = validate([record(b'{"type":"crm.order.completed","data":%s}' % data)])
    assert (rows[0].data["amount"], rows[0].data["tax"]) == (1250, 150)
    assert len(read) == 1


def test_the_collector_does_not_walk_what_is_being_validated() -> None:
    """It would, hundreds of times in a record of many lists; it is on again afterwards, whatever happens."""
    runs: list[str] = []
    gc.collect()
    gc.callbacks.append(lambda phase, info: runs.append(phase))
    before = gc.isenabled()
    try:
        lists = dump(data={"url": "/", "x": [[] for _ in range(100_000)]})
        gc.enable()
        runs.clear()
        rows, _, _ = checked([record(lists)])
        during = len(runs)
        assert gc.isenabled()
    finally:
        gc.callbacks.pop()
        if not before:
            gc.disable()
    assert len(rows) == 1
    assert during <= 2  # one as it begins at most, by what was there before
