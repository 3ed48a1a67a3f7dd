"""What validation costs: microseconds an event, and how much 1 % of bad records slows it down.

Run ``python -m bench.validate``. CPU time, best of the rounds: other work on the machine counts little.
"""

import gc
import random
from collections.abc import Sequence
from time import process_time

import orjson

from models.record import RawRecord
from models.validate import encode_blocks, validate

BATCH = 1000
ROUNDS = 40
TIMESTAMP = 1_717_243_200_000


def page_view(number: int) -> RawRecord:
    """A good structured event of about 300 bytes."""
    campaign = {"source": "newsletter", "medium": "email", "name": "spring"}
    data = {"anonymous_id": f"v-{number}", "url": "https://acme.example/pricing", "campaign": campaign}
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": f"evt-{number:08}",
        "source": "/web/acme",
        "type": "crm.page.viewed",
    }
    event |= {"type": "crm.page.viewed", "time": "2024-06-01T10:00:00Z", "tenantid": "acme"}
    event["data"] = {**data, "session_id": f"s-{number}"}
    return RawRecord("crm.touchpoints.pages.v1", 0, number, TIMESTAMP, None, orjson.dumps(event))


def with_bad(records: Sequence[RawRecord], share: float) -> list[RawRecord]:
    """The same records, a share of them broken in turn by syntax, by a missing field, and by a wrong type."""
    breaks = ((b"}}", b"}"), (b'"url"', b'"URL"'), (b"crm.page", b"crn.page"))
    found = list(records)
    for turn, place in enumerate(random.Random(1).sample(range(len(found)), round(len(found) * share))):
        old, new = breaks[turn % len(breaks)]
        found[place] = found[place]._replace(value=(found[place].value or b"").replace(old, new))
    return found


def cost(records: Sequence[RawRecord]) -> float:
    """Best CPU microseconds an event."""
    best = float("inf")
    for _ in range(ROUNDS):
        gc.collect()
        start = process_time()
        validate(records)
        best = min(best, process_time() - start)
    return best / len(records) * 1e6


def encoding_cost(records: Sequence[RawRecord]) -> float:
    """The same for writing the rows as blocks."""
    rows, _ = validate(records)
    best = float("inf")
    for _ in range(ROUNDS):
        start = process_time()
        encode_blocks("crm.touchpoints.pages.v1", 0, rows, ())
        best = min(best, process_time() - start)
    return best / len(records) * 1e6


def main() -> None:
    """Print the figures."""
    clean = [page_view(number) for number in range(BATCH)]
    mixed = with_bad(clean, 0.01)
    good, bad = cost(clean), cost(mixed)
    print(f"event size          {sum(len(record.value or b'') for record in clean) / BATCH:8.0f} bytes")
    print(f"validate            {good:8.2f} µs/event")
    print(f"validate, 1 % bad   {bad:8.2f} µs/event")
    print(f"throughput ratio    {good / bad:8.3f}")
    print(f"encode_blocks       {encoding_cost(clean):8.2f} µs/event")


if __name__ == "__main__":
    main()
