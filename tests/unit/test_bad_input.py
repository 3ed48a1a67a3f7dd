"""Every line of the corpus gets its verdict, and never harms its neighbours."""

import random
from itertools import groupby

import pytest

from models.record import BOT, DERIVED_ID, SKEW, TIME_MISSING, UNKNOWN_TYPE, UNPRICED, Row
from models.validate import REASONS, Known, Rejection, decode_block, encode_blocks, validate
from tests.corpus import Case, cases, good

CORPUS = cases()


def _named(case: Case) -> str:
    return f"{case.number} {case.name}"


def _one(number: int, name: str) -> Row:
    """The row of an accepted case."""
    case = next(case for case in CORPUS if (case.number, case.name) == (number, name))
    return validate([case.record()])[0][0]


@pytest.mark.parametrize("case", CORPUS, ids=_named)
def test_each_line_gets_its_verdict_and_reason(case: Case) -> None:
    """Alone: one row, or one rejection with the stated reason, field and the untouched record."""
    rows, rejections = validate([case.record()])
    if case.reason is None:
        assert (len(rows), rejections) == (1, [])
        return
    assert rows == []
    (rejection,) = rejections
    assert (rejection.reason, rejection.field) == (case.reason, case.field)
    assert rejection.record == case.record()


@pytest.mark.parametrize("case", CORPUS, ids=_named)
def test_99_good_neighbours_all_come_out(case: Case) -> None:
    """In a batch, at a random place: the neighbours' rows are those they have without it."""
    place = random.Random(_named(case)).randrange(100)
    neighbours = [good(number) for number in range(99)]
    rows, rejections = validate([*neighbours[:place], case.record(offset=1000), *neighbours[place:]])
    assert [row for row in rows if row.offset != 1000] == validate(neighbours)[0]
    assert len(rejections) == (case.reason is not None)


def test_the_whole_corpus_at_once_gives_the_same_verdicts() -> None:
    """All cases in one shuffled batch: nothing depends on what came before."""
    order = list(enumerate(CORPUS))
    random.Random(7).shuffle(order)
    rows, rejections = validate([case.record(offset) for offset, case in order])
    reasons: dict[int, str | None] = {row.offset: None for row in rows}
    reasons |= {rejection.record.offset: rejection.reason for rejection in rejections}
    assert reasons == {offset: case.reason for offset, case in enumerate(CORPUS)}


def test_every_row_and_refusal_of_the_corpus_fits_a_block() -> None:
    """What was accepted can be written to the journal and read back the same."""
    rows, rejections = validate([case.record(offset) for offset, case in enumerate(CORPUS)])
    blocks = encode_blocks("t", 0, rows, [rejection.refusal() for rejection in rejections])
    back = [Row(*row) for _, block in blocks for row in decode_block(block)["rows"]]
    assert sorted(back, key=lambda row: row.offset) == rows


def test_details_never_repeat_what_was_sent() -> None:
    """Dead-letter reasons are shown in logs and on screens: no value of the producer may be in them."""
    for rejection in validate([case.record() for case in CORPUS])[1]:
        assert rejection.reason in REASONS
        for value in ("12,50", "€12", "kpi:*", "nine", "EURO", "telepathy", "xxxx", "v-1", "1.2"):
            assert value not in rejection.detail


def test_all_lines_that_can_reach_kafka_are_here() -> None:
    """The corpus has every number but those only a collector can meet."""
    collectors = {6, 13, 14, 35, 36, 97, 98, 99, 100, 101, 102, 103, 104}
    assert [number for number, _ in groupby(case.number for case in CORPUS)] == [
        number for number in range(1, 106) if number not in collectors
    ]


def test_flags_say_what_was_odd_about_an_accepted_event() -> None:
    """The rule by which an odd event is accepted shows in its row."""
    assert _one(27, "no id").flags == DERIVED_ID
    assert _one(49, "deal without currency").flags == UNPRICED
    assert _one(52, "no time").flags == TIME_MISSING
    assert _one(62, "slow clock").flags == SKEW
    assert _one(79, "click without delivery").flags == BOT
    assert _one(87, "unknown crm. type").flags == UNKNOWN_TYPE


def test_an_accepted_odd_value_has_the_stated_meaning() -> None:
    """Exact amounts, upper-case currencies, clamped leap seconds, cut agents."""
    assert _one(41, "2^53 + 1").data["amount"] == (2**53 + 1) * 100
    assert _one(40, "minus zero with a fraction").data["amount"] == 0
    assert _one(49, "lower-case currency").data["currency"] == "EUR"
    assert _one(56, "leap second").time == 1_483_228_799_999
    assert _one(88, "version as text").data["version"] == 1
    assert len(_one(96, "user agent of 10 KB").data["user_agent"]) == 512


def test_copies_share_identity_and_content_and_conflicts_only_identity() -> None:
    """What the engine needs to tell a duplicate from a conflict from another tenant's event."""
    first, copy = _one(66, "copy 0"), _one(66, "copy 45")
    other, foreign = _one(67, "same id, other body"), _one(68, "same id, other tenant")
    assert (first.identity, first.content) == (copy.identity, copy.content)
    assert other.identity == first.identity
    assert other.content != first.content
    assert foreign.identity != first.identity


def test_a_rejection_counts_for_the_tenant_that_can_be_known() -> None:
    """The body's tenantid when it can be read, else a known one that header or key name, else default."""
    by_name = {_named(case): case for case in CORPUS}
    broken = by_name["3 no JSON"]

    def tenant(case: Case) -> str:
        rejection: Rejection = validate([case.record()], Known({"acme", "beta"}))[1][0]
        return rejection.tenant

    assert tenant(by_name["82 foreign type"]) == "acme"
    assert tenant(by_name["91 tenantid with a path"]) == "default"
    assert tenant(broken) == "default"
    assert tenant(broken._replace(key=b"acme")) == "acme"
    assert tenant(broken._replace(key=b"Not A Tenant")) == "default"
    assert tenant(broken._replace(headers=[("ce_tenantid", b"beta")], key=b"acme")) == "beta"
    assert tenant(broken._replace(key=b"0b7d6c1e-aaaa")) == "default"
