"""`crmkpi dlq`: lists, shows, retries and discards dead letters."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from cli.away import run_on_kafka
from cli.dead_letters import (
    incomplete,
    mark_discarded,
    originals_of,
    read_letters,
    read_marks,
    send_again,
    time_text,
    whole,
)
from cli.exits import DIFFERENT, EPILOG, CliError
from cli.flags import JsonFlag, KafkaFlag, one_of, settings
from cli.letters import Choice, Letter, Sending, grouped, marks, open_letters, sending
from cli.lines import parsed
from cli.moment import as_of_ms
from cli.root import Group, app
from cli.term import cell, line, out, say, show_json
from models.settings import Settings
from models.validate import REASONS
from streams.bootstrap import options_from

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
        shown = [group.topic, group.reason, group.field, f"{group.letters:,}", time_text(group.newest), group.example]
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
    held = [one for one in run_on_kafka(place, read_letters(place, options, [(topic, partition)])) if one.id == letter]
    if not held:
        raise CliError(f"no such dead letter: {letter}", DIFFERENT)
    found = held[-1]
    originals = run_on_kafka(place, originals_of(options, [found])) if incomplete(found) else {}
    sent = originals.get(found.origin)
    shown = whole(found, sent)
    if as_json:
        show_json(shown)
        return
    key, value, headers = (sent.key, sent.value, sent.headers) if sent else (found.key, found.value, found.headers)
    line(f"id       {found.id}", f"rejected {time_text(found.at)} by {found.stage}", f"tenant   {found.tenant}")
    line(
        f"reason   {found.reason} {found.field}: {found.detail}",
        f"event    {shown['event']}",
        f"key      {_shown(key)}",
    )
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
    originals = run_on_kafka(place, originals_of(options, filter(incomplete, letters)))
    tried = [(letter, sending(letter, lambda one: originals.get(one.origin))) for letter in letters]
    ready = [one for _, one in tried if isinstance(one, Sending)]
    left = [(letter.id, one) for letter, one in tried if isinstance(one, str)]
    if not dry_run:
        run_on_kafka(place, send_again(options, ready))
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
        run_on_kafka(place, mark_discarded(options_from(place), letters))
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
    letters = run_on_kafka(place, read_letters(place, options, places))
    marked = marks(run_on_kafka(place, read_marks(options)))
    found = [letter for letter in open_letters(letters, marked).values() if choice.holds(letter)]
    if missing := set(choice.ids) - {letter.id for letter in found}:
        raise CliError(f"no such dead letter, or already dealt with: {', '.join(sorted(missing))}", DIFFERENT)
    return found


def _shown(raw: bytes | None) -> str:
    return "none" if raw is None else raw.decode(errors="backslashreplace")
