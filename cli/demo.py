"""`crmkpi demo`: a few small companies, live, with nothing to set up and nothing left behind."""

import asyncio
import secrets
import tempfile
import threading
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.book import workers_book
from cli.demo_alerts import alert_rules
from cli.demo_clean import clean
from cli.demo_env import write_env
from cli.demo_feed import FIRST, Companies, companies, feed_only
from cli.demo_run import Demo, Plan
from cli.exits import DIFFERENT, EPILOG, FAIL_STOP, OK, UNAVAILABLE, CliError
from cli.flags import settings
from cli.listening import COLLECTOR_PORT, DASHBOARD_PORT
from cli.root import app
from cli.server_process import ServerProcess, alert_runner
from cli.term import line, say, show_json
from cli.topics import ensure_topics
from cli.verify import summary
from cli.workers import Workers, place_of, worker_command, worker_environment
from models.settings import Settings
from ops.local import ServerError, Servers, local_servers
from ops.local.unit import Given

INTERRUPTED = 130


@app.command(epilog=EPILOG)
def demo(
    seconds: Annotated[
        float | None, typer.Option("--for", min=1, help="Stop after this many seconds, then verify.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed of the simulated companies.")] = 1,
    rate: Annotated[float, typer.Option(min=0.1, max=5000, help="Records per second once live.")] = 100,
    days: Annotated[int, typer.Option(min=1, max=400, help="Days of history to load.")] = 90,
    only_feed: Annotated[
        bool, typer.Option("--feed-only", help="Only send events, to the configured servers.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the final JSON line on stdout.")] = False,
) -> None:
    """Run three simulated companies, live. Loads 90 days of history first; Ctrl-C leaves nothing behind.

    With --for it stops by itself, waits until everything is counted, compares it with a full recount and prints the
    figures as JSON on the last line. Exit code 1: a difference was found.

    Example: crmkpi demo --for 60
    """
    if only_feed:
        asyncio.run(feed_only(settings(), seed, days, rate, seconds))
        return
    try:
        with local_servers(say) as servers:
            own = secrets.token_hex(3)
            given = any(isinstance(server.unit, Given) for server in (servers.kafka, servers.redis))
            plan = Plan(seconds, seed, rate, days, as_json, companies(own if given else ""))
            code = _with_servers(servers, plan, f"demo-{own}")
    except ServerError as error:
        raise CliError(str(error), UNAVAILABLE) from error
    raise typer.Exit(code)


def _with_servers(servers: Servers, plan: Plan, own: str) -> int:
    """Runs with its own topics, deleted at the end, so that it never mixes with other events of a given Kafka."""
    place = place_of(servers).model_copy(update={"topic_prefix": f"{own}.", "app_id": own})
    ensure_topics(place)
    with tempfile.TemporaryDirectory(prefix="crmkpi-demo-") as folder:
        try:
            return _with_topics(servers, place, plan, Path(folder))
        finally:
            asyncio.run(clean(place, [company.tenant for company in plan.companies]))


def _with_topics(servers: Servers, place: Settings, plan: Plan, folder: Path) -> int:
    config = folder / "crmkpi.toml"
    config.write_text(_toml(plan.companies), encoding="utf-8")
    book = workers_book(place, config)
    log = folder / "worker.log"
    environment = worker_environment(place, config)
    workers = Workers(worker_command(log=log), environment, 1, partial(_tell, log), folder)
    shown = Demo(place, book, plan, workers.alive)
    collector = ServerProcess("collector", COLLECTOR_PORT, environment, say, folder / "collector.log")
    shows = {"CRMKPI_SERVE_FIRST": plan.companies[FIRST].tenant, "CRMKPI_SERVE_COLLECTOR": collector.address}
    outbox = folder / "outbox"
    told = {**environment, "CRMKPI_NOTIFY__OUTBOX": str(outbox)}  # whatever the settings say, nothing is sent
    with (
        servers.kept(say),
        collector,
        alert_runner(told, say, folder / "alerts.log"),
        ServerProcess("serve", DASHBOARD_PORT, {**environment, **shows}, say, folder / "dashboard.log") as dashboard,
    ):
        say(
            f"dashboard: {dashboard.address}",
            f"collector: {collector.address}",
            f"alerts: nothing is sent, messages are files in {outbox}",
            f"to ask more in a second terminal: {write_env(folder, environment)}",
        )
        side = Side(shown.run(), workers)
        code = workers.run()
        side.cancel()
    if isinstance(side.error, CliError) or code:
        say(*_last_lines(log))
    return _end(servers, shown, plan, side.error, code)


def _end(servers: Servers, shown: Demo, plan: Plan, error: BaseException | None, code: int) -> int:
    """Print the outcome; returns the exit code."""
    if error is not None and not isinstance(error, asyncio.CancelledError):
        raise error
    if code:
        raise CliError(f"the worker exited with code {code}", FAIL_STOP)
    if shown.verdict is None:
        say("stopped; nothing is left behind")
        return OK if plan.seconds is None else INTERRUPTED
    tell = say if plan.quiet else line
    tell(summary(shown.verdict), *shown.verdict.notes, *shown.verdict.shown)
    if not plan.quiet:
        line(
            "Next: crmkpi up, then crmkpi send, import, top; or crmkpi compute FILE without any server. See README.md."
        )
    show_json(shown.summary())
    return OK if shown.verdict.verified else DIFFERENT


class Side:
    """The demo's event loop, in a thread: the main thread belongs to the supervisor and its signals."""

    def __init__(self, work: Coroutine[Any, Any, None], workers: Workers) -> None:
        self.error: BaseException | None = None
        self._work, self._workers = work, workers
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(work)
        self._thread = threading.Thread(target=self._run, name="demo")
        self._thread.start()

    def cancel(self) -> None:
        """Cancels the work if it is still running, and waits for it to end."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._task)
        except BaseException as error:  # noqa: BLE001 - raised again by the main thread
            self.error = error
        finally:
            self._loop.close()
            self._workers.stop()


def _tell(log: Path, text: str) -> None:
    """Shows only unusual messages of the supervisor, with the worker's last log line."""
    if "restart" in text or "with code" in text:
        say(text, *_last_lines(log)[-1:])


def _last_lines(log: Path) -> list[str]:
    if not log.exists():
        return []
    return ["The worker's last lines:", *(f"  {text}" for text in log.read_text(errors="replace").splitlines()[-15:])]


def _toml(tenants: Companies) -> str:
    """Settings of the demo's companies as a settings file."""
    own = (f'[tenants.{one.tenant}]\ntz = "{one.tz}"\ncurrency = "{one.currency}"\n' for one in tenants)
    return "".join([*own, *(alert_rules(one.tenant) for one in tenants)])
