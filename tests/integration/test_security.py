"""TLS, credentials and rights with a real broker and a real Redis: the whole path with the least rights, and what is
said when any part is missing or wrong.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from models.settings import Settings, load_settings
from ops import kafka_reach, redis_reach
from ops.kafka_rights import rights
from tests.integration.secure_rig import SECRET, USER, Certificates, Right, SecureKafka, SecureRedis, Shell, token

pytestmark = pytest.mark.servers

APP = "crmkpi"
PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text()


def _kafka_rights() -> list[Right]:
    """One operation a row, from the table of the page."""
    part = PAGE.split("## Permissions in Kafka")[1].split("Tighter still")[0]
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in part.splitlines() if "` |" in line]
    return [
        (kind.replace(" ", "_").upper(), name, pattern.upper(), OPERATIONS[operation.strip()])
        for kind, name, pattern, operations in rows
        for operation in operations.split(",")
    ]


def _redis_rights(user: str) -> str:
    """What the page gives a user, after its password."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"ACL SETUSER {user} "))
    return line.split(">… ")[1]


OPERATIONS = {"Read": "READ", "Write": "WRITE", "DescribeConfigs": "DESCRIBE_CONFIGS"}
KAFKA_RIGHTS = _kafka_rights()


class Place(NamedTuple):
    """Everything of one run."""

    folder: Path
    made: Certificates
    kafka: SecureKafka
    redis: SecureRedis

    def kafka_settings(self, **other: Any) -> dict[str, Any]:
        """Right ones, but for `other`; None takes a setting away."""
        right = {
            "bootstrap_servers": self.kafka.listeners["SASL"], "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512", "username": USER, "password_file": str(self.folder / "secret"),
            "ca_file": str(self.made.ca),
        }  # fmt: skip
        return {key: value for key, value in {**right, **other}.items() if value is not None}

    def redis_settings(self, **other: Any) -> dict[str, Any]:
        """Right ones, but for `other`."""
        right = {
            "url": f"rediss://{self.redis.tls}/0", "username": USER, "password_file": str(self.folder / "secret"),
            "ca_file": str(self.made.ca),
        }  # fmt: skip
        return {key: value for key, value in {**right, **other}.items() if value is not None}

    def settings(self) -> Settings:
        """All of them right."""
        return load_settings({"kafka": self.kafka_settings(), "redis": self.redis_settings(), **SMALL})

    def shell(self) -> Shell:
        """With the same in its environment."""
        sections = {"KAFKA": self.kafka_settings(), "REDIS": self.redis_settings()}
        env = {f"CRMKPI_{name}__{key.upper()}": v for name, given in sections.items() for key, v in given.items()}
        return Shell(self.folder, env | {f"CRMKPI_{key.upper()}": str(value) for key, value in SMALL.items()})


