"""`crmkpi report`: reports by mail. What is due, what a mail looks like, and sending it."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic import ValidationError
from rich.box import SIMPLE_HEAD
from rich.table import Table

from cli.exits import EPILOG, UNAVAILABLE, CliError
from cli.flags import JsonFlag, RedisFlag, one_of
from cli.moment import as_of_ms
from cli.reporting import Place, gathered, instant, keep_told, listed, one_mail, place, send_all, wanted
from cli.root import Group, app
from cli.term import cell, line, out, say, show_json
from reports.deliver import UNSAFE
from reports.ready import READY
from reports.report import Language, Recipient, Report

NameArgument = Annotated[str, typer.Argument(metavar="REPORT", help="Its name; `crmkpi report list` shows all.")]
TenantOption = Annotated[str | None, typer.Option("--tenant", help="The tenant, where several have such a report.")]
AsOfOption = Annotated[
    str | None,
    typer.Option(metavar="T", help="The last period that is over at T; a date: at its end. Default: now."),
]
COLUMNS = ("tenant", "report", "due", "period", "language", "recipients")

report = typer.Typer(
    cls=Group, no_args_is_help=True, help="Reports by mail.\n\nExample: crmkpi report preview sales_week --tenant acme"
)
app.add_typer(report, name="report", epilog=EPILOG)


@report.command("list", epilog=EPILOG)
def list_reports(
    ready: Annotated[bool, typer.Option("--ready", help="Those that come with crmkpi instead.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """What is due when. Reports are tables [[reports]] of the settings file; docs/reports.md describes them.

    Example: crmkpi report list --ready
    """
    at = place()
    found = listed(at, list(READY.values()) if ready else at.reports, instant(_now()))
    if as_json:
        show_json(found)
        return
    if not found:
        say("no reports: add tables [[reports]] to the settings file, see docs/reports.md; --ready shows ours")
    table = Table(pad_edge=False, box=SIMPLE_HEAD)
    for name in COLUMNS:
        table.add_column(name)
    for one in found:
        table.add_row(*(cell(one[name]) for name in COLUMNS))
    out().print(table)


@report.command(epilog=EPILOG)
def preview(
    name: NameArgument,
    tenant: TenantOption = None,
    as_of: AsOfOption = None,
    language: Annotated[str | None, typer.Option(help="Instead of the recipient's: en, fi, it, uk, sw.")] = None,
    to: Annotated[
        str | None, typer.Option(metavar="MAIL", help="As this recipient gets it. Default: the first.")
    ] = None,
    folder: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.")] = Path(),
    redis: RedisFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Write the very bytes that would be sent, as .eml, and their HTML with its images in it. Sends nothing.

    Example: crmkpi report preview sales_week --tenant acme --language fi --out /tmp
    """
    at = place(redis)
    chosen = at.report(name, tenant)
    recipient = _recipient(chosen, to, language)
    found = asyncio.run(gathered(at, chosen, instant(_as_of(at, chosen, as_of))))
    mail = one_mail(at, chosen, found, recipient)
    stem = UNSAFE.sub("-", f"{chosen.tenant}-{chosen.name}-{found.period.name}-{language or chosen.language}")
    files = {"eml": mail.bytes(), "html": mail.standing_alone().encode()}
    paths = {kind: folder / f"{stem}.{kind}" for kind in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind, content in files.items():
            paths[kind].write_bytes(content)
    except OSError as error:
        raise CliError(f"--out {folder}: {error.strerror}") from error
    told = {"subject": mail.subject, "bytes": len(files["eml"]), **{kind: str(path) for kind, path in paths.items()}}
    if as_json:
        show_json({"delivery": mail.id, **told})
    else:
        line(told["subject"], f"{told['bytes']:,} bytes: {told['eml']}", told["html"])


@report.command(epilog=EPILOG)
def send(
    name: NameArgument,
    tenant: TenantOption = None,
    as_of: AsOfOption = None,
    redis: RedisFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Send a report to its recipients now: over SMTP, or without smtp.url into the folder mail.outbox.

    Example: crmkpi report send sales_week --tenant acme
    """
    at = place(redis)
    chosen = at.report(name, tenant)
    if not chosen.to:
        raise CliError(f"{name} has no recipients: give it some (`to`) in the settings file")
    found = asyncio.run(gathered(at, chosen, instant(_as_of(at, chosen, as_of))))
    to, ended = asyncio.run(wanted(at, chosen))
    done = send_all(at, chosen, found, to)
    for one in ended:
        say(f"{one.mail} has unsubscribed")
    failed = [one for one in done if "failed" in one]
    if len(failed) < len(done):
        asyncio.run(keep_told(at, chosen, found))
    _show_sent(done, as_json=as_json)
    if failed:
        raise CliError(f"{len(failed)} of {len(done)} mails were not sent: {failed[0]['failed']}", UNAVAILABLE)


def _show_sent(done: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json(done)
        return
    for one in done:
        if "sent" in one:
            line(f"{one['to']}: {one['subject']}", f"  {one['sent']}")


def _recipient(chosen: Report, to: str | None, language: str | None) -> Recipient | None:
    if to is None and language is None:
        return None
    if language is not None:
        one_of(language, get_args(Language), "language")
    known = {one.mail: one for one in chosen.to}
    first = next(iter(chosen.to), None)
    mail = to or (first.mail if first else "preview@localhost")
    own = known[mail].language if mail in known else None
    try:
        return Recipient.model_validate({"mail": mail, "language": language or own})
    except ValidationError as error:
        raise CliError(f"--to {mail}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from error


def _as_of(at: Place, chosen: Report, text: str | None) -> int:
    return _now() if text is None else as_of_ms(text, at.zone(chosen.tenant).key)


def _now() -> int:
    return int(time.time() * 1000)
