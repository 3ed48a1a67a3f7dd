"""The schemas in the repository are those of the models, and the KPI document is the contract's."""

import orjson
import pytest
from pydantic import ValidationError

from models import schemas
from models.kpi import KpiDocument

DOCUMENT = {
    "kpi": "win_rate",
    "window": "30d",
    "segment": {},
    "value": 0.4,
    "unit": "ratio",
    "numerator": 12,
    "denominator": 30,
    "n": 30,
    "status": "ok",
    "state": "live",
    "start": "2024-05-02T10:00:00+03:00",
    "end": "2024-06-01T10:00:00+03:00",
    "tz": "Europe/Helsinki",
    "as_of": "2024-06-01T10:00:00+03:00",
    "watermark": "2024-06-01T09:59:58+03:00",
    "late_revised": 0,
    "definition": 1,
    "rev": "3.48213",
}


def test_the_files_are_current() -> None:
    """Run ``python -m models.schemas`` after changing a model."""
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in schemas.FOLDER.glob("*.json")}
    assert on_disk == {name: schemas.text(schema) for name, schema in schemas.every().items()}


def test_every_schema_says_its_draft_and_type() -> None:
    """Validators find out what to do from the file alone."""
    for name, schema in schemas.every().items():
        assert schema["$schema"] == schemas.DRAFT
        if name != "kpi-document.json":
            assert name.removesuffix(".json") in schema["properties"]["type"]["enum"]


def test_money_counts_and_no_data_fit_the_document() -> None:
    """Numbers, decimal text, null."""
    for value in (0.4, 3, "1234.50", "-2.00", None):
        assert KpiDocument.model_validate_json(orjson.dumps({**DOCUMENT, "value": value})).value == value


@pytest.mark.parametrize(
    "change", [{"value": "many"}, {"window": "31d"}, {"segment": {"a": "b", "c": "d"}}, {"extra": 1}]
)
def test_anything_else_does_not(change: dict[str, object]) -> None:
    """Readers can rely on the shape."""
    with pytest.raises(ValidationError):
        KpiDocument.model_validate_json(orjson.dumps({**DOCUMENT, **change}))
