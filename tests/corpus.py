"""Bad and odd input, as data: every line of the bad-input corpus that can reach Kafka, with verdict and reason.

Numbers are those of the corpus. A verdict is a reason code of models.refused, or None: the event is accepted.
Dates lie in 2024, so that the same records can be sent to a real broker, whose timestamps are later.

Left out, because only a collector can meet them: 6 (NDJSON is split by the collector; as one record it is 5),
13 (inflating a gzip bomb; as a record it is 12), 14 (Content-Length), 35 and 36 (empty and oversized HTTP batches),
97 and 98 (masking free text), 99 and 100 (erased subjects, consent), 101 and 102 (signatures), 103 (provider arrays are
split by the collector; as one record it is 15), 104 (Origin header). 91 in part: without a credential the body's
tenantid is the tenant, and other fields that look like one are ignored.
"""

import gzip
import pickle
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import orjson

from models.record import RawRecord

TOPIC: Final = "crm.touchpoints.pages.v1"
TIMESTAMP: Final = 1_717_243_200_000  # 2024-06-01T12:00:00Z, ms
TIME: Final = "2024-06-01T10:00:00Z"
VIEW: Final = {"anonymous_id": "v-1", "url": "https://acme.example/"}


class Case(NamedTuple):
    """One record of the corpus and what must become of it."""

    number: int
    name: str
    value: bytes | None
    reason: str | None = None  # None: accepted
    field: str | None = None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()

    def record(self, offset: int = 0, timestamp: int = TIMESTAMP) -> RawRecord:
        """The case as a record of an input topic."""
        return RawRecord(TOPIC, 0, offset, timestamp, self.key, self.value, self.headers)


def event(name: str = "page.viewed", data: Any = None, **attributes: Any) -> dict[str, Any]:
    """A good event in structured form; an attribute of None is left out."""
    given: dict[str, Any] = {"specversion": "1.0", "id": "bad-1", "source": "/corpus", "type": f"crm.{name}"}
    given |= {"time": TIME, "tenantid": "acme", "data": VIEW if data is None else data, **attributes}
    return {key: value for key, value in given.items() if value is not None}


def dump(name: str = "page.viewed", data: Any = None, **attributes: Any) -> bytes:
    """The event's bytes."""
    return orjson.dumps(event(name, data, **attributes))


def good(number: int) -> RawRecord:
    """A good neighbour."""
    value = dump(id=f"good-{number}", data={**VIEW, "anonymous_id": f"v-{number}"})
    return RawRecord(TOPIC, 0, number, TIMESTAMP, None, value)


def _with(text: str) -> bytes:
    """A page view whose data also holds ``text``, written by hand."""
    start = b'{"id":"bad-1","type":"crm.page.viewed","time":"2024-06-01T10:00:00Z","data":{"url":"/",'
    return start + text.encode() + b"}}"


def _order(**data: Any) -> bytes:
    return dump("order.completed", {"order_id": "o-1", "amount": 10, "currency": "EUR", **data})


def _deal(name: str = "won", **data: Any) -> bytes:
    return dump(f"deal.{name}", {"deal_id": "d-1", **data})


def _survey(kind: str, score: Any, **data: Any) -> bytes:
    return dump("survey.answered", {"survey_id": "s-1", "survey_type": kind, "score": score, **data})


def _call(**data: Any) -> bytes:
    return dump("call.ended", {"direction": "inbound", "outcome": "connected", **data})