SMALL = {"app_id": APP, "input_partitions": 1, "journal_partitions": 2}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Servers with one user, who has the least rights; the topics are made by the operator."""
    folder = tmp_path_factory.mktemp("secure")
    made = Certificates(folder)
    (folder / "secret").write_text(SECRET + "\n")
    acl = folder / "users.acl"
    lines = [f"default on >{SECRET} ~* &* +@all", f"{USER} on >{SECRET} {_redis_rights(USER)}"]
    lines += [f"crmkpi-reader on >{SECRET} {_redis_rights('crmkpi-reader')}"]
    lines += [f"half on >{SECRET} resetchannels ~crmkpi:* +ping +eval +hmget", f"none on >{SECRET} ~crmkpi:* -@all"]
    acl.write_text("".join(f"user {line}\n" for line in lines))
    redis = SecureRedis(made, acl)
    try:
        kafka = SecureKafka(made)
        try:
            kafka.user(USER, SECRET)
            kafka.allow(USER, KAFKA_RIGHTS)
            owner = {"CRMKPI_KAFKA__BOOTSTRAP_SERVERS": kafka.open}
            Shell(folder, owner | {f"CRMKPI_{key.upper()}": str(v) for key, v in SMALL.items()}).run("topics", "ensure")
            yield Place(folder, made, kafka, redis)
        finally:
            kafka.stop()
    finally:
        redis.stop()


def test_the_whole_path_with_the_least_rights(place: Place) -> None:
    """send, accept, count, publish, get, lag, verify and doctor; the worker ends well when asked."""
    shell = place.shell()
    log = place.folder / "worker.log"
    with shell.worker(log) as worker:
        deal = '{"deal_id": "D-1", "amount": "1200", "currency": "EUR"}'
        shell.run("send", "--type", "crm.deal.created", "--data", deal, "--tenant", "acme")
        shell.run("send", "--type", "crm.deal.won", "--data", deal, "--tenant", "acme")
        assert _published(shell, log)["numerator"] == 1
        assert json.loads(shell.run("lag", "--json"))["records"] == 0
        assert "verified" in shell.run("verify")
        shell.run("kpis", "get", "win_rate", "--tenant", "acme", CRMKPI_REDIS__USERNAME="crmkpi-reader")
        assert "acme" in shell.run("top", "--once", CRMKPI_REDIS__USERNAME="crmkpi-reader")
        told = json.loads(shell.run("doctor", "--json", code=None))  # this machine may lack memory for another Kafka
        servers = {check["name"].split(" at ")[0]: check for check in told}
        for name in ("Kafka", "Kafka rights", "topics", "Redis"):
            assert servers[name]["ok"], servers[name]
        assert worker.poll() is None
    assert worker.returncode == 0, log.read_text()


def _published(shell: Shell, log: Path) -> Any:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        asked = ["kpis", "get", "win_rate", "--tenant", "acme", "--json"]
        try:
            return json.loads(shell.run(*asked))
        except AssertionError:
            time.sleep(0.5)
    raise AssertionError(log.read_text())


async def test_every_right_of_the_list_is_needed_and_named_when_it_is_missing(place: Place) -> None:
    """One by one taken away, asked for, and given back."""
    settings = place.settings()
    assert len(KAFKA_RIGHTS) == 16
    named = {code: name for name, code in OPERATIONS.items()}
    await _until(settings, "")
    for right in KAFKA_RIGHTS:
        kind, name, _, operation = right
        place.kafka.refuse(USER, [right])
        said = await _until(settings, named[operation])
        assert name.rstrip("-") in said, right
        assert kind.split("_")[0].lower() in said
        place.kafka.allow(USER, [right])
    await _until(settings, "")


async def _until(settings: Settings, word: str) -> str:
    """What is missing, once the change has reached the broker's authorizer."""
    for _ in range(100):
        check = await rights(settings)
        if check.ok if not word else word in check.fix:
            return check.fix
        await asyncio.sleep(0.1)
    raise AssertionError(f"{word!r} not in {check}")


def test_a_worker_without_a_right_ends_with_78_and_its_name(place: Place) -> None:
    """At the start, before anything is counted."""
    right = ("TRANSACTIONAL_ID", f"{APP}-count-", "PREFIXED", "WRITE")
    place.kafka.refuse(USER, [right])
    try:
        asyncio.run(_until(place.settings(), "Write"))
        said = place.shell().run("worker", code=78)
        assert "transactional ids starting with crmkpi-count-: Write" in said
    finally:
        place.kafka.allow(USER, [right])
        asyncio.run(_until(place.settings(), ""))


def test_a_right_that_is_missing_is_no_broker_that_is_away(place: Place) -> None:
    """A producer that may not write hears so."""
    place.kafka.user("stranger", SECRET)
    place.kafka.allow("stranger", [("TOPIC", "crm.costs.v1", "LITERAL", "WRITE")])
    said = place.shell().run("send", "--type", "crm.deal.won", "--data", '{"deal_id": "D"}', code=69,
                             CRMKPI_KAFKA__USERNAME="stranger")  # fmt: skip
    assert "Kafka denied access: TopicAuthorizationFailedError" in said
    assert "crm.touchpoints.deals.v1" in said


