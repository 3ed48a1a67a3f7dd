"""Ids of Salesforce: two lengths, one id."""

import pytest

from models.salesforce import long_id


def test_both_lengths_are_one_id() -> None:
    """The last three characters say which of the others are capitals; no id stays none."""
    assert long_id("006Aa00000BcDeF") == long_id("006Aa00000BcDeFIAV") == "006Aa00000BcDeFIAV"
    assert long_id("006Aa00000BcDeFiav") == "006Aa00000BcDeFIAV"
    assert long_id("") == ""


@pytest.mark.parametrize("text", ["006aa00000bcdefIAV", "006", "006Aa00000BcDeF!", "006Aa00000BcDeFIA", "é" * 15])
def test_what_is_none_or_has_lost_its_case_is_refused(text: str) -> None:
    """Two records would else be one, or one two."""
    with pytest.raises(ValueError, match="characters"):
        long_id(text)
