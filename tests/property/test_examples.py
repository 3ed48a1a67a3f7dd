"""Every example and live scenario has its stated result: told once, told twice, and beside another tenant."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from kpis.engine import Engine
from kpis.publish.tenants import AWAKE
from models.identity import identity_hash
from models.money import digits, iso
from models.record import BOT, Block, Refusal, Row
from models.settings import TenantBook
from recount.documents import instant_text, key
from recount.facts import Item
from tests.feed import Feed, ms
from tests.property.example_stories import Stage
from tests.property.examples import EXAMPLES, QUALITY, settings_of
from tests.property.lanes import JOURNAL_TS, Lane, batches
from tests.property.parts import renamed
from tests.property.test_engine import often

MONEY = ("amount", "tax", "mrr")
INSTANTS = ("closed_at", "due_at", "effective_at")
OF_RECEIVED = {*QUALITY, "unpriced_rate", "bot_rate"}  # repeated lines count in them
TURNED = ("target.attainment", "target.pace")  # of what is better the less it is: half of it is twice as good
FIXED = ("status", "state", "target.value", "target.since", "target.elapsed", "target")
REQUIRED = ("value", "n", "status", "state", "late_revised")
COUNTED = ("n", "open", "unpriced", "late_revised", "excluded")
every_example = pytest.mark.parametrize("name", EXAMPLES)


def give(engine: Engine, tenant: str, items: list[Item], first: int) -> None:
    """Items of a feed as one block of one batch; their offsets go on from ``first``."""
    rows = [item._replace(offset=first + number) for number, item in enumerate(items)]
    block: Block = {
        "topic": "in", "partition": 0, "rows": [list(row) for row in rows if isinstance(row, Row)],
        "refused": [list(row) for row in rows if isinstance(row, Refusal)],
    }  # fmt: skip
    engine.apply(block, tenant, JOURNAL_TS)
    engine.finish()


def twin(item: Item) -> Item:
    """The same with other ids: a second story in parallel. Rates are repeated unchanged."""
    if isinstance(item, Refusal):
        return item
    name = f"{item.id}-twin"
    return item._replace(id=name, identity=identity_hash("t", item.source, name), data=renamed(item.data, "-twin"))


def parsed(name: str) -> tuple[str, tuple[tuple[str, str], ...], str]:
    """What is stated: ``kpi``, ``kpi.field``, ``kpi.parts.name`` or ``kpi[dimension=value].field``."""
    whole, _, behind = name.partition("]")
    kpi, bracket, inside = whole.partition("[")
    if not bracket:
        kpi, _, field = name.partition(".")
        return kpi, (), field
    dimension, _, value = inside.partition("=")
    return kpi, ((dimension, value),), behind.removeprefix(".")


def is_ordered(stages: Sequence[Stage]) -> bool:
    """Whether a story tells of what is received: its lines have an order, and none comes twice."""
    return any(parsed(name)[0] in OF_RECEIVED for stage in stages for name in stage.values)


def adds_up(document: dict[str, Any], field: str) -> bool:
    """Whether two of a story have twice as much: counts and sums, not what is divided."""
    mean = not field and document["unit"] == "money" and document["denominator"] is not None
    return field in COUNTED or (field not in FIXED and document["unit"] in ("count", "money", "money/day") and not mean)


def inner(document: dict[str, Any], field: str) -> Any:
    """A field, or behind a dot one of its own; None where there is none."""
    name, dot, rest = field.partition(".")
    return inner(document.get(name) or {}, rest) if dot else document[name] if name in REQUIRED else document.get(name)


def check(stage: Stage, found: dict[Any, Any], times: int = 1) -> None:
    """The values (or, behind a dot, other fields) that a stage states; counts and money ``times`` as much."""
    for name, wanted in stage.values.items():
        kpi, segment, field = parsed(name)
        document = found[(kpi, stage.window, segment)]
        if wanted is not None and field in TURNED and document["direction"] == "down":
            wanted = wanted / times if adds_up(document, field) else wanted
        elif wanted is not None and adds_up(document, field):
            wanted = str(Decimal(wanted) * times) if isinstance(wanted, str) else wanted * times
        assert inner(document, field or "value") == (pytest.approx(wanted) if isinstance(wanted, float) else wanted), (
            document
        )


def run(name: str, *, twice: bool = False, noise: bool = False) -> None:
    """Tell an example's stages to an engine and check each."""
    engine, feed, told = Engine(TenantBook(settings_of(name))), Feed(), 0
    for stage in EXAMPLES[name]:
        stage.tell(feed)
        new = feed.items[told:]
        more = [twin(item) for item in new] if twice else []
        if noise:
            give(engine, "noise", [twin(item) for item in new[::2]], told)
        give(engine, "t", [*new, *more], told * 2)
        told = len(feed.items)
        found = {key(doc): doc for doc in engine.documents("t", ms(stage.as_of), live=False, full=True)}
        check(stage, found, 2 if twice else 1)
        assert engine.recount("t") == []


