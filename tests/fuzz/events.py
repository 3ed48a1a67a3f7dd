"""Records of input topics: structured events with odd values, bytes that are no events, and good ones cut to pieces."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final, get_type_hints

from models.events import SHAPES
from models.events.common import Common
from models.record import RawRecord
from tests.fuzz.values import BASE_MS, DAY_MS, FIELDS, ODD_TEXTS, ODD_TIMES, instant_text, odd

TYPES: Final = tuple(SHAPES)
UNKNOWN: Final = (
    "crm.robot.dreamt",
    "crm.deal.wun",
    "crm.email",
    "crm.a.b.c.d",
    "crm.page.viewed.v2",
    "crm.__other__.x",
)
COMMON: Final = tuple(get_type_hints(Common))
OWN: Final = {
    type_: tuple(name for name in get_type_hints(shape) if name not in COMMON) for type_, shape in SHAPES.items()
}
IDS: Final = ("customer_id", "lead_id", "user_id", "anonymous_id")
NEEDED: Final = {
    type_: tuple(sorted(shape.__required_keys__)) for type_, shape in SHAPES.items()
}  # a set has another order in each process: a seed would be another world
TENANTS: Final = ("north", "south", "account", "plain")


def records(rng: Random, topic: str, count: int) -> Iterator[RawRecord]:
    """So many records of one partition; its clock goes on from the base."""
    now = BASE_MS + 40 * DAY_MS
    sent: list[bytes] = []
    for offset in range(count):
        now += rng.randrange(20_000)
        value, headers = _value(rng, sent)
        timestamp = now if rng.random() < 0.98 else rng.choice((-1, 0, now, 2**62, BASE_MS))
        key = rng.choice((None, None, b"north", b"\xff\xfe", b"x" * 300))
        yield RawRecord(topic, 0, offset, timestamp, key, value, headers)


def _value(rng: Random, sent: list[bytes]) -> tuple[bytes | None, list[tuple[str, bytes]]]:
    chance = rng.random()
    if chance < 0.9 or not sent:
        event = structured(rng)
        value = _dump(event)
        sent.append(value)
        del sent[:-200]
        return (value, []) if rng.random() < 0.95 else _binary(rng, event)
    if chance < 0.94:
        return rng.choice(sent), []  # a duplicate
    return _broken(rng, rng.choice(sent)), []


def structured(rng: Random) -> dict[str, Any]:
    """An event: fitting data of its type, a few values of which are odd, in an envelope that may be odd."""
    type_ = rng.choice(TYPES) if rng.random() < 0.95 else rng.choice(UNKNOWN)
    names = [*NEEDED.get(type_, ()), *(one for one in OWN.get(type_, ()) if rng.random() < 0.6)]
    names += [one for one in IDS if rng.random() < 0.4]
    names += [one for one in COMMON if rng.random() < 0.08]
    names += [one for one in ("traits", "campaign") if rng.random() < 0.3]
    data = {name: FIELDS[name](rng) for name in names}
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        _spoil(rng, data)
    event: dict[str, Any] = {
        "id": f"e{rng.randrange(1 << 40)}",
        "source": rng.choice(("/web", "/crm", "a/b")),
        "type": type_ if rng.random() < 0.9 else f"{type_}.v1",
        "time": instant_text(rng),
        "tenantid": rng.choice(TENANTS),
        "data": data,
    }
    if rng.random() < 0.1:
        _spoil_envelope(rng, event)
    return event


def _spoil(rng: Random, data: dict[str, Any]) -> None:
    """One value odd: of a field that is there, of one of another type, in a campaign, or a field of no type."""
    chance = rng.random()
    if chance < 0.4 and data:
        data[rng.choice(list(data))] = odd(rng)
    elif chance < 0.7:
        data[rng.choice(list(FIELDS))] = odd(rng)
    elif chance < 0.8:
        data["campaign"] = {rng.choice(("name", "source", "medium", "extra")): odd(rng)}
    elif chance < 0.9:
        data["traits"] = {rng.choice(("country", "tier", "plan")): odd(rng)}
    elif chance < 0.97:
        name = rng.choice(list(FIELDS))
        data[name] = FIELDS[name](rng)
    else:
        data[rng.choice(ODD_TEXTS)] = odd(rng)


def _spoil_envelope(rng: Random, event: dict[str, Any]) -> None:
    name = rng.choice(
        ("id", "source", "type", "time", "tenantid", "data", "sentat", "recordedtime", "specversion", "skew")
    )
    if name == "skew":
        event |= {"sentat": _time(rng), "recordedtime": _time(rng)}
    elif name in ("time", "sentat", "recordedtime"):
        event[name] = _time(rng)
    elif name in ("id", "source", "time", "tenantid") and rng.random() < 0.5:
        event.pop(name)
    else:
        event[name] = odd(rng)


def _time(rng: Random) -> Any:
    return rng.choice(ODD_TIMES) if rng.random() < 0.4 else instant_text(rng)


def _dump(event: Any) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _binary(rng: Random, event: dict[str, Any]) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The same in CloudEvents' binary mode."""
    headers = [(f"ce_{name}", str(value).encode()) for name, value in event.items() if name != "data"]
    if rng.random() < 0.2:
        headers.append(
            (rng.choice(("ce_time", "ce_id", "content-type", "CE_TYPE", "")), rng.choice((b"\xff", b"", b"\0", b"x")))
        )
    return _dump(event["data"]), headers


def _broken(rng: Random, value: bytes) -> bytes | None:
    """Bytes that are no event, or a good one cut, mixed up, or with a byte changed."""
    match rng.randrange(9):
        case 0:
            return value[: rng.randrange(len(value))]
        case 1:
            return rng.randbytes(rng.randrange(200))
        case 2:
            at = rng.randrange(len(value))
            return value[:at] + rng.randbytes(rng.randrange(1, 4)) + value[at + 1 :]
        case 3:
            at = rng.randrange(len(value))
            return value[:at] + bytes([rng.choice(b'"{}[],:0123456789eE.-\\ntf')]) + value[at + 1 :]
        case 4:
            return value.replace(
                b'"data":{',
                rng.choice((b'"data":[{', b'"data":{"traits":{"country":"\\ud800"},', b'"data":{"a":"\\u0000",')),
            )
        case 5:
            return value.replace(b":", rng.choice((b":1e400,", b": ", b"::")), 1)
        case 6:
            return rng.choice(
                (None, b"", b"null", b"[]", b"1", b'"x"', b"\xef\xbb\xbf" + value, value.decode().encode("utf-16"))
            )
        case 7:
            return value + rng.choice((b" ", b"\n{}", value, b"\0"))
        case _:
            return b"[" * rng.choice((60, 1000, 100_000)) + value