def _framing() -> Iterator[Case]:
    whole = dump()
    yield Case(1, "empty body", b"", "empty")
    yield Case(1, "blank body", b" \n\t ", "empty")
    yield Case(2, "null", b"null", "not_object")
    yield Case(3, "no JSON", b"not json{", "not_json")
    yield Case(4, "truncated", whole[:-5], "not_json")
    yield Case(5, "two documents joined", whole + whole, "not_json")
    yield Case(5, "two lines in one record", whole + b"\n" + whole, "not_json")
    yield Case(7, "byte order mark", b"\xef\xbb\xbf" + whole)
    yield Case(8, "UTF-16", whole.decode().encode("utf-16"), "not_utf8")
    yield Case(8, "UTF-16 without mark", whole.decode().encode("utf-16-le"), "not_json")
    yield Case(9, "invalid UTF-8", whole.replace(b"v-1", b"\xff\xfe"), "not_utf8")
    yield Case(10, "lone surrogate", whole.replace(b"v-1", b"\\ud800"))
    yield Case(10, "lone surrogate in bytes", whole.replace(b"v-1", b"\xed\xa0\x80"), "not_utf8")
    yield Case(11, "NUL in an id", whole.replace(b"v-1", b"v\\u0000"), "nul")
    yield Case(11, "NUL in the event's id", whole.replace(b"bad-1", b"bad\\u0000"), "nul")
    yield Case(12, "gzip header and garbage", b"\x1f\x8b\x08\x00" + b"garbage" * 9, "not_utf8")
    yield Case(12, "gzip", gzip.compress(whole, mtime=0), "not_utf8")
    yield Case(15, "array", b"[" + whole + b"]", "not_object")
    yield Case(15, "number", b"42", "not_object")
    yield Case(15, "text", b'"hello"', "not_object")
    yield Case(16, "tombstone", None, "tombstone", key=b"v-1")
    yield Case(17, "pickle", pickle.dumps(event()), "not_utf8")
    yield Case(17, "protobuf", b"\x0a\x05bad-1\x12\x07/corpus", "not_json")
    yield Case(18, "empty key", whole, key=b"")
    yield Case(18, "no key", whole)
    yield Case(19, "key is not the customer", whole, key=b"somebody-else")
    yield Case(20, "huge header", whole, headers=[("x-trace", b"a" * 100_000)])
    yield Case(20, "header twice", whole, headers=[("x-trace", b"a"), ("x-trace", b"b")])


def _structure() -> Iterator[Case]:
    yield Case(21, "key twice in data", _with('"a":1,"a":2'), "duplicate_key")
    yield Case(21, "key twice, once escaped", _with('"a":1,"\\u0061":2'), "duplicate_key")
    yield Case(21, "key twice, colons hidden", _with('"a":":","a":"\\u003a\\u003a"'), "duplicate_key")
    yield Case(21, "key twice beside data", b'{"id":"x",' + dump()[1:], "duplicate_key")
    yield Case(21, "data twice", dump()[:-1] + b',"data":{}}', "duplicate_key")
    yield Case(22, "depth 10,000", _with('"a":' + "[" * 10_000 + "]" * 10_000), "depth")
    yield Case(22, "depth 300 of objects", _with('"a":' + '{"a":' * 300 + "1" + "}" * 300), "depth")
    yield Case(23, "100,000 keys", dump(data={**VIEW, **{f"k{i}": 1 for i in range(80_000)}}), "too_many_keys")
    yield Case(24, "text of 1 MB", dump(data={**VIEW, "title": "a" * 1_000_000}), "size")
    yield Case(25, "5 MB", dump(data={**VIEW, "title": "a" * 5_000_000}), "size")
    yield Case(26, "unknown extra field", dump(data={**VIEW, "shoe_size": 43}))
    yield Case(27, "no id", dump(id=None))
    yield Case(28, "no type", dump(type=None), "missing_field", "type")
    yield Case(28, "type is null", dump().replace(b'"crm.page.viewed"', b"null"), "missing_field", "type")
    yield Case(29, "no person at all", dump(data={"url": "/"}))
    yield Case(30, "customer and visitor disagree", dump(data={**VIEW, "customer_id": "c-1", "user_id": "u-9"}))
    yield Case(31, "Type instead of type", dump(type=None, Type="crm.page.viewed"), "missing_field", "type")
    yield Case(31, "URL instead of url", dump(data={"URL": "/"}), "missing_field", "url")
    yield Case(32, "__proto__", dump(data={**VIEW, "__proto__": {"admin": True}, "constructor": 1}))
    yield Case(33, "array where an object belongs", dump(data=[VIEW]), "wrong_type", "data")
    yield Case(33, "campaign is an array", dump(data={**VIEW, "campaign": []}), "wrong_type", "campaign")
    yield Case(34, "object where a text belongs", dump(data={"url": {"href": "/"}}), "wrong_type", "url")
    yield Case(34, "object where an id belongs", dump(data={**VIEW, "user_id": {}}), "wrong_type", "user_id")
    yield Case(37, "same id twice in a batch (first)", dump(id="twin"))
    yield Case(37, "same id twice in a batch (second)", dump(id="twin"))


