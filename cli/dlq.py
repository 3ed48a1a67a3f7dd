"""`crmkpi dlq`: what was refused, and sending it again."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, Final, TypeVar

import typer
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from rich.box import SIMPLE_HEAD
from rich.table import Table

from cli.exits import DIFFERENT, EPILOG, CliError, kafka_away
from cli.flags import JsonFlag, KafkaFlag, one_of, settings
from cli.letters import Choice, Letter, Sending, grouped, letter_of, mark, marks, open_letters, sending
from cli.lines import parsed
from cli.moment import as_of_ms
from cli.root import Group, app
from cli.term import cell, line, out, say, show_json
from models.settings import Settings
from models.validate import REASONS
from ops.losses import read_small
from ops.topics import admin
from streams.bootstrap import options_from
from streams.options import WorkerOptions
from streams.originals import Original, Originals
from streams.producing import Output
from streams.resend import resend
from streams.restore import new_reader, read_partition

T = TypeVar("T")
AT_A_TIME: Final = 500  # letters of one transaction
ORIGINAL_S: Final = 30.0
TenantOption = Annotated[str | None, typer.Option("--tenant", help="Only this tenant.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Only this reason.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="T", help="Only rejected at or after T, such as 2026-10-31T12:00:00Z.")
]
IdsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="TOPIC/PARTITION/OFFSET, as shown by ls.")
]
AllFlag = Annotated[bool, typer.Option("--all", help="Everything the other flags select, or everything.")]
DryFlag = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]

dlq = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Dead letters: rejected events, and why.\n\nExample: crmkpi dlq ls",
)
app.add_typer(dlq, name="dlq", epilog=EPILOG)


@dlq.command("ls", epilog=EPILOG)
def list_letters(
    tenant: TenantOption = None,
    reason: ReasonOption = None,
    since: SinceOption = None,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """List open dead letters. Grouped by topic, reason and field, with the id of the newest in each group.

    Example: crmkpi dlq ls --tenant acme --since 2026-10-31T12:00:00Z
    """
    place = settings(kafka)
    found = grouped(_chosen(place, _choice(place, None, tenant, reason, since)))
    if as_json:
        show_json([group._asdict() for group in found])
        return
    table = Table(pad_edge=False, box=SIMPLE_HEAD)
    for name in ("topic", "reason", "field", "letters", "newest", "id of the newest"):
        table.add_column(name, justify="right" if name == "letters" else "left")
    for group in found:
        shown = [group.topic, group.reason, group.field, f"{group.letters:,}", _time(group.newest), group.example]
        table.add_row(*map(cell, shown))
    if found:
        out().print(table)
    line(f"{sum(group.letters for group in found):,} dead letters to deal with")


@dlq.command("show", epilog=EPILOG)
def show(
    letter: Annotated[str, typer.Argument(metavar="ID", help="TOPIC/PARTITION/OFFSET, as shown by ls.")],
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show one dead letter, and the event as it was sent.

    Example: crmkpi dlq show crm.costs.v1/3/1204
    """
    place = settings(kafka)
    options = options_from(place)
    topic, partition, _ = _parsed(letter)
    held = [one for one in _run(place, _read(place, options, [(topic, partition)])) if one.id == letter]
    if not held:
        raise CliError(f"no such dead letter: {letter}", DIFFERENT)
    found = held[-1]
    originals = _run(place, _originals(options, [found])) if _incomplete(found) else {}
    told = originals.get(found.origin)
    key, value, headers = (told.key, told.value, told.headers) if told else (found.key, found.value, found.headers)
    whole = "as it was sent" if told or not _incomplete(found) else _lacking(found)
    if as_json:
        show_json({
            "id": found.id, "refused_at": _time(found.at), "tenant": found.tenant, "stage": found.stage,
            "reason": found.reason, "field": found.field, "detail": found.detail, "event": whole,
            "key": _for_json(key), "headers": [[name, _for_json(text)] for name, text in headers],
            "value": _for_json(value),
        })  # fmt: skip
        return
    line(f"id       {found.id}", f"rejected {_time(found.at)} by {found.stage}", f"tenant   {found.tenant}")
    line(f"reason   {found.reason} {found.field}: {found.detail}", f"event    {whole}", f"key      {_shown(key)}")
    line(*(f"header   {name}: {_shown(text)}" for name, text in headers))
    line(*_shown(value).split("\n"))


