"""docs/collect.md: what it shows works, and what is read is on it."""

import ast
import re
from pathlib import Path

from collectors.cloudevents import read
from collectors.segment import CALLS
from collectors.segment.tracked import _NAMES
from tests.unit.collectors.contract import arrived, rows

PAGE = (Path(__file__).parents[3] / "docs" / "collect.md").read_text()


def test_the_request_it_shows_is_an_event() -> None:
    (body,) = re.findall(r"-d '(\{.*?\})'", PAGE, re.DOTALL)
    (row,) = rows(read(arrived(body.encode())))
    assert (row.type, row.data["amount"]) == ("crm.deal.won", 120_050)


def test_the_program_it_shows_is_python() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    ast.parse(program)


def test_every_call_and_every_name_that_means_something_is_on_it() -> None:
    assert [call for call in CALLS if call not in PAGE] == []
    words = {word for spoken in _NAMES for word in spoken.split("_")} - {"canceled"}  # American for cancelled
    assert {word for word in words if word not in PAGE.lower()} == set()
    assert {type_ for type_, _ in _NAMES.values() if type_.rpartition(".")[2] not in PAGE} == set()
