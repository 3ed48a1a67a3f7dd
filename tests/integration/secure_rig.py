"""A broker and a Redis that let nobody in without TLS, credentials and rights, made of the same packages as the others.

The broker's first listener is plain text and may do everything: the tests make users and ACLs there, as an operator
does.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ops.local.kafka import start_kafka
from ops.local.net import HOST, free_port
from ops.local.redis import start_redis
from ops.local.unit import Kafka

kafka_admin: Any = import_module("confluent_kafka.admin")  # whose types leave out half of it
SECRET = "hunter2-never-shown"
USER = "crmkpi-worker"
LISTENERS = {"SASL": "SASL_SSL", "OPEN": "SASL_PLAINTEXT", "EXPIRED": "SASL_SSL", "OTHER": "SASL_SSL", "MUTUAL": "SSL"}
MODULE = "org.apache.kafka.common.security"

Right = tuple[str, str, str, str]


class Certificates:
    """An authority, what it signed, and another one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority, self.stranger = trustme.CA(), trustme.CA()
        self.ca = self._write("ca.pem", self.authority.cert_pem.bytes())
        self.other_ca = self._write("other-ca.pem", self.stranger.cert_pem.bytes())
        self.server = self._leaf("server", self.authority.issue_cert(HOST, "localhost"))
        past = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
        old = self.authority.issue_cert(HOST, not_before=past[0], not_after=past[1])
        self.expired = self._leaf("expired", old)
        self.elsewhere = self._leaf("elsewhere", self.authority.issue_cert("broker.example"))
        self.client = self._leaf("client", self.authority.issue_cert("client.example", common_name=USER))

    def _leaf(self, name: str, made: trustme.LeafCert) -> Path:
        """Certificate and key in one file, the key as Kafka reads it (PKCS 8)."""
        key = load_pem_private_key(made.private_key_pem.bytes(), None)
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return self._write(f"{name}.pem", text + b"".join(pem.bytes() for pem in made.cert_chain_pems))

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path


class SecureKafka:
    """The broker; `listeners` are the addresses of its guarded listeners by their names."""

    def __init__(self, made: Certificates) -> None:
        self.listeners = {name: f"{HOST}:{free_port()}" for name in LISTENERS}
        self._server: Kafka = start_kafka(lambda line: None, more=self._properties(made))
        self.admin = kafka_admin.AdminClient({"bootstrap.servers": self._server.bootstrap, "log_level": 0})
        self.open = self._server.bootstrap

    def _properties(self, made: Certificates) -> dict[str, str]:
        addresses = ",".join(f"{name}://{address}" for name, address in self.listeners.items())
        found = {
            "listeners": addresses, "advertised.listeners": addresses,
            "listener.security.protocol.map": ",".join(f"{name}:{kind}" for name, kind in LISTENERS.items()),
            "inter.broker.listener.name": "PLAINTEXT", "super.users": "User:ANONYMOUS",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN,OAUTHBEARER",
            "listener.name.mutual.ssl.client.auth": "required",
            "connection.failed.authentication.delay.ms": "10",
        }  # fmt: skip
        for name in ("sasl", "open", "expired", "other"):
            own = f"listener.name.{name}."
            found[f"{own}scram-sha-512.sasl.jaas.config"] = f"{MODULE}.scram.ScramLoginModule required;"
            login = f'{MODULE}.plain.PlainLoginModule required user_{USER}="{SECRET}";'
            found[f"{own}plain.sasl.jaas.config"] = login
            found[f"{own}oauthbearer.sasl.jaas.config"] = f"{MODULE}.oauthbearer.OAuthBearerLoginModule required;"
        stores = {"sasl": made.server, "expired": made.expired, "other": made.elsewhere, "mutual": made.server}
        for name, path in stores.items():
            own = f"listener.name.{name}.ssl."
            found |= {f"{own}keystore.type": "PEM", f"{own}keystore.location": str(path)}
            found |= {f"{own}truststore.type": "PEM", f"{own}truststore.location": str(made.ca)}
        return found

    def user(self, name: str, password: str) -> None:
        """Make a SCRAM user, or give it another password."""
        info = kafka_admin.ScramCredentialInfo(kafka_admin.ScramMechanism.SCRAM_SHA_512, 4096)
        change = kafka_admin.UserScramCredentialUpsertion(name, info, password.encode())
        for done in self.admin.alter_user_scram_credentials([change]).values():
            done.result(30)

    def allow(self, user: str, rights: Iterable[Right]) -> None:
        """Rights as (kind of resource, name, LITERAL or PREFIXED, operation)."""
        _all_done(self.admin.create_acls([kafka_admin.AclBinding(*_parts(user, right)) for right in rights]))

    def refuse(self, user: str, rights: Iterable[Right]) -> None:
        """Take rights away again."""
        _all_done(self.admin.delete_acls([kafka_admin.AclBindingFilter(*_parts(user, right)) for right in rights]))

    def stop(self) -> None:
        """And remove its data."""
        self._server.unit.remove()


def _parts(user: str, right: Right) -> Any:
    kind, name, pattern, operation = right
    return (
        kafka_admin.ResourceType[kind], name, kafka_admin.ResourcePatternType[pattern], f"User:{user}", "*",
        kafka_admin.AclOperation[operation], kafka_admin.AclPermissionType.ALLOW,
    )  # fmt: skip


def _all_done(futures: Mapping[Any, Any]) -> None:
    for future in futures.values():
        future.result(30)


class SecureRedis:
    """A server with users, in plain text at `plain`, behind TLS at `tls`, with an old certificate at `expired`."""

    def __init__(self, made: Certificates, acl: Path) -> None:
        self._server = start_redis(lambda line: None, more={"aclfile": str(acl)})
        self.plain = self._server.url.split("://")[1].split("/")[0]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.tls, self.expired = self._terminate(made.server), self._terminate(made.expired)

    def _terminate(self, certificate: Path) -> str:
        """TLS in front of it: Valkey's wheel is built without."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        port = free_port()
        serving = asyncio.start_server(self._pass_on, HOST, port, ssl=context)
        asyncio.run_coroutine_threadsafe(serving, self._loop).result(10)
        return f"{HOST}:{port}"

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self.plain.split(":")
        inner, outer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(_pump(reader, outer), _pump(inner, writer))

    def stop(self) -> None:
        """And forget everything."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.unit.remove()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass  # one side went away: the other is told by the close
    finally:
        writer.close()


def token(seconds: int) -> str:
    """An unsecured OAuth token for `USER` that is good for so long; negative: has expired."""
    now = int(time.time())
    parts = {"alg": "none"}, {"sub": USER, "iat": now - 3600, "exp": now + seconds}
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return ".".join(encoded) + "."


class Shell:
    """`crmkpi` in a folder with an environment of its own. No output of it may hold a secret or a traceback."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        own = {key: value for key, value in os.environ.items() if not key.startswith(("CRMKPI_KAFKA", "CRMKPI_REDIS"))}
        self.env = {**own, "NO_COLOR": "1", **env}

    def run(self, *args: str, code: int | None = 0, **env: str) -> str:
        """Everything it says; it must end with this code (None: any)."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", *args], cwd=self.folder, env={**self.env, **env}, capture_output=True,
            text=True, timeout=120,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert SECRET not in said, said
        assert "Traceback" not in said, said
        assert code in (None, done.returncode), said
        return said

    @contextmanager
    def worker(self, log: Path) -> Iterator[subprocess.Popen[bytes]]:
        """`crmkpi worker`, gone at the end."""
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "cli", "worker"], cwd=self.folder, env=self.env, stdout=out, stderr=out
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)
            assert SECRET not in log.read_text()
