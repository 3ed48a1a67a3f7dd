"""`crmkpi topics skip|rebase|acknowledge`: decisions about unreadable or lost records."""

import time
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer
from aiokafka import TopicPartition

from access.kafka import client_options
from cli.away import run_on_kafka
from cli.exits import DIFFERENT, EPILOG, CliError
from cli.flags import JsonFlag, KafkaFlag, settings
from cli.term import line, say, show_json
from cli.topics import topics
from models.settings import Settings
from ops.losses import acknowledgement, read_losses, unknown
from ops.topics import admin
from streams.bootstrap import options_from
from streams.losses import write_control
from streams.options import WorkerOptions
from streams.probe import past_unreadable
from streams.rescue import Moved, Rebase, move_inputs, rebase, rebase_of, skip_lane, standing
from streams.restore import new_reader

T = TypeVar("T")
YesFlag = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


@topics.command("skip", epilog=EPILOG)
def skip(
    topic: Annotated[str, typer.Argument(help="An input topic, or the journal.")],
    partition: Annotated[int, typer.Argument(min=0)],
    to: Annotated[int | None, typer.Option("--to", min=0, help="The first offset to read again.")] = None,
    past_corrupt: Annotated[bool, typer.Option("--past-corrupt", help="Find the next readable offset.")] = False,
    yes: YesFlag = False,
    kafka: KafkaFlag = None,
) -> None:
    """Skip records that cannot be read. They will not be counted.

    Workers may keep running: one stuck at the batch continues after it by itself. The range is recorded as a loss.

    Example: crmkpi topics skip crm.costs.v1 3 --past-corrupt
    """
    if (to is None) == (not past_corrupt):
        raise CliError("give either --to OFFSET or --past-corrupt, not both")
    place = settings(kafka)
    options = options_from(place)
    if topic not in (*options.inputs, options.journal):
        raise CliError(f"{topic} is neither an input topic nor the journal: `crmkpi topics list` shows them")
    tp = TopicPartition(topic, partition)
    start, end = _run(place, _range(place, options, tp, to))
    if start == end:
        line(f"{topic}/{partition} can be read at offset {start}: nothing to skip")
        return
    say(f"{topic}/{partition}: offsets {start} to {end - 1} will not be counted: at most {end - start} records;")
    say("the number of events is unknown, and a record of the journal holds many")
    _confirm(yes)
    now = int(time.time() * 1000)
    act = skip_lane(options, partition, end, now) if topic == options.journal else None
    _run(place, act or move_inputs(options, {(topic, partition): (start, end)}, now, "skipped"))
    line(f"{topic}/{partition} continues at offset {end}")


async def _range(place: Settings, options: WorkerOptions, tp: TopicPartition, to: int | None) -> tuple[int, int]:
    """The partition's current position, and the one to continue at. Raises CliError."""
    reader = new_reader(options)
    try:
        await reader.start()
        await _check_partition(place, options, tp)
        start = await _stands(place, options, tp)
        first, end = (await reader.beginning_offsets([tp]))[tp], (await reader.end_offsets([tp]))[tp]
        start = max(start, first)
        if to is None:
            return start, await past_unreadable(reader, tp, start)
        if not start < to <= end:
            raise CliError(f"--to {to}: {tp.topic}/{tp.partition} is at offset {start} and ends at {end}")
        return start, to
    finally:
        await reader.stop()


async def _check_partition(place: Settings, options: WorkerOptions, tp: TopicPartition) -> None:
    async with admin(place.kafka) as link:
        described = [item for item in await link.describe_topics() if item["topic"] == tp.topic]
    if tp.partition not in {part["partition"] for item in described for part in item["partitions"]}:
        raise CliError(f"{tp.topic} has no partition {tp.partition}")


async def _stands(place: Settings, options: WorkerOptions, tp: TopicPartition) -> int:
    """The position in the lane's state, or the group's offset; 0 if there is none."""
    if tp.topic == options.journal:
        at = (await standing(options, tp.partition)).at
        return at.next if at else 0
    async with admin(place.kafka) as link:
        found = await link.list_consumer_group_offsets(options.app_id, partitions=[tp])
    return max(0, found[tp].offset if tp in found else 0)