def _numbers() -> Iterator[Case]:
    yield Case(38, "NaN", _order().replace(b":10,", b":NaN,"), "not_json")
    yield Case(38, "Infinity", _order().replace(b":10,", b":Infinity,"), "not_json")
    yield Case(38, "NaN as text", _order(amount="NaN"), "bad_amount", "amount")
    yield Case(39, "1e400", _order().replace(b":10,", b":1e400,"), "not_json")
    yield Case(39, "1e300", _order().replace(b":10,", b":1e300,"), "amount_range", "amount")
    yield Case(40, "minus zero", _order().replace(b":10,", b":-0,"))
    yield Case(40, "minus zero with a fraction", _order().replace(b":10,", b":-0.0,"))
    yield Case(41, "2^53 + 1", _order(amount=2**53 + 1))
    yield Case(42, "decimal comma", _order(amount="12,50"), "bad_amount", "amount")
    yield Case(42, "currency sign", _order(amount="€12"), "bad_amount", "amount")
    yield Case(42, "ten decimals", _order(amount="1.0000000005"), "amount_precision", "amount")
    yield Case(43, "negative purchase", _order(amount=-10), "negative_amount", "amount")
    yield Case(
        43,
        "negative refund",
        dump("order.refunded", {"order_id": "o", "amount": "-1", "currency": "EUR"}),
        "negative_amount",
        "amount",
    )
    yield Case(44, "deal worth nothing", _deal(amount=0, currency="EUR"))
    yield Case(45, "bool for a score", _survey("nps", True), "wrong_type", "score")
    yield Case(45, "bool for an amount", _order(amount=True), "wrong_type", "amount")
    yield Case(45, "bool for a duration", _call(duration_s=True), "wrong_type", "duration_s")
    yield Case(45, "bool for an id", dump(data={**VIEW, "user_id": True}), "wrong_type", "user_id")
    yield Case(46, '"true" for a bool', dump(data={**VIEW, "bulk": "true"}), "wrong_type", "bulk")
    for score in (0, 6, 7, 8, 9, 10):
        yield Case(47, f"nps {score}", _survey("nps", score))
    for wrong in (-1, 11, 7.5):
        yield Case(47, f"nps {wrong}", _survey("nps", wrong), "bad_value", "score")
    yield Case(47, "nps nine", _survey("nps", "nine"), "wrong_type", "score")
    yield Case(48, "effort 0", _survey("effort", 0), "bad_value", "score")
    yield Case(48, "effort 8", _survey("effort", 8), "bad_value", "score")
    yield Case(48, "101 on 0-100", _survey("csat", 101, scale_min=0, scale_max=100), "bad_value", "score")
    yield Case(48, "scale upside down", _survey("csat", 3, scale_min=5, scale_max=1), "bad_value", "scale_max")
    yield Case(48, "no scale: the default one", _survey("effort", 7))
    yield Case(49, "deal without currency", _deal(amount=5))
    yield Case(
        49,
        "order without currency",
        dump("order.completed", {"order_id": "o", "amount": 1}),
        "missing_field",
        "currency",
    )
    yield Case(49, "XXX", _order(currency="XXX"), "unknown_currency", "currency")
    yield Case(49, "no such currency", _order(currency="EURO"), "unknown_currency", "currency")
    yield Case(49, "lower-case currency", _order(currency="eur"))
    # Probability is no field of the contract (some CRMs send percent): kept as it came. Sentiment is one.
    yield Case(50, "probability 1.2", _deal("updated", probability=1.2))
    yield Case(50, "sentiment 1.2", dump("social.liked", {"network": "x", "sentiment": 1.2}), "bad_value", "sentiment")
    yield Case(51, "call of -5 s", _call(duration_s=-5), "bad_value", "duration_s")
    yield Case(51, "call of 10^9 s", _call(duration_s=10**9), "bad_value", "duration_s")


