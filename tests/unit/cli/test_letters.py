"""Dead letters as they are listed, chosen and sent again."""

import hashlib
from typing import Any, NamedTuple

import orjson
import pytest

from cli.letters import Choice, Letter, Sending, grouped, letter_of, mark, marks, open_letters, sending
from streams import dead_letters


class Record(NamedTuple):
    """As a consumer gives it."""

    key: bytes | None
    value: bytes | None
    headers: Any
    timestamp: int = 1_000


EVENT = b'{"type": "crm.deal.won",  "tenantid":"acme", "data":{}}'
OWN = [("ce_x", b"\xff"), ("trace", b"1")]


def refused(
    offset: int = 7, reason: str = "missing_field", value: bytes = EVENT, at: int = 1_000, limit: int = 1 << 20,
    stage: str = "accept", tenant: str = "acme",
) -> Letter:  # fmt: skip
    """A letter as a worker writes it, read back."""
    headers = dead_letters.headers_of(
        "crm.x", 3, offset, 5, stage=stage, reason=reason, field="deal_id", detail="why", tenant=tenant
    )
    found = letter_of(Record(*dead_letters.output(b"k", value, OWN, headers, limit), at))
    assert found is not None
    return found


def gone(letter: Letter) -> None:
    """The input topic has it no more."""
    return


def test_a_retry_sends_the_bytes_key_and_headers_that_came() -> None:
    """Ours are stripped; blanks, order and odd bytes are the producer's."""
    assert sending(refused(), gone) == Sending(refused(), b"k", EVENT, OWN)


def test_a_letter_says_where_why_and_whose() -> None:
    """Its id is the event's place; a letter of an earlier release names its tenant in the event only."""
    assert refused().id == "crm.x/3/7"
    assert refused()[2:7] == ("acme", "accept", "missing_field", "deal_id", "why")
    assert refused(tenant="").tenant == "acme"
    assert refused(tenant="", value=b"{broken").tenant == "default"
    assert letter_of(Record(None, b"x", [("other", b"1")])) is None


def test_what_somebody_else_wrote_into_our_topics_is_left_alone() -> None:
    """Records that are no letters, and marks that are none."""
    place = [("crmkpi.topic", b"t"), ("crmkpi.partition", b"1"), ("crmkpi.offset", b"2")]
    odd = letter_of(Record(b"\xff", b"\xff", [*place, ("crmkpi.truncated", b"x"), ("crmkpi.sha256", b"\xff")]))
    assert odd is not None
    assert odd.truncated is None
    assert letter_of(Record(None, None, [*place[:2], ("crmkpi.offset", b"two")])) is None
    assert marks([(b"\xff", b"x"), (b"a", b"[]"), (b"b", b"{}"), (b"c", None)]) == {}


def test_a_truncated_letter_is_sent_from_the_topic_or_not_at_all() -> None:
    """Only when it is the same record."""
    cut, whole = refused(value=EVENT * 100, limit=100), Record(b"k", EVENT * 100, OWN)

    assert cut.truncated == len(EVENT) * 100
    assert cut.sha256 == hashlib.sha256(EVENT * 100).hexdigest()
    assert sending(cut, lambda letter: whole) == Sending(cut, b"k", EVENT * 100, OWN)
    assert "recreated" in str(sending(cut, lambda letter: Record(b"k", b"other", [])))
    assert "no longer" in str(sending(cut, gone))


def test_a_row_of_the_journal_is_never_sent_as_an_event() -> None:
    """Letters of an earlier release, and rebuilt events, are read from the topic."""
    row = refused(stage="count", reason="engine_error", value=b"[7,1]")

    assert row.reconstructed
    assert "no longer" in str(sending(row, gone))


def test_a_conflict_is_not_sent_again() -> None:
    """It would be one again."""
    assert "another id" in str(sending(refused(reason="id_conflict"), gone))


def test_what_is_dealt_with_is_listed_no_more_until_it_is_refused_again() -> None:
    """A repeat after a crash has the same origin; a later letter of it is news."""
    told = marks([mark(refused(7), "retried", 2_000)])

    assert list(open_letters([refused(7), refused(8), refused(7)], told)) == ["crm.x/3/8"]
    assert list(open_letters([refused(7, at=2_001)], told)) == ["crm.x/3/7"]


def test_letters_are_grouped_by_what_is_wrong() -> None:
    """The newest of each is shown."""
    first, second = grouped([refused(1), refused(2, at=9_000), refused(3, reason="bad_time")])

    assert first == ("crm.x", "missing_field", "deal_id", 2, 9_000, "crm.x/3/2")
    assert second.letters == 1


@pytest.mark.parametrize(
    ("choice", "held"),
    [
        (Choice(), True), (Choice(ids=["crm.x/3/7"]), True), (Choice(ids=["crm.x/3/8"]), False),
        (Choice(tenant="other"), False), (Choice(reason="bad_time"), False), (Choice(since=1_001), False),
        (Choice(tenant="acme", reason="missing_field", since=1_000), True),
    ],
)  # fmt: skip
def test_a_choice_holds_what_fits_all_of_it(choice: Choice, held: bool) -> None:
    """By id, tenant, reason and time."""
    assert choice.holds(refused()) is held


def test_the_event_of_a_letter_is_the_one_that_was_sent() -> None:
    """Byte by byte, so that a fault in it can be seen."""
    assert refused().value == EVENT
    assert orjson.loads(refused().value or b"")["tenantid"] == "acme"
