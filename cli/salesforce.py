"""Ids of Salesforce in the cells of a table. Pure."""

from cli.faults import RowError
from models import salesforce


def long_id(text: str) -> str:
    """The id of 18 characters; an empty cell stays empty. Raises RowError for what is none, or has lost its case."""
    try:
        return salesforce.long_id(text)
    except ValueError as error:
        raise RowError("not an id of Salesforce", str(error)) from None