@topics.command("rebase", epilog=EPILOG)
def rebase_command(
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Do it; without this flag, only show what would be done.")
    ] = False,
    yes: YesFlag = False,
    kafka: KafkaFlag = None,
) -> None:
    """Reset lanes whose state and topics do not match. Only if what is missing cannot be restored.

    For workers that refuse to start (code 78): lost state with a trimmed journal, a journal trimmed before it was
    counted, a topic that was recreated. Lanes that match are left alone. Exit code 1: a decision is needed.

    Example: crmkpi topics rebase
    """
    place = settings(kafka)
    options = options_from(place)
    found = _run(place, _plans(options))
    inputs = _run(place, _behind(place, options))
    for lane, plan in found.items():
        lost = f"; offsets {plan.lost[0]} to {plan.lost[1] - 1} will not be counted" if plan.lost else ""
        gone = f"; {len(plan.gone)} entries of the state will be removed" if plan.gone else ""
        line(f"lane {lane}: {plan.reason}; continues at offset {plan.next}{lost}{gone}")
    for (topic, partition), (at, first) in inputs.items():
        line(f"{topic}/{partition}: ends before offset {at}, up to which it was read; continues at offset {first}")
    if not found and not inputs:
        line("state and topics match: nothing to do")
    elif not accept_loss:
        raise typer.Exit(DIFFERENT)
    else:
        _confirm(yes)
        _run(place, _rebase_all(options, found, inputs))
        line(f"{len(found)} lanes and {len(inputs)} input partitions moved")


async def _plans(options: WorkerOptions) -> dict[int, Rebase]:
    plans = {lane: rebase_of(await standing(options, lane), options.journal) for lane in range(options.lanes)}
    return {lane: plan for lane, plan in plans.items() if plan}


async def _behind(place: Settings, options: WorkerOptions) -> dict[tuple[str, int], tuple[int, int]]:
    """Input partitions that end before the group's offset: (that offset, their beginning)."""
    async with admin(place.kafka) as link:
        offsets = await link.list_consumer_group_offsets(options.app_id)
    places = {tp: meta.offset for tp, meta in offsets.items() if tp.topic in options.inputs}
    if not places:
        return {}
    reader = new_reader(options)
    try:
        await reader.start()
        ends = await reader.end_offsets(list(places))
        begins = await reader.beginning_offsets(list(places))
    finally:
        await reader.stop()
    return {(tp.topic, tp.partition): (at, begins[tp]) for tp, at in places.items() if at > ends[tp]}


async def _rebase_all(
    options: WorkerOptions, plans: dict[int, Rebase], inputs: dict[tuple[str, int], tuple[int, int]]
) -> None:
    now = int(time.time() * 1000)
    if inputs:
        await move_inputs(options, inputs, now, "rebased")
    for lane, plan in plans.items():
        await rebase(options, lane, plan, now)


@topics.command("acknowledge", epilog=EPILOG)
def acknowledge(yes: YesFlag = False, kafka: KafkaFlag = None, as_json: JsonFlag = False) -> None:
    """Show and acknowledge losses. `lag` and `doctor` then stop reporting them.

    Example: crmkpi topics acknowledge --yes
    """
    place = settings(kafka)
    options = options_from(place)
    found = unknown(_run(place, read_losses(client_options(place.kafka), options.control)))
    if as_json:
        show_json([loss._asdict() for loss in found])
    else:
        line(*(loss.text() for loss in found))
    if not found:
        say("no unacknowledged losses")
        return
    _confirm(yes)
    upto = {(loss.topic, loss.partition): loss.end for loss in sorted(found, key=lambda loss: loss.end)}
    _run(place, write_control(options, [acknowledgement(*where, end) for where, end in upto.items()]))
    say(f"{len(found)} losses acknowledged")


def _confirm(yes: bool) -> None:
    if not yes and not typer.confirm("continue?", err=True):
        raise typer.Exit(DIFFERENT)


def _run(place: Settings, work: Coroutine[Any, Any, T]) -> T:
    try:
        return run_on_kafka(place, work)
    except Moved as error:
        raise CliError(f"{error}: try again", DIFFERENT) from error
