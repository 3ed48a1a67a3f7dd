"""The typer application: commands that load when they are used, and one place where errors become a line."""

import logging
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from cli.exits import EPILOG, USAGE, CliError
from cli.term import plain
from models.settings_error import SettingsError
from ops.logs import as_json, json_log_line

# In the order of `--help`. A module registers its command when it is imported, so that `send` need not load what
# `demo` needs.
MODULES: Final = {
    "demo": "cli.demo",
    "up": "cli.up",
    "worker": "cli.worker",
    "serve": "cli.serve",
    "collector": "cli.collect",
    "send": "cli.send",
    "import": "cli.import_file",
    "pull": "cli.pull",
    "compute": "cli.compute",
    "top": "cli.top",
    "kpis": "cli.kpis",
    "targets": "cli.targets",
    "lag": "cli.lag",
    "verify": "cli.verify",
    "dlq": "cli.dlq",
    "topics": "cli.topics_lost",
    "doctor": "cli.doctor",
}


class Group(TyperGroup):
    """Runs a command; what the user can mend is said in one line."""

    def invoke(self, ctx: Any) -> Any:
        """As typer's, with CliError and lost servers turned into their exit codes."""
        try:
            return super().invoke(ctx)
        except typer.Exit:
            raise
        except Exception as error:
            # Servers and settings are slow to load, and most commands end well.
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
        """The command, loaded now when it was not before; None for a name that is none."""
        if cmd_name in MODULES and cmd_name not in self.commands:
            import_module(MODULES[cmd_name])
            self.commands.update(typer.main.get_group(app).commands)
        return self.commands.get(cmd_name)


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
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it has to say arrives as an exception, too
    try:
        as_json()
    except SettingsError as error:
        typer.echo(f"crmkpi: settings: {error}", err=True)
        raise typer.Exit(USAGE) from error
