"""`crmkpi doctor`: what works and what does not, each with its fix."""

import asyncio

import typer
from rich.text import Text

from cli.exits import DIFFERENT, EPILOG
from cli.flags import JsonFlag, KafkaFlag, RedisFlag, settings
from cli.root import app
from cli.term import cell, line, show_json
from ops.check import Check
from ops.doctor import machine, servers


@app.command(epilog=EPILOG)
def doctor(kafka: KafkaFlag = None, redis: RedisFlag = None, as_json: JsonFlag = False) -> None:
    """Check this machine and the configured servers. Exit code 1: something is missing.

    Example: crmkpi doctor
    """
    checks = [*machine(), *asyncio.run(servers(settings(kafka, redis)))]
    if as_json:
        show_json([check._asdict() for check in checks])
    else:
        for check in checks:
            _print(check)
    if not all(check.ok for check in checks):
        raise typer.Exit(DIFFERENT)


def _print(check: Check) -> None:
    word = cell("ok     " if check.ok else "missing", "green" if check.ok else "red")
    line(Text.assemble(word, " ", cell(f"{check.name}: {' '.join(check.found.split())}")))
    for advice in [] if check.ok else check.fix.splitlines():
        line(cell(f"        {advice}", "yellow"))