def _time() -> Iterator[Case]:
    yield Case(52, "no time", dump(time=None))
    for name, number in (("s", 1_717_236_000), ("ms", 1_717_236_000_000), ("µs", 1_717_236_000_000_000)):
        yield Case(53, f"epoch {name}", dump(time=number), "wrong_type", "time")
    yield Case(53, "year 55,000", dump(time="55000-01-01T00:00:00Z"), "bad_time", "time")
    yield Case(53, "epoch as text", dump(time="1717236000"), "bad_time", "time")
    yield Case(54, "no offset", dump(time="2024-06-01T10:00:00"), "bad_time", "time")
    yield Case(54, "closed_at without offset", _deal(closed_at="2024-06-01T10:00:00"), "bad_time", "closed_at")
    yield Case(55, "30 February", dump(time="2024-02-30T10:00:00Z"), "bad_time", "time")
    yield Case(55, "hour 24", dump(time="2024-02-28T24:00:00Z"), "bad_time", "time")
    yield Case(56, "leap second", dump(time="2016-12-31T23:59:60Z"))
    yield Case(57, "+14:00", dump(time="2024-06-01T23:00:00+14:00"))
    yield Case(57, "-12:00", dump(time="2024-05-31T23:00:00.123456-12:00"))
    yield Case(58, "clocks forward", dump(time="2024-03-31T02:30:00+01:00"))
    yield Case(58, "clocks back, both", dump(time="2023-10-29T02:30:00+02:00"))
    yield Case(59, "far in the future", dump(time="2099-06-01T10:00:00Z"), "time_in_future", "time")
    yield Case(60, "1969", dump(time="1969-12-31T23:59:59Z"), "time_out_of_range", "time")
    yield Case(60, "the day before the first", dump(time="1970-01-01T23:59:59.999Z"), "time_out_of_range", "time")
    yield Case(60, "the first day", dump(time="1970-01-02T00:00:00Z"))
    yield Case(60, "year 22", dump(time="0022-06-01T10:00:00Z"), "time_out_of_range", "time")
    yield Case(60, "year 1, far east", dump(time="0001-01-01T00:00:00+14:00"), "time_out_of_range", "time")
    yield Case(61, "on the edge of a day", dump(time="2024-06-01T00:00:00Z"))
    yield Case(62, "slow clock", dump(sentat="2024-06-01T09:00:00Z", recordedtime="2024-06-01T09:30:00Z"))
    yield Case(63, "clock jumps back", dump(id="bad-2", time="2024-06-01T09:59:59Z"))
    yield Case(64, "same µs, first", dump(id="a", time="2024-06-01T10:00:00.000001Z"))
    yield Case(64, "same µs, second", dump(id="b", time="2024-06-01T10:00:00.000001Z"))
    yield Case(65, "90 days late", dump(time="2024-03-03T10:00:00Z"))


def _identity() -> Iterator[Case]:
    for copy in range(46):
        yield Case(66, f"copy {copy}", dump(id="again"))
    yield Case(67, "same id, other body", dump(id="again", data={"url": "/other"}))
    yield Case(68, "same id, other tenant", dump(id="again", tenantid="other"))
    yield Case(69, "id of 10 KB", dump(id="x" * 10_240), "too_long", "id")
    yield Case(69, "customer_id of 10 KB", dump(data={**VIEW, "customer_id": "x" * 10_240}), "too_long", "customer_id")
    yield Case(70, "id used again after 8 days", dump(id="again", time="2024-05-24T10:00:00Z"))
    yield Case(71, "hashed address", dump(data={**VIEW, "email_hash": "sha256:00ff"}))
    yield Case(72, "NFD", dump(data={**VIEW, "user_id": "Zoe\u0308"}))
    yield Case(72, "NFC", dump(data={**VIEW, "user_id": "Zo\u00eb"}))
    for winner, loser in (("a", "b"), ("b", "a")):
        yield Case(73, f"merge {winner}, {loser}", dump("identity.merged", {"winner_id": winner, "loser_ids": [loser]}))
    yield Case(74, "unsubscribe first", dump("email.unsubscribed", {"message_id": "m-1"}))
    yield Case(75, "won before created", dump("deal.won", {"deal_id": "d-2"}, time="2024-01-01T00:00:00Z"))
    yield Case(75, "won twice", dump("deal.won", {"deal_id": "d-2"}, id="bad-2"))
    yield Case(
        76,
        "renewal without contract",
        dump("renewal.due", {"due_at": TIME, "amount": 1, "currency": "EUR"}),
        "missing_field",
        "contract_id",
    )
    yield Case(77, "churn", dump("customer.churned", {"customer_id": "c-1"}))
    yield Case(78, "refund without order", dump("order.refunded", {"order_id": "o-9", "amount": 1, "currency": "EUR"}))
    yield Case(79, "click without delivery", dump("email.clicked", {"message_id": "m-2", "machine": True}))
    yield Case(80, "sign-out without sign-in", dump("user.signed_out", {"user_id": "u-1"}))
    yield Case(81, "survey nobody answers", dump("survey.sent", {"survey_id": "s-1", "survey_type": "nps"}))