@dlq.command("retry", epilog=EPILOG)
def retry(
    ids: IdsArgument = None,
    tenant: TenantOption = None,
    reason: ReasonOption = None,
    since: SinceOption = None,
    every: AllFlag = False,
    dry_run: DryFlag = False,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Send events again once the fault is fixed. To the topic they came from, with the same bytes, key and headers.

    Sending an event and marking it as sent is one transaction, so each is sent once. An event without an id gets a
    new one from its new position. An event rejected again becomes a new dead letter. Exit code 1: some events cannot
    be sent.

    Example: crmkpi dlq retry --reason engine_error
    """
    place = settings(kafka)
    options = options_from(place)
    letters = _chosen(place, _selected(place, ids, tenant, reason, since, every))
    originals = _run(place, _originals(options, filter(_incomplete, letters)))
    tried = [(letter, sending(letter, lambda one: originals.get(one.origin))) for letter in letters]
    ready = [one for _, one in tried if isinstance(one, Sending)]
    left = [(letter.id, one) for letter, one in tried if isinstance(one, str)]
    if not dry_run:
        _run(place, _send(options, ready))
    say(*(f"{id_}: not sent: {why}" for id_, why in left))
    without = sum("id" not in (parsed(one.value or b"") or {}) and "ce_id" not in dict(one.headers) for one in ready)
    _told(len(ready), "would be sent" if dry_run else "sent", len(left), as_json)
    if without:
        say(f"{without} of them have no id of their own: they get one from their new position in the topic")
    if left:
        raise typer.Exit(DIFFERENT)


@dlq.command("discard", epilog=EPILOG)
def discard(
    ids: IdsArgument = None,
    tenant: TenantOption = None,
    reason: ReasonOption = None,
    since: SinceOption = None,
    every: AllFlag = False,
    dry_run: DryFlag = False,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Mark dead letters as needing no action. `ls` no longer shows them; the topic keeps them until its retention ends.

    Example: crmkpi dlq discard --reason not_json --tenant default
    """
    place = settings(kafka)
    letters = _chosen(place, _selected(place, ids, tenant, reason, since, every))
    if not dry_run:
        _run(place, _mark(options_from(place), letters))
    _told(len(letters), "would be discarded" if dry_run else "discarded", 0, as_json)


def _told(done: int, what: str, left: int, as_json: bool) -> None:
    if as_json:
        show_json({what.rpartition(" ")[2]: done, "left": left, "dry_run": what.startswith("would")})
    else:
        line(f"{done} {what}{f', {left} not sent' if left else ''}")


def _choice(
    place: Settings, ids: Sequence[str] | None, tenant: str | None, reason: str | None, since: str | None
) -> Choice:
    for letter in ids or ():
        _parsed(letter)
    if reason is not None:
        one_of(reason, REASONS, "reason", "docs/operations.md lists them")
    return Choice(ids or (), tenant, reason, as_of_ms(since, place.tenant.tz, "--since") if since else None)


def _selected(
    place: Settings, ids: list[str] | None, tenant: str | None, reason: str | None, since: str | None, every: bool
) -> Choice:
    if not any((ids, tenant, reason, since, every)):
        raise CliError("nothing selected: give ids, --tenant, --reason, --since or --all")
    return _choice(place, ids, tenant, reason, since)


def _parsed(letter: str) -> tuple[str, int, int]:
    topic, _, rest = letter.partition("/")
    partition, _, offset = rest.partition("/")
    if not (topic and partition.isdigit() and offset.isdigit()):
        raise CliError(f"{letter} is not a dead-letter id: use TOPIC/PARTITION/OFFSET, as shown by `crmkpi dlq ls`")
    return topic, int(partition), int(offset)


def _chosen(place: Settings, choice: Choice) -> list[Letter]:
    options = options_from(place)
    places = sorted({_parsed(letter)[:2] for letter in choice.ids}) or None
    letters = _run(place, _read(place, options, places))
    told = marks(_run(place, _marks(options)))
    found = [letter for letter in open_letters(letters, told).values() if choice.holds(letter)]
    if missing := set(choice.ids) - {letter.id for letter in found}:
        raise CliError(f"no such dead letter, or already dealt with: {', '.join(sorted(missing))}", DIFFERENT)
    return found


async def _read(place: Settings, options: WorkerOptions, places: list[tuple[str, int]] | None) -> list[Letter]:
    """Every letter of these input partitions; None: of all."""
    wanted = {name + options.dlq_suffix for name in options.inputs}
    async with admin(place.kafka) as link:
        described = [item for item in await link.describe_topics() if item["topic"] in wanted]
    there = [TopicPartition(item["topic"], part["partition"]) for item in described for part in item["partitions"]]
    if places is not None:
        asked = {(topic + options.dlq_suffix, partition) for topic, partition in places}
        there = [tp for tp in there if tuple(tp) in asked]
    return [letter async for letter in _letters(options, sorted(there))]


async def _letters(options: WorkerOptions, there: list[TopicPartition]) -> AsyncIterator[Letter]:
    reader = new_reader(options)
    try:
        await reader.start()
        begins = await reader.beginning_offsets(there) if there else {}
        ends = await reader.end_offsets(there) if there else {}
        for tp in (tp for tp in there if ends[tp] > begins[tp]):
            async for records in read_partition(reader, tp, ends[tp], start=begins[tp]):
                for record in records:
                    if letter := letter_of(record):
                        yield letter
    finally:
        await reader.stop()


async def _marks(options: WorkerOptions) -> list[tuple[bytes, bytes | None]]:
    reader = new_reader(options)
    try:
        await reader.start()
        if options.marks not in await reader.topics():
            return []
        return await read_small(reader, TopicPartition(options.marks, 0))
    finally:
        await reader.stop()


def _incomplete(letter: Letter) -> bool:
    return letter.truncated is not None or letter.reconstructed


def _lacking(letter: Letter) -> str:
    if letter.truncated is not None:
        return f"beginning only; it had {letter.truncated:,} bytes and is no longer in the input topic"
    return "rebuilt from the journal: it is no longer in the input topic"


async def _originals(options: WorkerOptions, letters: Iterable[Letter]) -> dict[tuple[str, int, int], Original]:
    source = Originals(options)
    found: dict[tuple[str, int, int], Original] = {}
    try:
        waiting = iter([letter.origin for letter in letters])
        while some := list(islice(waiting, AT_A_TIME)):
            found |= await source.fetch(some, ORIGINAL_S)
    finally:
        await source.close()
    return found


async def _send(options: WorkerOptions, ready: Sequence[Sending]) -> None:
    waiting = iter(ready)
    while some := list(islice(waiting, AT_A_TIME)):
        events: dict[tuple[str, int], list[Output]] = {}
        for one in some:
            events.setdefault(one.letter.origin[:2], []).append((one.key, one.value, [*one.headers]))
        await resend(options, events, [mark(one.letter, "retried", max(_now(), one.letter.at)) for one in some])


async def _mark(options: WorkerOptions, letters: Sequence[Letter]) -> None:
    waiting = iter(letters)
    while some := list(islice(waiting, AT_A_TIME)):
        await resend(options, {}, [mark(letter, "discarded", max(_now(), letter.at)) for letter in some])


def _now() -> int:
    return int(time.time() * 1000)


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(raw: bytes | None) -> str:
    return "none" if raw is None else raw.decode(errors="backslashreplace")


def _for_json(raw: bytes | None) -> Any:
    try:
        return None if raw is None else raw.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw or b"").decode()}


def _run(place: Settings, work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except (KafkaError, OSError) as error:
        raise kafka_away(place.kafka, error) from error
