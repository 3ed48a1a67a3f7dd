"""`crmkpi topics`: lists, checks and creates the Kafka topics."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer
from aiokafka.errors import KafkaError

from cli.away import kafka_away
from cli.exits import DIFFERENT, EPILOG, CliError
from cli.flags import JsonFlag, KafkaFlag, settings
from cli.root import Group, app
from cli.term import line, show_json
from models.settings import Settings
from ops.topics import Change, TopicsWrong, admin, ensure, plan, wanted_topics

topics = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Kafka topics: what is missing or differs.\n\nExample: crmkpi topics check",
)
app.add_typer(topics, name="topics", epilog=EPILOG)


def ensure_topics(place: Settings, mend: bool = False) -> list[Change]:
    """Creates missing topics. Raises CliError for what cannot be fixed, and if Kafka is unavailable."""
    return _with_kafka(place, lambda link: ensure(link, wanted_topics(place), mend=mend))


@topics.command("list", epilog=EPILOG)
def list_topics(kafka: KafkaFlag = None, as_json: JsonFlag = False) -> None:
    """List the topics crmkpi needs, with partitions and settings. Needs no server.

    Example: crmkpi topics list --json
    """
    found = wanted_topics(settings(kafka))
    if as_json:
        show_json([{"name": t.name, "partitions": t.partitions, "configs": dict(t.configs)} for t in found])
        return
    for topic in found:
        line(f"{topic.name}  {topic.partitions} partitions, {topic.configs['cleanup.policy']}")


@topics.command("plan", epilog=EPILOG)
def plan_topics(kafka: KafkaFlag = None, as_json: JsonFlag = False) -> None:
    """Show what `ensure` would do, without doing it.

    Example: crmkpi topics plan
    """
    place = settings(kafka)
    _show(_with_kafka(place, lambda link: plan(link, wanted_topics(place))), "to do", as_json)


@topics.command("check", epilog=EPILOG)
def check_topics(kafka: KafkaFlag = None, as_json: JsonFlag = False) -> None:
    """Like plan, with exit code 1 if anything differs.

    Example: crmkpi topics check || crmkpi topics ensure
    """
    place = settings(kafka)
    changes = _with_kafka(place, lambda link: plan(link, wanted_topics(place)))
    _show(changes, "wrong", as_json)
    if changes:
        raise typer.Exit(DIFFERENT)


@topics.command("ensure", epilog=EPILOG)
def ensure_command(
    mend: Annotated[bool, typer.Option("--mend", help="Also correct settings that differ.")] = False,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Create missing topics. A wrong number of partitions is an error: the journal and the state must keep theirs.

    Example: crmkpi topics ensure --mend
    """
    _show(ensure_topics(settings(kafka), mend), "done", as_json)


def _show(changes: list[Change], what: str, as_json: bool) -> None:
    if as_json:
        show_json([change._asdict() for change in changes])
        return
    for change in changes:
        line(f"{change.topic}: {change.detail}")
    line(f"{len(changes)} {what}" if changes else "all topics are correct")


def _with_kafka(place: Settings, act: Callable[[Any], Awaitable[list[Change]]]) -> list[Change]:
    async def run() -> list[Change]:
        async with admin(place.kafka) as link:
            return list(await act(link))

    try:
        return asyncio.run(run())
    except TopicsWrong as error:
        raise CliError(str(error), DIFFERENT) from error
    except (KafkaError, OSError) as error:
        raise kafka_away(place.kafka, error) from error
