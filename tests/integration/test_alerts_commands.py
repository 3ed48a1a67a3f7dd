"""What people do about alerts, on a real runner: acknowledge, mute, make a rule by API, send again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from alerts.desk import Desk
from models.alerting import Rule
from ops.local import Kafka
from tests.integration.alerts_rig import Receiver, Rig

pytestmark = pytest.mark.servers
TENANT = "acme"


@pytest.fixture
async def rig(kafka: Kafka, redis_url: str, app_id: str, tmp_path: Path) -> AsyncIterator[Rig]:
    """An installation with one tenant, whose numbers are fine."""
    receiver = Receiver()
    made = Rig(kafka.bootstrap, redis_url, app_id, tmp_path, [TENANT], receiver)
    await made.ready()
    yield made
    receiver.close()
    assert receiver.wrong == []


async def test_acknowledged_muted_and_made_while_it_runs(rig: Rig) -> None:
    desk = Desk(rig.settings)
    with rig.running():
        await rig.publish({TENANT: 0.2})
        await rig.until(lambda: rig.receiver.told(TENANT) == [(1, "raised")])
        rig.command("ack", "win-rate/1", "--tenant", TENANT, "--by", "anna")
        rig.command("mute", "win-rate", "--tenant", TENANT, "--until", "1h")
        (rule,) = rig.command("list", "--tenant", TENANT, "--json")
        assert (rule["state"], rule["muted until"] != "") == ("raised", True)
        await rig.publish({TENANT: 0.5})
        other = {"id": "more", "tenant": TENANT, "kind": "threshold", "kpi": "win_rate", "window": "30d", "above": 0.4}
        await desk.keep(Rule.model_validate({**other, "to": ["hook"]}))
        await rig.until(lambda: any(one.data["rule"] == "more" for one in rig.receiver.got), "the rule is not known")
        log = rig.command("log", "--tenant", TENANT, "--json")
        assert {(one["rule"], one["state"]) for one in log} == {
            ("win-rate", "raised"), ("win-rate", "cleared"), ("more", "raised"),
        }  # fmt: skip
        assert len([one for one in rig.receiver.got if one.data["rule"] == "win-rate"]) == 1  # muted
        rig.command("mute", "win-rate", "--tenant", TENANT, "--until", "off")
        await rig.until(lambda: rig.receiver.got[-1].data["state"] == "cleared", "the end of muting told nothing")
        shown = await desk.view(TENANT)
        (acked,) = [one for one in shown["log"] if one["ack"]]
        assert (acked["rule"], acked["number"], acked["ack"]["by"]) == ("win-rate", 1, "anna")
        await desk.drop(TENANT, "more")
        await rig.until(
            lambda: [x.data["state"] for x in rig.receiver.got if x.data["rule"] == "more"][1:] == ["cleared"]
        )
    await desk.close()


async def test_retried_given_up_and_sent_again(rig: Rig) -> None:
    rig.receiver.answers = [500, 503, 410]
    with rig.running():
        await rig.publish({TENANT: 0.2})
        await rig.until(lambda: rig.receiver.answers == [])
        (change,) = rig.command("log", "--tenant", TENANT, "--json")
        (sent,) = change["deliveries"]
        assert (sent["status"], sent["attempts"], rig.receiver.got) == ("dead", 3, [])
        rig.command("retry", sent["id"], "--tenant", TENANT)
        await rig.until(lambda: rig.receiver.told(TENANT) == [(1, "raised")])
        assert rig.receiver.got[0].id == sent["id"]
