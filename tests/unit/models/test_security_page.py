"""The page on security names every setting there is of both connections, and no other."""

import re
from pathlib import Path

from models.settings import KafkaSettings, RedisSettings

PAGE = (Path(__file__).parents[3] / "docs" / "security.md").read_text()


def test_every_setting_of_a_connection_is_on_the_page() -> None:
    """With the name of its variable; the addresses of Kafka are on the page of operations."""
    table = PAGE.split("## Settings")[1].split("Settings that do not go together")[0]
    named = set(re.findall(r"CRMKPI_(?:KAFKA|REDIS)__[A-Z_]+", table))
    there = {f"CRMKPI_KAFKA__{name.upper()}" for name in KafkaSettings.model_fields}
    there |= {f"CRMKPI_REDIS__{name.upper()}" for name in RedisSettings.model_fields}
    assert named == there - {"CRMKPI_KAFKA__BOOTSTRAP_SERVERS"}


def test_no_advice_names_a_setting_that_does_not_exist() -> None:
    """In all of the product's texts, not only on the page."""
    there = {f"KAFKA__{name.upper()}" for name in KafkaSettings.model_fields}
    there |= {f"REDIS__{name.upper()}" for name in RedisSettings.model_fields}
    root = Path(__file__).parents[3]
    files = [*(root / "docs").glob("*.md"), root / "README.md", root / "docker-compose.yml"]
    files += [
        path for package in ("access", "cli", "models", "ops", "streams") for path in (root / package).rglob("*.py")
    ]
    named = {name for path in files for name in re.findall(r"CRMKPI_((?:KAFKA|REDIS)__[A-Z_]+)", path.read_text())}
    assert named - there == set()
