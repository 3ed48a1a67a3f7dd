"""Salesforce ids in table cells. Pure."""

from cli.faults import RowError
from models import salesforce


def long_id(text: str) -> str:
    """The 18-character id; an empty cell stays empty. Raises RowError for an invalid id, or one that lost its case."""
    try:
        return salesforce.long_id(text)
    except ValueError as error:
        raise RowError("not an id of Salesforce", str(error)) from None
