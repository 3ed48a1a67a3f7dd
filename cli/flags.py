"""Flags and addresses that several commands share."""

import os
from typing import Annotated, Final

import typer

from cli.exits import UNAVAILABLE, CliError

KafkaFlag = Annotated[
    str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Kafka servers; else KAFKA_BOOTSTRAP_SERVERS.")
]
RedisFlag = Annotated[str | None, typer.Option("--redis", metavar="URL", help="Redis; else REDIS_URL.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON on stdout instead of text.")]
TenantFlag = Annotated[str, typer.Option("--tenant", help="Whose numbers.")]

_HINT: Final = "start servers with `crmkpi up`, or set the address"


def kafka_address(flag: str | None = None) -> str:
    """Flag, CRMKPI_KAFKA__BOOTSTRAP_SERVERS, KAFKA_BOOTSTRAP_SERVERS; none: CliError with code 69."""
    return _address(flag, "KAFKA_BOOTSTRAP_SERVERS", "CRMKPI_KAFKA__BOOTSTRAP_SERVERS")


def redis_address(flag: str | None = None) -> str:
    """Flag, CRMKPI_REDIS__URL, REDIS_URL; none: CliError with code 69."""
    return _address(flag, "REDIS_URL", "CRMKPI_REDIS__URL")


def _address(flag: str | None, plain: str, own: str) -> str:
    if address := flag or os.environ.get(own) or os.environ.get(plain):
        return address
    raise CliError(f"{plain} is not set: {_HINT}", UNAVAILABLE)
