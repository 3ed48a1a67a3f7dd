"""The typer application object: one place where errors become a line and an exit code."""

import logging
from typing import Any

import typer
from typer.core import TyperGroup

from cli.exits import EPILOG, UNAVAILABLE, CliError
from cli.term import plain
from sinks.base import SinkUnavailable


class Group(TyperGroup):
    """Runs a command; what the user can mend is said in one line."""

    def invoke(self, ctx: Any) -> Any:
        """As typer's, with CliError and lost servers turned into their exit codes."""
        try:
            return super().invoke(ctx)
        except CliError as error:
            _complain(error)
            raise typer.Exit(error.code) from error
        except (SinkUnavailable, ConnectionError) as error:
            _complain(error)
            raise typer.Exit(UNAVAILABLE) from error


def _complain(error: Exception) -> None:
    typer.echo(f"crmkpi: {plain(error)}", err=True)


app = typer.Typer(
    name="crmkpi",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="CRM and customer-experience KPIs, live and exact, from streams of touchpoint events.",
    epilog=EPILOG,
)


@app.callback()
def crmkpi() -> None:
    """CRM and customer-experience KPIs, live and exact, from streams of touchpoint events."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it has to say arrives as an exception, too
