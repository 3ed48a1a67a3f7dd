"""Values: fitting ones from small pools, so that events meet, and odd ones of every kind."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from models.bounds import NAME_LENGTH

Make = Callable[[Random], Any]

BASE_MS: Final = 1_774_742_400_000  # 2026-03-29T00:00:00Z: the short day in Helsinki
DAY_MS: Final = 86_400_000

ODD_TEXTS: Final = (
    "", " ", "\u200b", "\u202eabc", "e\u0301", "é", "😀" * 20, "a\u2028b", "\ufeffx", "null", "true", "0",
    "-1", "1e9", "NaN",
    "__other__", "unknown", "__proto__", "=1+1", "<script>", "${jndi:ldap://x}", "'; DROP TABLE", "%00", "../../etc",
    "a=b", "a:b", "a,b", "a|b", "a\tb", "a\nb", "\x7f", "\x1b[31m", "customer:17", "anonymous:", "within:3:abc",
    "match:email_hash:x", "event:1", "x" * NAME_LENGTH, "x" * (NAME_LENGTH + 1), "ä" * NAME_LENGTH, "😀" * NAME_LENGTH,
    "y" * 5000, "İstanbul", "ß", "\u0661\u0662", "EUR", "2026-03-29", "2026-03-29T10:00:00Z",
)  # fmt: skip
ODD_NUMBERS: Final = (
    0, -1, 1, 10**15, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), 0.0, -0.0, 0.1, 1.5, 1e-7, 1e-300, 1e9,
    1e22, 1e300, 5e-324, 1.0, 3.0000001,
)  # fmt: skip
ODD_TIMES: Final = (
    "1970-01-02T00:00:00Z", "1970-01-02T00:00:00+14:00", "1970-01-01T23:59:59Z", "2099-12-31T23:59:59.999Z",
    "2100-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00", "0022-06-01T10:00:00Z", "2024-02-29T23:59:60Z", "2026-03-29T03:30:00+02:00",
    "1999-12-31T23:59:59.999999999Z", "2026-13-01T00:00:00Z", "2026-03-29", "yesterday", "2026-03-29T10:00:00",
    "1970-01-02", "2099-12-31", "2100-01-01", "1969-12-31",
)  # fmt: skip


def odd(rng: Random, depth: int = 0) -> Any:
    """Any JSON value but a usual one."""
    kind = rng.randrange(9 if depth < 3 else 7)
    if kind <= 2:
        return rng.choice(ODD_TEXTS)
    if kind == 3:
        return rng.choice(ODD_NUMBERS)
    if kind == 4:
        return rng.choice((None, True, False))
    if kind == 5:
        return rng.choice(ODD_TIMES)
    if kind == 6:
        return rng.choice(([], {}, [[]], deep(rng.choice((5, 40, 62, 63, 64, 70, 300)))))
    if kind == 7:
        return [odd(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(("name", "source", "id", "", "a b", "__proto__", "ключ")): odd(rng, depth + 1) for _ in range(3)}


def deep(levels: int) -> Any:
    """Lists in lists."""
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found


def pool(*values: Any) -> Make:
    """One of some values."""
    return lambda rng: rng.choice(values)


def named(prefix: str, size: int) -> Make:
    """One of so many ids, now and then as a number."""
    return lambda rng: f"{prefix}{rng.randrange(size)}" if rng.random() < 0.98 else rng.randrange(size)


def instant_text(rng: Random) -> str:
    """A time around the base, mostly."""
    ms = moment(rng)
    days, rest = divmod(ms, DAY_MS)
    return f"{date_of(days)}T{rest // 3_600_000:02}:{rest // 60_000 % 60:02}:{rest // 1000 % 60:02}.{rest % 1000:03}Z"


def moment(rng: Random) -> int:
    """ms: mostly within weeks of the base, sometimes years away, within the range."""
    chance = rng.random()
    if chance < 0.9:
        day = rng.choice((-400, -91, -90, -40, -30, -29, -8, -7, -1, 0, 0, 0, 1, 6, 7, 30))
        fine = rng.choice((0, 1, -1, 899_999, rng.randrange(DAY_MS)))
        return BASE_MS + day * DAY_MS + fine
    if chance < 0.97:
        return BASE_MS - rng.randrange(3000) * DAY_MS
    return rng.randrange(DAY_MS, 4_102_444_800_000)


def date_of(days: int) -> str:
    """The date of a day since 1970."""
    # Howard Hinnant's civil_from_days: dates before the year 1 never come here
    days += 719_468
    era, doe = divmod(days, 146_097)
    yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    return f"{yoe + era * 400 + (month <= 2):04}-{month:02}-{doy - (153 * mp + 2) // 5 + 1:02}"


def date_text(rng: Random) -> str:
    """A local date."""
    return date_of(moment(rng) // DAY_MS)


CAMPAIGNS: Final = ("spring", "autumn", "__other__", "", "unknown", "Ünïcode")
TRAIT_VALUES: Final = (
    "FI", "SE", "", "unknown", True, False, 1, 0, 1.0, 0.5, 10**18, ["FI", "SE"], {"a": 1}, None, "😀",
    "__other__", "1", "true",
)  # fmt: skip


def campaign(rng: Random) -> dict[str, Any]:
    """A campaign, some of whose parts are missing."""
    found = {
        "name": rng.choice(CAMPAIGNS),
        "source": rng.choice(("google", "newsletter", "facebook", "www.google.co.uk", "")),
        "medium": rng.choice(("cpc", "email", "organic", "", "Paid Social")),
        "term": rng.choice(("a", None)),
    }
    return {name: value for name, value in found.items() if rng.random() < 0.7}


def traits(rng: Random) -> dict[str, Any]:
    """Traits, of any kind."""
    names = ("country", "tier", "plan", "email", "x y")
    return {name: rng.choice(TRAIT_VALUES) for name in names if rng.random() < 0.5}


FIELDS: Final[Mapping[str, Make]] = {
    "customer_id": named("c", 12),
    "lead_id": named("l", 12),
    "user_id": named("u", 12),
    "anonymous_id": named("v", 16),
    "deal_id": named("d", 10),
    "order_id": named("o", 10),
    "subscription_id": named("s", 6),
    "contract_id": named("k", 6),
    "message_id": named("m", 10),
    "ticket_id": named("t", 6),
    "record_id": named("r", 6),
    "contact_id": pool("p1", "p2", "p:3", "customer:17"),
    "owner_id": pool("anna", "bert", "", "unknown"),
    "campaign": campaign,
    "campaign_id": pool("a", "b"),
    "referrer": pool("https://www.google.com/", "https://acme.example/x", "http://[::1", "x", "//", "https://t.co/1"),
    "traits": traits,
    "user_agent": pool("Mozilla/5.0", "Googlebot/2.1", "x" * 3000, ""),
    "ip": pool("10.0.0.1"),
    "session_id": named("w", 8),
    "locale": pool("fi", "sv-SE"),
    "click_id": named("g", 6),
    "bulk": pool(True, False),
    "machine": pool(True, False, False, False),
    "source": pool("web", "google", "partner", "", "unknown", "x" * 250),
    "email_hash": pool("h1", "h2"),
    "phone_hash": pool("h1", "h3"),
    "url": pool(
        "https://acme.example/", "/pricing?gclid=1", "https://acme.example/a/b#c", "", "x" * 3000, "//", ":", "/ü"
    ),
    "path": pool("/", "/pricing", "/a/b", ""),
    "title": pool("Home"),
    "link_url": pool("https://x.example/unsubscribe", "https://x.example/", "mailto:a@b"),
    "form_id": pool("f1", "f2", "f:3"),
    "form_name": pool("Contact"),
    "recipient_hash": pool("h1", "h2", "h3"),
    "direction": pool("inbound", "outbound"),
    "outcome": pool("connected", "voicemail", "no_answer", "busy", "failed", "unknown"),
    "duration_s": pool(0, 1, 3600, 1.5, 604_800),
    "network": pool("x", "linkedin"),
    "post_id": pool("1", "2"),
    "text": pool("good", "x" * 2000),
    "sentiment": pool("positive", "neutral", "negative", 0.9, -0.9, 0.05, -1.0, 1.0),
    "model": pool("m1", "m2", ""),
    "stage": pool("new", "Proposal", "won", "lost", "closed won", " Closed Lost ", ""),
    "to_stage": pool("new", "Proposal", "won", "lost", "demo", "", "Closed Won"),
    "from_stage": pool("new", "Proposal"),
    "stage_order": pool(1, 2, -3),
    "pipeline": pool("default", "big"),
    "amount": pool(0, 1, "12.50", 99.99, 10**6, "0.00", 7, 1000, "9007199254740993"),
    "tax": pool(0, "1.10", 20),
    "mrr": pool(0, 10, "49.90", 99),
    "currency": pool("EUR", "USD", "JPY", "KWD", "eur"),
    "version": pool(1, 2, 3, "4", 0, 2**62),
    "time_known": pool(True, False),
    "closed_at": instant_text,
    "effective_at": instant_text,
    "due_at": instant_text,
    "reason": pool("price", "", "competitor"),
    "into_deal_id": named("d", 10),
    "winner_id": pool("c1", "c2", "u1", "lead:l3", "customer:c4", "anonymous:v1", "zzz:1"),
    "loser_ids": lambda rng: [
        rng.choice(("c3", "c4", "c5", "u2", "lead:l4", "c1", 7)) for _ in range(rng.randrange(1, 4))
    ],
    "entity": pool("customer", "lead", "user", "anonymous"),
    "mode": pool("forget", "unpick"),
    "items": pool([], [{"sku": "a"}], [1, [2]]),
    "refund_id": pool("r1"),
    "interval": pool("month", "year"),
    "survey_id": pool("q1", "q2"),
    "survey_type": pool("nps", "effort", "csat"),
    "score": pool(0, 1, 5, 6, 7, 9, 10, 3.5, 62.5),
    "scale_min": pool(0, 1, -5),
    "scale_max": pool(5, 7, 10, 100),
    "polarity": pool("ease", "effort"),
    "response_id": pool("r1", "r2"),
    "comment": pool("fine"),
    "method": pool("password"),
    "object": pool("contact", "lead", "a:b"),
    "into_record_id": named("r", 6),
    "actor_id": pool("a1"),
    "origin": pool("ui", "api", "import"),
    "first_response_s": pool(0, 60, 1.5),
    "resolution_s": pool(0, 3600, 315_360_000),
    "cost_id": named("k", 6),
    "purpose": pool("acquisition", "retention", "other"),
    "category": pool("marketing", "sales", "other"),
    "period_start": date_text,
    "period_end": date_text,
    "channel": pool("email", "paid search", "", "direct"),
    "kpi": pool("win_rate"),
    "window": pool("month"),
    "value": pool(0.4, "12", None),
    "segment": pool({}, {"channel": "email"}),
    "base": pool("USD", "EUR", "JPY"),
    "quote": pool("EUR", "USD", "KWD"),
    "rate": pool(0.9, "1.1", 150, 1e-9, 1e9),
    "date": date_text,
}
"""A fitting value for every field of the contract."""
