"""`crmkpi alerts`: rules over numbers, who is told, and the log of it."""

import asyncio
import getpass
import logging
import socket
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from alerts import book
from alerts.fitting import complaint
from alerts.machine import State
from alerts.preview import NoPreview, preview, series_of
from alerts.texts import shown
from cli.away import run_on_kafka
from cli.book import workers_book
from cli.exits import DIFFERENT, EPILOG, FAIL_STOP, REFUSED, CliError
from cli.flags import JsonFlag, KafkaFlag, RedisFlag, one_of, settings, settings_file
from cli.listening import ALERTS_PORT, listener, url
from cli.moment import as_of_ms
from cli.root import Group, app
from cli.term import cell, json_line, line, out, show_json
from models.alerting import Rule, duration
from models.settings import Settings, SettingsError
from notify import ledger
from notify.entries import Entries
from ops.logs import set_up_logs
from sinks.base import Point
from sinks.read import RedisReader

log = logging.getLogger(__name__)
TenantArgument = Annotated[str, typer.Option("--tenant", help="The tenant.")]
RuleArgument = Annotated[str, typer.Argument(metavar="RULE", help="Its id.")]

alerts = typer.Typer(
    cls=Group, no_args_is_help=True, help="Alert rules, and what they led to.\n\nExample: crmkpi alerts log"
)
app.add_typer(alerts, name="alerts", epilog=EPILOG)


@alerts.command("run", epilog=EPILOG)
def run(
    host: Annotated[str, typer.Option(help="Address of /healthz, /readyz and /metrics.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port; default: the first free from 9480.")] = None,
    kafka: KafkaFlag = None,
    redis: RedisFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as one JSON line.")] = False,
) -> None:
    """Look at all rules and tell whom they name, until Ctrl-C. Several runners share the tenants.

    Example: crmkpi alerts run
    """
    place = settings(kafka, redis)
    check_rules(place)
    set_up_logs()
    with listener(host, port, ALERTS_PORT) as bound:
        address = url(*bound.getsockname()[:2])
        if as_json:
            typer.echo(json_line({"alerts": address}))
        else:
            line(f"alerts: {len(place.alerts.rules)} rules; {address}readyz", "Ctrl-C stops it.")
        asyncio.run(_serve(place, bound))


async def _serve(place: Settings, bound: socket.socket) -> None:
    from alerts.run import Runner  # what `--help` shows need not load a web server
    from alerts.serve import serve
    from cli.alert_sources import AlertSources
    from notify.meters import Meters
    from ops.topics import TopicsWrong

    meters = Meters()
    async with AlertSources(place) as sources:
        runner = Runner(place, workers_book(place, settings_file()), sources, _now, meters)
        try:
            await serve(runner, meters, bound)
        except TopicsWrong as error:
            raise CliError(str(error), REFUSED) from error
        except (CliError, SettingsError):
            raise
        except Exception as error:
            log.critical("unforeseen", exc_info=error)
            raise CliError(f"the runner stopped: {type(error).__name__}: {error}", FAIL_STOP) from error


def check_rules(place: Settings) -> None:
    """Raises CliError for a rule that names a window or a channel which is none."""
    for rule in place.alerts.rules:
        if wrong := complaint(rule, place.notify.channels):
            raise CliError(f"settings: alerts.rules {rule.id} of {rule.tenant}: {wrong[0]}: {wrong[1]}")


@alerts.command("list", epilog=EPILOG)
def list_rules(tenant: TenantArgument, kafka: KafkaFlag = None, as_json: JsonFlag = False) -> None:
    """List a tenant's rules, with their states.

    Example: crmkpi alerts list --tenant acme
    """
    place = settings(kafka)
    entries = _read(place, tenant)
    found = [
        _row(rule, book.state_of(entries, tenant, name), book.muted_until(entries, tenant, name))
        for name, rule in sorted(book.rules_of(tenant, place.alerts.rules, entries).items())
    ]
    if as_json:
        show_json(found)
        return
    if found:
        out().print(_table(("rule", "kind", "kpi", "window", "state", "muted until", "to"), found))
    line(f"{len(found)} rules, {sum(one['state'] == 'raised' for one in found)} raised")


def _row(rule: Rule, state: State, muted: int | None) -> dict[str, Any]:
    return {
        "rule": rule.id, "kind": rule.kind, "kpi": rule.kpi or "", "window": rule.window or "",
        "state": "raised" if state.raised else "ok", "muted until": when(muted) if muted and muted > _now() else "",
        "to": ", ".join(rule.to),
    }  # fmt: skip