KAFKA_WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("wrong password", {"password_file": None, "password": SECRET + "x"}, "password is wrong"),
    ("wrong user", {"username": "nobody"}, "SCRAM-SHA-512 rejects nobody"),
    ("mechanism not offered", {"sasl_mechanism": "SCRAM-SHA-256"}, "it offers SCRAM-SHA-512, PLAIN, OAUTHBEARER"),
    ("PLAIN with a wrong password", {"sasl_mechanism": "PLAIN", "username": "nobody"}, "PLAIN rejects nobody"),
    ("unknown authority", {"ca_file": None}, "CRMKPI_KAFKA__CA_FILE"),
    ("another authority", {"ca_file": "other_ca"}, "CRMKPI_KAFKA__CA_FILE"),
    ("expired", {"bootstrap_servers": "EXPIRED"}, "its certificate has expired"),
    ("another host", {"bootstrap_servers": "OTHER"}, "its certificate is not for 127.0.0.1"),
    ("TLS to plain text", {"bootstrap_servers": "OPEN"}, "CRMKPI_KAFKA__SECURITY_PROTOCOL=SASL_PLAINTEXT"),
    ("TLS to plain text without SASL", {"bootstrap_servers": "PLAINTEXT"}, "CRMKPI_KAFKA__SECURITY_PROTOCOL=PLAINTEXT"),
    ("plain text to TLS", {"security_protocol": "SASL_PLAINTEXT", "ca_file": None}, "SECURITY_PROTOCOL=SASL_SSL"),
    ("no credentials", {"security_protocol": "PLAINTEXT"}, "it requires credentials and none are set"),
    ("TLS only", {"security_protocol": "SSL"}, "it requires credentials and none are set"),
    ("no client certificate", {"security_protocol": "SSL", "bootstrap_servers": "MUTUAL"}, "requires a client cert"),
    ("expired client certificate", {"security_protocol": "SSL", "bootstrap_servers": "MUTUAL",
                                    "certificate_file": "expired"}, "it rejects the client certificate"),
    ("expired token", {"sasl_mechanism": "OAUTHBEARER", "token_file": "old-token"}, "the token in"),
    ("file missing", {"ca_file": "/nowhere.pem"}, "kafka.ca_file: /nowhere.pem cannot be read"),
    ("no certificate", {"ca_file": "secret"}, "holds no PEM certificate"),
    ("no key", {"certificate_file": "ca"}, "kafka.certificate_file, kafka.key_file"),
]  # fmt: skip
PLAIN = {"sasl_mechanism": None, "username": None, "password_file": None, "ca_file": None}


def wrong_kafka(place: Place, change: dict[str, Any]) -> dict[str, Any]:
    """The settings of a row above: listeners and files by their names."""
    (place.folder / "old-token").write_text(token(-60))
    found = dict(change)
    if change.get("security_protocol") in ("PLAINTEXT", "SSL"):
        found = {**PLAIN, **found}
        found["ca_file"] = str(place.made.ca) if change["security_protocol"] == "SSL" else None
    if change.get("sasl_mechanism") == "OAUTHBEARER":
        found |= {"username": None, "password_file": None}
    addresses = {**place.kafka.listeners, "PLAINTEXT": place.kafka.open}
    files = {"other_ca": place.made.other_ca, "expired": place.made.expired, "ca": place.made.ca}
    files |= {"secret": place.folder / "secret", "old-token": place.folder / "old-token"}
    if "bootstrap_servers" in found:
        found["bootstrap_servers"] = addresses[found["bootstrap_servers"]]
    return {key: str(files.get(value, value)) if isinstance(value, str) else value for key, value in found.items()}


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in KAFKA_WRONG], ids=[row[0] for row in KAFKA_WRONG])
async def test_doctor_says_what_is_wrong_with_kafka(place: Place, change: dict[str, Any], said: str) -> None:
    """In one line, with the setting to mend, without the secret."""
    settings = load_settings({"kafka": place.kafka_settings(**wrong_kafka(place, change))})
    check = await kafka_reach.reachable(settings.kafka)
    assert not check.ok
    assert check.fix
    assert said in f"{check.found}; {check.fix}"
    assert SECRET not in str(check)


async def test_other_ways_in(place: Place) -> None:
    """PLAIN, a client's certificate, an OAuth token that is renewed in its file, no check of the host name."""
    tokens = place.folder / "token"
    tokens.write_text(token(3600))
    oauth = {"sasl_mechanism": "OAUTHBEARER", "username": None, "password_file": None, "token_file": str(tokens)}
    mutual = {**PLAIN, "security_protocol": "SSL", "ca_file": str(place.made.ca)}
    mutual |= {"bootstrap_servers": place.kafka.listeners["MUTUAL"], "certificate_file": str(place.made.client)}
    elsewhere = {"bootstrap_servers": place.kafka.listeners["OTHER"], "check_hostname": False}
    for change in ({"sasl_mechanism": "PLAIN"}, mutual, elsewhere, oauth):
        kafka = load_settings({"kafka": place.kafka_settings(**change)}).kafka
        assert (await kafka_reach.reachable(kafka)).ok, change
    tokens.write_text(token(-60))
    assert not (await kafka_reach.reachable(kafka)).ok
    tokens.write_text(token(3600))
    assert (await kafka_reach.reachable(kafka)).ok


