"""An amount is read as people type it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from schemas.programme_sections import BudgetForm


@pytest.mark.parametrize(
    "typed", ["12000.5", "12 000,50", "12 000,50 €", "€12\u202f000,50", "12\u00a0000,5\u00a0€"]
)
def test_an_amount_may_have_spaces_a_comma_and_the_sign_of_the_euro(typed: str) -> None:
    assert BudgetForm().load({"amount": typed})["amount"] == Fraction("12000.5")