@every_example
def test_an_example_has_its_stated_result(name: str) -> None:
    """Through the engine, stage by stage."""
    run(name, noise=True)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if not is_ordered(EXAMPLES[name])])
@settings(often, max_examples=5)
@given(st.randoms(use_true_random=True))
def test_an_example_has_its_stated_result_in_any_order(name: str, chance: Random) -> None:
    """All of a stage mixed, in any batches, from several partitions, some told twice, and with a restart in between."""
    feed, last = Feed(), chance.choice(EXAMPLES[name])
    for stage in EXAMPLES[name][: EXAMPLES[name].index(last) + 1]:
        stage.tell(feed)
    rows = [item for item in feed.items if isinstance(item, Row)]
    told = chance.sample([*rows, *rows[::3]], len(rows) + len(rows[::3]))
    arrived = batches(told, chance.choices(range(3), k=len(told)), chance.choices((False, True), k=len(told)))
    half = chance.randint(0, len(arrived))
    lane = Lane(TenantBook(settings_of(name)), awake=AWAKE).take(arrived[:half])
    lane.restart(half)
    check(last, lane.take(arrived[half:]).documents("t", ms(last.as_of), [last.window]))


@every_example
def test_two_of_a_story_count_twice_and_have_the_same_rates(name: str) -> None:
    """The same with every id a second time."""
    run(name, twice=True)


def in_major(amount: int, currency: str) -> str:
    """An amount as a producer tells it."""
    return format(Decimal(amount).scaleb(-digits(currency)), "f")


def as_event(item: Item) -> str:
    """The line of a file that becomes this item."""
    if isinstance(item, Refusal):
        return json.dumps({"tenantid": "t", "recordedtime": item.received, "id": str(item.offset)})
    data: dict[str, Any] = {
        name: in_major(value, item.data.get("currency", "EUR")) if name in MONEY else value
        for name, value in item.data.items()
    }
    data |= {"currency": iso(data["currency"])} if "currency" in data else {}
    data |= {name: instant_text(data[name]) for name in INSTANTS if isinstance(data.get(name), int)}
    data |= {"machine": True} if item.flags & BOT else {}
    times = {"time": instant_text(item.time), "recordedtime": instant_text(item.received)}
    return json.dumps({"id": item.id, "source": item.source, "type": item.type, "tenantid": "t", **times, "data": data})


def toml(value: Any) -> str:
    """A value as a settings file has it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {toml(one)}" for name, one in value.items()) + " }"
    return f"[{', '.join(map(toml, value))}]" if isinstance(value, list) else json.dumps(value)


@every_example
def test_compute_gives_the_stated_result(name: str, tmp_path: Path) -> None:
    """From a file, without a server: wherever nothing of the story happens after the as-of."""
    feed = Feed()
    for stage in EXAMPLES[name]:
        stage.tell(feed)
        times = [item.time for item in feed.items if isinstance(item, Row)]
        if max(times) >= ms(stage.as_of) or any(isinstance(item, Refusal) for item in feed.items):
            continue
        (tmp_path / "events.jsonl").write_text("\n".join(map(as_event, feed.items)))
        as_of = instant_text(ms(stage.as_of))
        said = json.loads(settings_of(name).model_dump_json(exclude_defaults=True))
        lines = [f"{setting} = {toml(value)}" for setting, value in said.items()]
        (tmp_path / "settings.toml").write_text("\n".join(["[tenant]", *lines]))
        args = [
            "compute",
            tmp_path / "events.jsonl",
            "--as-of",
            as_of,
            "--config",
            tmp_path / "settings.toml",
            "--json",
        ]
        result = CliRunner().invoke(app, [*map(str, args), *(f"--kpi={parsed(name)[0]}" for name in stage.values)])
        assert result.exit_code == 0, result.stderr
        check(stage, {key(doc): doc for doc in json.loads(result.stdout)})
