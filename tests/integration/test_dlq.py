"""Dead letters against a real broker: what they hold, and sending them again."""

import json

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from streams.producing import Output
from streams.restore import new_reader, read_partition
from tests.integration.streams_rig import Rig
from tests.integration.test_lost import crmkpi

pytestmark = pytest.mark.servers
GOOD = b'{ "type":"crm.page.viewed",  "id":"e1", "tenantid":"acme", "data":{"anonymous_id":"v","url":"https://a.example/"}}'
OTHER = GOOD.replace(b"a.example", b"b.example")
BAD = b'{ "type":"crm.page.viewed",  "id":"e2", "tenantid":"acme", "data":{"n":"\xc2\x9b1mred"}}'


async def sent(rig: Rig, *values: bytes) -> None:
    """Records with a key and headers."""
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka.bootstrap_servers)
    await producer.start()
    for value in values:
        await producer.send_and_wait(rig.input, value, key=b"k\xff", headers=[("trace", b"\x00\x01")], partition=1)
    await producer.stop()


async def inputs(rig: Rig) -> list[Output]:
    """Everything in the input partition."""
    reader, found = new_reader(rig.options), []
    await reader.start()
    async for records in read_partition(reader, TopicPartition(rig.input, 1)):
        found += [(record.key, record.value, list(record.headers)) for record in records]
    await reader.stop()
    return found


async def test_letters_hold_what_was_sent_and_are_sent_again_once(rig: Rig) -> None:
    """Conflicts too; what was retried or discarded is listed no more, and a repeated retry finds nothing."""
    await sent(rig, GOOD, OTHER, BAD)
    rig.expected["acme"].update({"crm.page.viewed": 1, "conflict": 1, "rejected": 1})
    with rig.worker():
        await rig.exact()
    groups = json.loads(crmkpi(rig, "dlq", "ls", "--json").stdout)
    conflict, bad = f"{rig.input}/1/1", f"{rig.input}/1/2"
    assert {(group["reason"], group["letters"], group["example"]) for group in groups} == {
        ("id_conflict", 1, conflict), ("missing_field", 1, bad),
    }  # fmt: skip

    shown = json.loads(crmkpi(rig, "dlq", "show", conflict, "--json").stdout)
    assert (shown["value"], shown["event"], shown["tenant"]) == (OTHER.decode(), "as it was sent", "acme")
    assert shown["key"] == {"base64": "a/8="}
    assert "\x9b" not in crmkpi(rig, "dlq", "show", bad).stdout

    dry = crmkpi(rig, "dlq", "retry", "--all", "--dry-run")
    assert (dry.returncode, len(await inputs(rig))) == (1, 3)
    assert "another id" in dry.stderr
    assert crmkpi(rig, "dlq", "retry", bad).returncode == 0
    assert (await inputs(rig))[3:] == [(b"k\xff", BAD, [("trace", b"\x00\x01")])]
    assert crmkpi(rig, "dlq", "retry", bad).returncode == 1
    assert crmkpi(rig, "dlq", "discard", "--reason", "id_conflict").returncode == 0
    assert json.loads(crmkpi(rig, "dlq", "ls", "--json").stdout) == []

    rig.expected["acme"].update({"rejected": 1})
    with rig.worker():
        await rig.exact()
    (again,) = json.loads(crmkpi(rig, "dlq", "ls", "--tenant", "acme", "--json").stdout)
    assert again["letters"] == 1
    assert again["example"].startswith(f"{rig.input}/1/")
