"""Every line of the bad-input corpus through the collector: the worker's verdict, and its neighbours are taken."""

import pytest

from collectors import cloudevents
from collectors.arrived import Arrived, Unreadable
from collectors.privacy import Policy
from collectors.server.intake import Intake, Origin, Verdict
from collectors.server.meters import Meters
from collectors.server.publish import Publisher, Record
from models.collecting import PrivacySettings
from models.settings import load_settings
from tests.corpus import TIMESTAMP, Case, cases, dump

SETTINGS = load_settings({})
INTAKE = Intake(SETTINGS, Publisher(SETTINGS.kafka), lambda tenant: Policy(b"k", tenant, PrivacySettings()), Meters())
DIFFERENT = {(15, "array"), (91, "tenantid with a path")}  # an array is a batch here, and a body names no tenant
LINES = [one for one in cases() if one.value and b"\n" not in one.value and not one.headers and one.number != 8]
ORIGIN = Origin("acme", "/corpus")
GOOD = [dump(id=f"good-{number}") for number in range(3)]


def judged(body: bytes, media: str, **headers: str) -> tuple[Verdict, list[Record]]:
    arrived = Arrived("POST", "http://x/events", {"content-type": media, **headers}, body, TIMESTAMP)
    return INTAKE.judge(ORIGIN, cloudevents.read(arrived), TIMESTAMP)


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.number} {case.name}")
def test_the_verdict_is_the_workers(case: Case) -> None:
    headers = {name.replace("_", "-"): value.decode("latin-1") for name, value in case.headers}
    media = headers.pop("content-type", "application/json")
    try:
        verdict, records = judged(case.value or b"", media, **headers)
    except Unreadable:
        assert case.reason is not None
        return
    assert verdict.accepted == accepted(case), verdict
    assert len(records) == 1  # a dead letter to be, where it is none of the accepted


@pytest.mark.parametrize("case", LINES, ids=lambda case: f"{case.number} {case.name}")
def test_its_neighbours_are_taken(case: Case) -> None:
    """One a line; what is no text at all would be no line of a text."""
    try:
        (case.value or b"").decode()
    except UnicodeDecodeError:
        return
    verdict, records = judged(b"\n".join([GOOD[0], case.value or b"", *GOOD[1:]]), "application/x-ndjson")
    alone = case.reason is None or (case.number, case.name) == (91, "tenantid with a path")
    assert verdict.accepted == 3 + alone, verdict
    assert len(records) == 4


def accepted(case: Case) -> int:
    """How many events the collector takes of it."""
    return int(case.reason is None or (case.number, case.name) in DIFFERENT)
