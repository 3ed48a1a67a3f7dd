"""Feeds other than the benchmark's own: ``python -m bench.feeds [--orders N] [--mixed N] [--history N]``.

- orders: `crmkpi compute` of a shop's orders (`bench.orders`)
- mixed: `crmkpi compute` of 90 days of three simulated companies, events of every kind
- history: 90 days of one simulated shop, validated and counted in process, as in a worker loading it

Events per CPU second. With ``--file``, orders come from a file of events.
"""

import argparse
import gc
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from time import process_time
from typing import Final

import orjson

from bench.child import compute, run
from bench.orders import END_MS as ORDERS_END
from bench.orders import ORDERS, orders
from bench.place import toml
from bench.state import UNTIL, batches
from bench.workload import rfc3339
from kpis.engine import Engine
from models.blocks import decode_block, encode_blocks
from models.tenants import TenantBook
from models.validate import validate
from simulator import sized, tenant_settings
from simulator.sent import Sent

MIXED: Final = 200_000
HISTORY: Final = 200_000
COMPANIES: Final = 3
DAYS: Final = 90


def mixed(number: int) -> Iterator[bytes]:
    """Events of three companies, all as structured JSON."""
    world = sized(Random(1), COMPANIES, number, UNTIL, days=DAYS)
    return (structured(sent) for sent in islice(world.history(), number))


def structured(sent: Sent) -> bytes:
    """A record as a line of a file; in binary mode its attributes are headers and its value is only the data."""
    value = sent.value or b""
    if not sent.headers:
        return value
    named = {name.removeprefix("ce_"): text.decode() for name, text in sent.headers if name.startswith("ce_")}
    return orjson.dumps({**named, "data": orjson.Fragment(value)})


def computed(lines: Iterable[bytes], as_of: int, settings: str = "") -> float:
    """Events per CPU second of `crmkpi compute`, from start to printed documents."""
    with tempfile.TemporaryDirectory(prefix="crmkpi-bench-") as folder:
        file, config, number = Path(folder, "events.jsonl"), Path(folder, "crmkpi.toml"), 0
        config.write_text(settings)
        with file.open("wb") as out:
            for line in lines:
                out.write(line + b"\n")
                number += 1
        return number / compute(file, rfc3339(as_of), "--config", str(config)).cpu_s


def order_rate(number: int, file: Path | None = None) -> float:
    """Orders from a file, or generated ones."""
    lines = orders(number) if file is None else list(islice(file.open("rb"), number))
    return computed((line.rstrip(b"\n") for line in lines), ORDERS_END)


def mixed_rate(number: int) -> float:
    """Events of every kind."""
    return computed(mixed(number), UNTIL, toml(tenant_settings(COMPANIES)))


def history_rate(number: int) -> float:
    """90 days of one shop, in a separate process."""
    counted, seconds = orjson.loads(run("bench.feeds", "--one", str(number)).out)
    return float(counted / seconds)


def history(number: int) -> tuple[int, float]:
    """(events, CPU seconds) to validate and count them in process, in batches of 2,000."""
    engine = Engine(TenantBook.from_mapping({"tenants": tenant_settings(1)}))
    gc.disable()  # as in a worker, which collects when idle
    counted, spent = 0, 0.0
    for batch in batches(number):
        began = process_time()
        rows, rejections = validate(batch)
        for name, block in encode_blocks(batch[0].topic, 0, rows, [one.refusal() for one in rejections]):
            engine.apply(decode_block(block), name, batch[-1].timestamp)
        engine.finish()
        spent += process_time() - began
        counted += len(batch)
    return counted, spent


def main(words: Sequence[str]) -> None:
    """Run what is requested, or everything at full size."""
    if words[:1] == ["--one"]:
        print(orjson.dumps(history(int(words[1]))).decode())
        return
    parser = argparse.ArgumentParser(prog="bench.feeds", description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, help=f"orders (all: {ORDERS:,})")
    parser.add_argument("--mixed", type=int, help=f"events of three companies (all: {MIXED:,})")
    parser.add_argument("--history", type=int, help=f"events of one shop (all: {HISTORY:,})")
    parser.add_argument("--file", type=Path, help="a JSONL file of orders, in place of drawn ones")
    given = parser.parse_args(words)
    every = given.orders is given.mixed is given.history is None
    found = {}
    if every or given.orders:
        found["orders"] = order_rate(given.orders or ORDERS, given.file)
    if every or given.mixed:
        found["mixed"] = mixed_rate(given.mixed or MIXED)
    if every or given.history:
        found["history"] = history_rate(given.history or HISTORY)
    for name, rate in found.items():
        print(f"{name:10}{rate:10,.0f} events a CPU second")
    print(orjson.dumps(found).decode())


if __name__ == "__main__":
    main(sys.argv[1:])
