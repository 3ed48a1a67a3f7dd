"""The typer application: commands are imported on use, and errors become one line in a single place."""

import logging
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from cli.exits import EPILOG, USAGE, CliError
from cli.term import plain
from models.settings_error import SettingsError
from ops.logs import as_json, json_log_line

# In the order of `--help`, each with the beginning of its own help: so `--help` need not load what they do. A module
# registers its command when it is imported.
MODULES: Final = {
    "demo": ("cli.demo", "Run three simulated companies, live."),
    "up": ("cli.up", "Run servers, topics and workers until Ctrl-C."),
    "worker": ("cli.worker", "Run workers until Ctrl-C."),
    "serve": ("cli.serve", "Serve the dashboard and its API until Ctrl-C."),
    "collector": ("cli.collect", "Take events over HTTP."),
    "send": ("cli.send", "Send one event, or a file of events."),
    "import": ("cli.import_file", "Import events from files."),
    "pull": ("cli.pull", "Pull events from a source: what is new or has changed since the last time."),
    "compute": ("cli.compute", "Compute KPIs from files of events, without a server."),
    "top": ("cli.top", "Watch KPIs live: scroll, filter, and open a number for what it is made of."),
    "kpis": ("cli.kpis", "The KPI catalogue, and single numbers."),
    "targets": ("cli.targets", "Targets: set them, list them with what was reached."),
    "alerts": ("cli.alerts", "Alert rules, and what they led to."),
    "lag": ("cli.lag", "Show whether the workers keep up."),
    "verify": ("cli.verify", "Compare published numbers with a full recount."),
    "report": ("cli.report", "Reports by mail."),
    "dlq": ("cli.dlq", "Dead letters: rejected events, and why."),
    "topics": ("cli.topics_lost", "Kafka topics: what is missing or differs."),
    "doctor": ("cli.doctor", "Check this machine and the configured servers."),
}


class Group(TyperGroup):
    """Runs a command; errors the user can fix are shown in one line."""

    def invoke(self, ctx: Any) -> Any:
        """As typer's, with CliError and lost connections turned into exit codes."""
        try:
            return super().invoke(ctx)
        except typer.Exit:
            raise
        except Exception as error:
            # Clients and settings are slow to import, and most commands succeed.
            from cli.complaints import complaint_of

            if (complaint := complaint_of(error)) is None:
                raise
            _complain(complaint)
            raise typer.Exit(complaint.code) from error


class Commands(Group):
    """The commands of `MODULES`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All of them, loaded or not."""
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, imported if necessary; None for an unknown name."""
        if cmd_name in MODULES and cmd_name not in self.commands:
            import_module(MODULES[cmd_name][0])
            self.commands.update(typer.main.get_group(app).commands)
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """A line of each, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in MODULES.items()])


def _complain(error: CliError) -> None:
    text = f"crmkpi: {plain(error)}"
    typer.echo(json_log_line(text, logger="cli", level="error") if as_json() else text, err=True)


app = typer.Typer(
    name="crmkpi",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Live, exact CRM and customer-experience KPIs from streams of touchpoint events.",
    epilog=EPILOG,
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"crmkpi {version('crmkpi')}")
        raise typer.Exit


@app.callback()
def crmkpi(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Live, exact CRM and customer-experience KPIs from streams of touchpoint events."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its messages arrive as an exception, too
    try:
        as_json()
    except SettingsError as error:
        typer.echo(f"crmkpi: settings: {error}", err=True)
        raise typer.Exit(USAGE) from error
