"""No client of Kafka or Redis is made past `access`: one that is would neither sign in nor speak TLS."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.redis_reach import COMMANDS

ROOT = Path(__file__).parents[2]
PACKAGES = ("access", "bench", "cli", "dashboard", "models", "ops", "sinks", "streams")
CLIENTS = {"AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient", "AIOKafkaClient", "create_conn"}
CLIENTS |= {"Consumer", "Producer", "AdminClient", "from_url", "Redis"}
OPTIONS = ("client_options", "options.client", "rdkafka", "**options", "**own", "own | settings", "*self._server")


def calls() -> Iterator[tuple[str, str, str]]:
    """(file, function, text) of every call of a client's constructor in the product and the bench."""
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        source = path.read_text()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                if name in CLIENTS:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", name, ast.unparse(node)


def test_every_client_is_made_with_the_settings_of_access() -> None:
    """Found are all there are, so that the next one is found too."""
    made = [(where, text) for where, name, text in calls() if not where.startswith("ops/local/")]
    assert len(made) >= 12
    assert [(where, text) for where, text in made if not any(option in text for option in OPTIONS)] == []


def test_nobody_but_access_reads_the_address_of_a_client() -> None:
    """`bootstrap_servers` and the URL are for showing, elsewhere."""
    allowed = {"access/kafka.py", "models/connections.py", "models/settings.py", "cli/flags.py"}
    found = [
        (str(path.relative_to(ROOT)), line.strip())
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"(admin|feed|LagReader|connect|RedisSink|RedisReader)\([^)]*(bootstrap_servers|redis\.url)", line)
    ]
    assert [(path, line) for path, line in found if path not in allowed] == []


@pytest.mark.parametrize("name", ["publish.lua", "documents.lua"])
def test_doctor_asks_for_every_command_of_the_scripts(name: str) -> None:
    """A right that a script needs and `doctor` does not ask for would be missed at the first publication."""
    used = set(re.findall(r"call\('([A-Z]+)'", (ROOT / "sinks" / name).read_text()))
    used |= set(re.findall(r"in_slices\('([A-Z]+)'", (ROOT / "sinks" / name).read_text()))
    assert used
    assert used - set(" ".join(COMMANDS.values()).split()) == set()


def test_doctor_asks_for_every_command_of_the_sinks() -> None:
    """The same for what is called from Python."""
    words = {"smembers", "hmget", "hgetall", "get", "xread", "xrevrange", "sadd", "eval_ro"}
    source = "".join(path.read_text() for path in (ROOT / "sinks").glob("*.py"))
    used = set(re.findall(r"_redis\.([a-z_]+)\(", source)) - {"aclose", "register_script", "pipeline"}
    assert used >= words
    known = {command.lower().replace("|", "_") for command in " ".join(COMMANDS.values()).split()}
    assert used - known == set()
