"""The demo's alert rules are rules, and fit its companies."""

import tomllib

from alerts.fitting import complaint
from cli.demo_alerts import alert_rules
from models.settings import load_settings


def test_they_are_rules_of_each_company() -> None:
    settings = load_settings({}, tomllib.loads("".join(map(alert_rules, ("nordbolt", "kirjo-cloud")))))
    assert {rule.tenant for rule in settings.alerts.rules} == {"nordbolt", "kirjo-cloud"}
    assert [complaint(rule, settings.notify.channels) for rule in settings.alerts.rules] == [None] * 6
