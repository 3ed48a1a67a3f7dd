"""Whether Kafka accepts us with these settings; if not, why, and which setting to fix."""

from __future__ import annotations

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from aiokafka.errors import IllegalSaslStateError, KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from access.kafka import security, settings_of
from models.settings import KafkaSettings, SettingsError
from ops.check import Check
from ops.kafka_talk import Listener, Metadata, connected, listener_at
from ops.local.unit import host_port
from ops.tls import why_certificate
from ops.wire import tcp_opens

AWAY = "start it (crmkpi up), or correct KAFKA_BOOTSTRAP_SERVERS; see what is listening: ss -ltn 'sport = :{port}'"


class Trouble(NamedTuple):
    """What is wrong and how to fix it. `lasting`: server and settings don't match, so waiting doesn't help."""

    found: str
    fix: str
    lasting: bool = False


def reach_kafka(kafka: KafkaSettings | str) -> Check:
    """`reachable` for callers without a running event loop, or with a closing one."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, reachable(settings_of(kafka))).result()


async def reachable(kafka: KafkaSettings) -> Check:
    """Whether a broker accepts us, and whether the addresses it advertises are reachable from here."""
    name = f"Kafka at {kafka.bootstrap_servers}"
    found = await look(kafka)
    return Check(name, False, found.found, found.fix) if isinstance(found, Trouble) else Check(name, True, found)


async def look(kafka: KafkaSettings) -> str | Trouble:
    """A summary of what was found, or the problem."""
    try:
        options = security(kafka)
    except SettingsError as error:
        return Trouble(str(error), "correct the setting, or the file it points to", lasting=True)
    address = await asyncio.to_thread(first_open, kafka)
    if address is None:
        host, port = host_port(kafka.bootstrap_servers, 9092)
        return Trouble(f"nothing is listening on {host}:{port}", AWAY.format(port=port))
    host, port = address
    try:
        async with connected(host, port, **options) as link:
            brokers = (await link.send(Metadata([]))).brokers
    except (KafkaError, OSError, TimeoutError) as error:
        return await _why(kafka, host, port, error)
    if not brokers and kafka.sasl_mechanism == "OAUTHBEARER":
        return _refused(kafka)  # aiokafka treats a rejected token as an empty answer
    lost = [f"{there}:{at}" for _, there, at, _ in brokers if not await asyncio.to_thread(tcp_opens, there, at)]
    if lost:
        return Trouble(f"responds, but advertises {', '.join(lost)}", _mismatch(lost, host, port))
    who = f" as {kafka.username}" if kafka.username else ""
    addresses = ", ".join(f"{there}:{at}" for _, there, at, _ in brokers)
    return f"{kafka.security_protocol}{who}, {len(brokers)} broker(s): {addresses}"


def first_open(kafka: KafkaSettings) -> tuple[str, int] | None:
    """The first of its addresses on which something listens; None if there is none."""
    addresses = (host_port(one.strip(), 9092) for one in kafka.bootstrap_servers.split(","))
    return next((address for address in addresses if tcp_opens(*address)), None)


def _mismatch(lost: list[str], host: str, port: int) -> str:
    return (
        f"listener mismatch: the broker advertises {', '.join(lost)}, which is not reachable from here. "
        f"Set its advertised.listeners to an address this machine reaches (such as {host}:{port}), or use the "
        "listener meant for clients outside its network."
    )


async def _why(kafka: KafkaSettings, host: str, port: int, error: BaseException) -> Trouble:
    chain, own = _chain(error), kafka.certificate_file is not None
    for one in chain:
        if isinstance(one, ssl.SSLError) and (problem := why_certificate(one, "kafka", host, own=own)):
            return Trouble(*problem, lasting=True)
    listener = await listener_at(host, port, kafka)
    if listener is None:
        fix = (
            "if this is not Kafka, correct KAFKA_BOOTSTRAP_SERVERS; if its listener requires a client certificate, set "
        )
        fix += "CRMKPI_KAFKA__CERTIFICATE_FILE and CRMKPI_KAFKA__KEY_FILE"
        return Trouble("something is listening, but it does not speak the Kafka protocol", fix)
    if not listener.serves(kafka):
        return _other_protocol(kafka, listener)
    if kafka.sasl_mechanism is not None and kafka.sasl_mechanism not in listener.mechanisms:
        offered = ", ".join(listener.mechanisms)
        fix = f"set CRMKPI_KAFKA__SASL_MECHANISM to one it offers: {offered}"
        return Trouble(f"it offers {offered}, and sasl_mechanism is {kafka.sasl_mechanism}", fix, lasting=True)
    refused = SaslAuthenticationFailed | IllegalSaslStateError | UnsupportedSaslMechanismError
    if any(isinstance(one, refused) for one in chain):
        return _refused(kafka)
    return Trouble(f"it responds, but refuses this client: {_text(error)}", "see the broker's log")


def _other_protocol(kafka: KafkaSettings, there: Listener) -> Trouble:
    found = f"its listener is {there.protocol}, and security_protocol is {kafka.security_protocol}"
    fix = f"set CRMKPI_KAFKA__SECURITY_PROTOCOL={there.protocol}"
    if there.mechanisms and kafka.sasl_mechanism is None:
        fix += f", CRMKPI_KAFKA__SASL_MECHANISM ({', '.join(there.mechanisms)}), CRMKPI_KAFKA__USERNAME and"
        fix += " CRMKPI_KAFKA__PASSWORD_FILE"
        found += ": it requires credentials and none are set"
    elif not there.mechanisms and kafka.sasl_mechanism is not None:
        fix += " and remove the SASL settings"
    return Trouble(found, f"{fix}; or use another listener of this broker", lasting=True)


def _refused(kafka: KafkaSettings) -> Trouble:
    if kafka.sasl_mechanism == "OAUTHBEARER":
        found = f"the token in {kafka.token_file} is rejected: expired, or not for this cluster"
        return Trouble(found, "renew the token in CRMKPI_KAFKA__TOKEN_FILE", lasting=True)
    where = "CRMKPI_KAFKA__PASSWORD_FILE" if kafka.password_file else "CRMKPI_KAFKA__PASSWORD"
    found = f"user name or password is wrong: {kafka.sasl_mechanism} rejects {kafka.username}"
    return Trouble(found, f"correct CRMKPI_KAFKA__USERNAME and {where}", lasting=True)


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[Any] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
