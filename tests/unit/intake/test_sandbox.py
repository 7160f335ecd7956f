from __future__ import annotations

import pytest

from services.intake.sandbox import forced_outcome, is_test


@pytest.mark.parametrize(
    ("postal_code", "outcome", "code"),
    [
        ("00001", "accepted", ""),
        ("00002", "rejected", "duplicate_other_seller"),
        ("00003", "rejected", "consent_missing"),
        (" 00004 ", "pending", ""),
    ],
)
def test_a_test_zip_forces_its_outcome(postal_code: str, outcome: str, code: str) -> None:
    forced = forced_outcome({"postal_code": postal_code})
    assert forced is not None
    assert (forced.outcome, forced.code) == (outcome, code)
    assert is_test(False, {"postal_code": postal_code})


def test_a_real_zip_forces_nothing() -> None:
    assert forced_outcome({"postal_code": "78701"}) is None
    assert not is_test(False, {"postal_code": "78701"})


def test_a_marked_lead_is_a_test_and_is_decided_normally() -> None:
    assert is_test(True, {"postal_code": "78701"})
    assert forced_outcome({"postal_code": "78701"}) is None
