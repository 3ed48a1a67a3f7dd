"""What the control topic remembers of lost records."""

from ops.losses import Loss, acknowledgement, entry, gaps, losses, unknown

LOST = Loss("crm.costs.v1", 3, 100, 1_304, 1_793_404_800_000, "retention")


def test_a_loss_is_read_back_and_says_what_where_and_when() -> None:
    """As an operator reads it."""
    (found,) = losses([entry(LOST)])

    assert found == LOST
    assert found.text() == (
        "1,204 records of crm.costs.v1/3 (offsets 100 to 1303) were deleted by retention before being read; "
        "detected 2026-10-31 00:00 UTC"
    )


def test_a_loss_that_grows_replaces_itself() -> None:
    """Nothing was read since it was found first."""
    assert losses([entry(LOST), entry(LOST._replace(end=2_000))]) == [LOST._replace(end=2_000)]


def test_what_is_acknowledged_stays_so_and_a_later_loss_is_shown() -> None:
    """Found again by the next worker it is the same loss; a grown or later one is not."""
    known = acknowledgement("crm.costs.v1", 3, 1_304)
    later = LOST._replace(start=5_000, end=5_001)

    assert unknown(losses([entry(LOST), known, entry(LOST)])) == []
    assert unknown(losses([entry(LOST), known, entry(later)])) == [later]
    assert unknown(losses([known, entry(LOST._replace(end=1_305))])) != []
    assert unknown(losses([entry(LOST._replace(partition=2)), known])) != []


def test_kinds_of_newer_builds_and_tombstones_are_left_alone() -> None:
    """An entry that is gone is none."""
    assert losses([(b'["decree","x"]', b'{"v":9}'), entry(LOST), (entry(LOST)[0], None)]) == []


def test_what_somebody_else_wrote_is_left_alone() -> None:
    """No JSON, or other JSON: the losses are told all the same."""
    foreign = [
        (b"", b"x"),
        (b"\xff", b""),
        (b"7", b"{}"),
        (b"[]", b"{}"),
        (b'["loss","t",0,1]', b"x"),
        (b'["ack"]', b"3"),
    ]
    foreign += [(b'["loss"]', b'{"end":1}'), (b'["ack","t"]', b'{"upto":1}'), (b'["loss",[],0,1]', b'{"end":2}')]
    assert losses([*foreign, entry(LOST)]) == [LOST]


def test_only_what_was_skipped_is_a_gap_in_a_recount() -> None:
    """What retention deleted is not there to be read."""
    skipped = LOST._replace(why="skipped", start=7, end=9)

    assert gaps([LOST, skipped], "crm.costs.v1", 3) == [(7, 9)]
    assert gaps([LOST, skipped], "crm.costs.v1", 2) == []