@alerts.command("preview", epilog=EPILOG)
def show_preview(
    rule: RuleArgument,
    tenant: TenantArgument,
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back.")] = 90,
    redis: RedisFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show how often a rule of the settings file would have been raised. Judged by the series of days that are over.

    Example: crmkpi alerts preview win-rate --tenant acme
    """
    place = settings(redis=redis)
    rules = {one.id: one for one in place.alerts.rules if one.tenant == tenant}
    asked = rules[one_of(rule, rules, "rule", "crmkpi.toml has them all")]
    try:
        step, _ = series_of(asked)
        found = preview(asked, asyncio.run(_series(place, asked, step)), days, datetime.now(UTC))
    except NoPreview as error:
        raise CliError(f"{rule}: there is no preview of it; {error}") from error
    if as_json:
        show_json(found._asdict())
        return
    rows = [{found.step: bucket, "value": shown(asked, value)} for bucket, value in found.raised]
    if rows:
        out().print(_table((found.step, "value"), rows))
    near = "" if found.exact else f" (judged by whole {found.step}s, not by {asked.window})"
    line(f"raised {len(found.raised)} times in {found.buckets} {found.step}s{near}")


async def _series(place: Settings, rule: Rule, step: str) -> dict[str, Point]:
    async with RedisReader(place.redis) as reader:
        return await reader.history(rule.tenant, str(rule.kpi), step)


@alerts.command("log", epilog=EPILOG)
def show_log(
    tenant: TenantArgument,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="Entries, the newest first.")] = 20,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what was raised and cleared, who has seen it, and what became of the messages.

    Example: crmkpi alerts log --tenant acme
    """
    found = book.log_of(_read(settings(kafka), tenant), tenant, most)
    if as_json:
        show_json(found)
        return
    rows = [
        {"when": when(one["at"]), "alert": f"{one['rule']}/{one['number']}", "what": one["title"],
         "seen by": (one["ack"] or {}).get("by", ""),
         "messages": ", ".join(f"{sent['channel']} {sent['status']}" for sent in one["deliveries"])}
        for one in found
    ]  # fmt: skip
    if rows:
        out().print(_table(tuple(rows[0]), rows))
    line(f"{len(rows)} changes")


@alerts.command("ack", epilog=EPILOG)
def acknowledge(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="RULE/NUMBER, as shown by log.")],
    tenant: TenantArgument,
    by: Annotated[str, typer.Option(help="Who has seen it.")] = "",
    kafka: KafkaFlag = None,
) -> None:
    """Say that you have seen a change.

    Example: crmkpi alerts ack win-rate/3 --tenant acme
    """
    place = settings(kafka)
    rule, _, number = alert.partition("/")
    if not number.isdecimal() or _read(place, tenant).get(book.CHANGE, tenant, rule, number) is None:
        raise CliError(f"no such alert: {alert} (use RULE/NUMBER, as shown by `crmkpi alerts log`)", DIFFERENT)
    run_on_kafka(place, ledger.append(place, tenant, [book.ack(tenant, rule, int(number), by or _me(), _now())]))
    line(f"{alert} acknowledged")


@alerts.command("mute", epilog=EPILOG)
def mute(
    rule: RuleArgument,
    tenant: TenantArgument,
    until: Annotated[
        str,
        typer.Option(metavar="T", help="A date, a time such as 2026-10-31T12:00:00Z, a duration such as 2h; or off."),
    ],
    by: Annotated[str, typer.Option(help="Who mutes it.")] = "",
    kafka: KafkaFlag = None,
) -> None:
    """Tell nobody of a rule until then. What is still so is told afterwards.

    Example: crmkpi alerts mute win-rate --tenant acme --until 2h
    """
    place = settings(kafka)
    one_of(rule, book.rules_of(tenant, place.alerts.rules, _read(place, tenant)), "rule", "`crmkpi alerts list`")
    end = None if until == "off" else _until(until, place.tenant.tz)
    run_on_kafka(place, ledger.append(place, tenant, [book.mute(tenant, rule, end, by or _me(), _now())]))
    line(f"{rule} is muted until {when(end)}" if end else f"{rule} is no longer muted")


@alerts.command("retry", epilog=EPILOG)
def retry(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Its id, as `log --json` shows it.")],
    tenant: TenantArgument,
    kafka: KafkaFlag = None,
) -> None:
    """Send a message again that was given up. It keeps its id, so a receiver that has it drops it.

    Example: crmkpi alerts retry msg_4b6f1c --tenant acme
    """
    place = settings(kafka)
    found = _read(place, tenant).get("delivery", tenant, message)
    if found is None or found["status"] != "dead":
        raise CliError(f"{message} is no message that was given up (`crmkpi alerts log --json` shows them)", DIFFERENT)
    run_on_kafka(place, ledger.append(place, tenant, [book.retry(tenant, message, _now())]))
    line(f"{message} is sent again")


def _until(text: str, tz: str) -> int:
    try:
        seconds = duration(text)
    except ValueError:
        return as_of_ms(text, tz, "--until")
    return _now() + int(str(seconds)) * 1000


def when(at: int | None) -> str:
    """ms UTC as people read it."""
    return "" if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _table(names: tuple[str, ...], rows: list[dict[str, Any]]) -> Table:
    made = Table(pad_edge=False, box=SIMPLE_HEAD)
    for name in names:
        made.add_column(name)
    for row in rows:
        made.add_row(*(cell(row[name]) for name in names))
    return made


def _read(place: Settings, tenant: str) -> Entries:
    return run_on_kafka(place, ledger.read(place, tenant))


def _me() -> str:
    return getpass.getuser()


def _now() -> int:
    return int(time.time() * 1000)