REDIS_WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("no password", {"username": None, "password_file": None}, "it requires a password and none is set"),
    ("wrong password", {"password_file": None, "password": SECRET + "x"}, "user name or password is wrong"),
    ("some rights", {"username": "half"}, "ACL SETUSER half ~crmkpi:* +hset"),
    ("no rights", {"username": "none"}, "accepts the login, but denies a command"),
    ("unknown authority", {"ca_file": None}, "CRMKPI_REDIS__CA_FILE"),
    ("expired", {"url": "expired"}, "its certificate has expired"),
    ("TLS to plain text", {"url": "rediss-plain"}, "begin the URL with redis://"),
    ("plain text to TLS", {"url": "redis-tls", "ca_file": None}, "begin the URL with rediss://"),
    ("file missing", {"password_file": "/nowhere"}, "redis.password_file: /nowhere cannot be read"),
    ("no certificate", {"certificate_file": "/nowhere.pem"}, "redis.certificate_file: /nowhere.pem cannot be read"),
]


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in REDIS_WRONG], ids=[row[0] for row in REDIS_WRONG])
async def test_doctor_says_what_is_wrong_with_redis(place: Place, change: dict[str, Any], said: str) -> None:
    """In one line, with the setting to mend, without the secret."""
    urls = {"expired": f"rediss://{place.redis.expired}", "rediss-plain": f"rediss://{place.redis.plain}"}
    urls["redis-tls"] = f"redis://{place.redis.tls}"
    change = {key: urls.get(value, value) if key == "url" else value for key, value in change.items()}
    check = await redis_reach.reachable(load_settings({"redis": place.redis_settings(**change)}).redis)
    assert not check.ok
    assert said in f"{check.found}; {check.fix}"
    assert SECRET not in str(check)


@pytest.mark.parametrize(
    ("command", "code", "change", "said"),
    [
        ("lag", 69, {"CRMKPI_KAFKA__PASSWORD_FILE": "wrong"}, "password is wrong"),
        ("worker", 78, {"CRMKPI_KAFKA__PASSWORD_FILE": "wrong"}, "password is wrong"),
        ("verify", 69, {"CRMKPI_KAFKA__BOOTSTRAP_SERVERS": "EXPIRED"}, "its certificate has expired"),
        ("worker", 78, {"CRMKPI_KAFKA__CA_FILE": ""}, "CRMKPI_KAFKA__CA_FILE"),
    ],
)
def test_commands_end_with_one_line_and_a_code(
    place: Place, command: str, code: int, change: dict[str, str], said: str
) -> None:
    """69 for a command, 78 for a worker: it would be refused again."""
    (place.folder / "wrong").write_text("not-it\n")
    addresses = {**place.kafka.listeners, "wrong": str(place.folder / "wrong")}
    env = {key: addresses.get(value, value) for key, value in change.items()}
    assert said in place.shell().run(command, code=code, **env)


def test_a_worker_that_is_refused_later_is_to_be_started_again(place: Place) -> None:
    """The process below the supervisor ends with 70 and the reason: a rotation may be half done."""
    shell = place.shell()
    env = {**shell.env, "CRMKPI_KAFKA__PASSWORD_FILE": "", "CRMKPI_KAFKA__PASSWORD": SECRET + "x"}
    command = [sys.executable, "-m", "streams"]
    done = subprocess.run(command, cwd=place.folder, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 70
    assert "password is wrong: SCRAM-SHA-512 rejects crmkpi-worker" in done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_readers_of_redis_end_with_one_line_and_a_code(place: Place) -> None:
    """A wrong password, and a file that is not there."""
    shell, asked = place.shell(), ("kpis", "get", "win_rate", "--tenant", "acme")
    (place.folder / "wrong").write_text("not-it\n")
    said = shell.run(*asked, code=69, CRMKPI_REDIS__PASSWORD_FILE=str(place.folder / "wrong"))
    assert "correct CRMKPI_REDIS__USERNAME and CRMKPI_REDIS__PASSWORD_FILE" in said
    said = shell.run(*asked, code=2, CRMKPI_REDIS__PASSWORD_FILE="/nowhere")
    assert "redis.password_file: /nowhere cannot be read" in said