def _vocabulary() -> Iterator[Case]:
    yield Case(82, "foreign type", dump(type="touch.telepathy"), "foreign_type", "type")
    yield Case(82, "no dotted name", dump(type="crm..viewed"), "bad_type", "type")
    yield Case(83, "unknown network", dump("social.liked", {"network": "carrier pigeon"}))
    yield Case(84, "a channel's case", dump("cost.recorded", _cost(channel="E-Mail")))
    yield Case(85, "unknown deal stage", dump("deal.stage_changed", {"deal_id": "d", "to_stage": "Ümläut"}))
    yield Case(86, "version 1 of a type", dump(type="crm.page.viewed.v1"))
    yield Case(86, "newer producer", dump(specversion="2.0", dataschema="v2"))
    yield Case(87, "version 99 of a type", dump(type="crm.page.viewed.v99"))
    yield Case(87, "unknown crm. type", dump(type="crm.robot.dreamt"))
    yield Case(88, "version as text", dump("deal.updated", {"deal_id": "d", "version": "1"}, specversion="1"))
    yield Case(89, "deprecated field", dump(schemaurl="http://acme.example/"))
    yield Case(90, "yet another UTM value", dump(data={**VIEW, "campaign": {"name": "c-999999", "term": None}}))


def _cost(**data: Any) -> dict[str, Any]:
    return {"cost_id": "k-1", "amount": 1, "currency": "EUR", "purpose": "acquisition", **data}


def _hostile() -> Iterator[Case]:
    yield Case(91, "tenant beside tenantid", dump(tenant="victim"))
    yield Case(91, "tenantid with a path", dump(tenantid="../acme"), "bad_tenant", "tenantid")
    yield Case(92, "a key pattern as id", dump(data={**VIEW, "customer_id": "kpi:*"}))
    for text in ("a\nb", "a\x1b[31mb"):
        yield Case(92, f"{text!r} as id", dump(data={**VIEW, "customer_id": text}), "bad_id", "customer_id")
    yield Case(92, "newline in the event's id", dump(id="a\nb"), "bad_id", "id")
    for text in ("<script>alert(1)</script>", "=HYPERLINK()", "%0d%0a", "${jndi:ldap://x}", "\x1b[31m"):
        yield Case(93, f"{text!r} as a name", dump(data={**VIEW, "campaign": {"name": text}}))
    yield Case(94, "SQL", dump(data={**VIEW, "title": "'; DROP TABLE facts; --"}))
    yield Case(94, "Lua", dump(data={**VIEW, "title": "redis.call('FLUSHALL')"}))
    yield Case(95, "path in source", dump(source="../../etc"), "bad_source", "source")
    yield Case(96, "user agent of 10 KB", dump(data={**VIEW, "user_agent": "Mozilla " * 1_280}))
    yield Case(105, "internal topic as type", dump(type="kpi.accepted.v1"), "foreign_type", "type")
    yield Case(105, "changelog as type", dump(type="crmkpi-state"), "foreign_type", "type")


def cases() -> list[Case]:
    """The whole corpus, in the order of its numbers."""
    return [
        *_framing(),
        *_structure(),
        *_numbers(),
        *_time(),
        *_identity(),
        *_vocabulary(),
        *_hostile(),
    ]
