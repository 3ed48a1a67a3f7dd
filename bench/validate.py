"""The cost of validation: microseconds per event, and the slowdown caused by 1 % of bad records.

Run ``python -m bench.validate``. CPU time, best of the rounds: other load on the machine matters little.
"""

import gc
import random
from collections.abc import Callable, Sequence
from time import process_time

import orjson

from models.record import RawRecord
from models.validate import encode_blocks, validate

BATCH = 1000
ROUNDS = 40
TIMESTAMP = 1_717_243_200_000


def page_view(number: int) -> RawRecord:
    """A valid structured event of about 300 bytes."""
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
    """The same records with a share of them broken, in turn by syntax, a missing field, and a wrong type."""
    breaks = ((b"}}", b"}"), (b'"url"', b'"URL"'), (b"crm.page", b"crn.page"))
    found = list(records)
    for turn, place in enumerate(random.Random(1).sample(range(len(found)), round(len(found) * share))):
        old, new = breaks[turn % len(breaks)]
        found[place] = found[place]._replace(value=(found[place].value or b"").replace(old, new))
    return found


def costs(*works: Callable[[], object]) -> list[float]:
    """Best CPU microseconds per event of each function; they take turns, so that a busy machine affects all alike."""
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for place, work in enumerate(works):
            gc.collect()
            start = process_time()
            work()
            best[place] = min(best[place], process_time() - start)
    return [seconds / BATCH * 1e6 for seconds in best]


def main() -> None:
    """Print the figures; plain parsing is included for comparing machines."""
    clean = [page_view(number) for number in range(BATCH)]
    mixed = with_bad(clean, 0.01)
    values = [record.value or b"" for record in clean]
    rows, _ = validate(clean)
    parsing, good, bad, encoding = costs(
        lambda: [orjson.loads(value) for value in values],
        lambda: validate(clean),
        lambda: validate(mixed),
        lambda: encode_blocks("crm.touchpoints.pages.v1", 0, rows, ()),
    )
    print(f"event size          {sum(map(len, values)) / BATCH:8.0f} bytes")
    print(f"orjson.loads        {parsing:8.2f} µs/event")
    print(f"validate            {good:8.2f} µs/event")
    print(f"validate, 1 % bad   {bad:8.2f} µs/event")
    print(f"throughput ratio    {good / bad:8.3f}")
    print(f"encode_blocks       {encoding:8.2f} µs/event")


if __name__ == "__main__":
    main()
