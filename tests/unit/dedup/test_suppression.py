"""Suppression lists: how entries are read, and what orders make of them."""

from __future__ import annotations

import hashlib

import pytest

from services.dedup.fingerprint import Details, Fingerprints
from services.dedup.suppression import Listed, Suppressions, judge_listed

FINGERPRINTS = Fingerprints(bytes(range(32)))
SUPPRESSIONS = Suppressions(FINGERPRINTS)
CUSTOMER, OPTED_OUT = Listed("customers", "existing_customer"), Listed("opted-out", "do_not_contact")


@pytest.mark.parametrize(
    "phone", ["+15125550123", "(512) 555-0123", "1-512-555-0123", "5125550123", " 512.555.0123 ", "+1 512 555 0123"]
)
def test_a_phone_on_a_list_is_a_leads_phone_in_any_writing(phone: str) -> None:
    ((_, digest),) = FINGERPRINTS.of("big-bank", Details(phone="+15125550123"))
    assert SUPPRESSIONS.of_phone("big-bank", phone) == digest


def test_an_address_on_a_list_is_a_leads_address_whatever_its_dots_and_tags() -> None:
    ((_, digest),) = FINGERPRINTS.of("big-bank", Details(email="annlee@gmail.com"))
    assert SUPPRESSIONS.of_email("big-bank", " Ann.Lee+x@GoogleMail.com") == digest


@pytest.mark.parametrize("kind", ["phone", "email"])
def test_a_hash_on_a_list_is_what_it_was_made_of(kind: str) -> None:
    value = {"phone": "+15125550123", "email": "ann@example.com"}[kind]
    ((_, digest),) = FINGERPRINTS.of("big-bank", Details(**{kind: value}))  # type: ignore[arg-type]
    hashed = hashlib.sha256(value.encode()).digest()
    assert SUPPRESSIONS.of_hash("big-bank", kind, hashed) == digest  # type: ignore[arg-type]


@pytest.mark.parametrize("phone", ["", "555-0123", "hello", "+12", "0125550123", "512555012345"])
def test_what_is_no_phone_is_refused_without_repeating_it(phone: str) -> None:
    with pytest.raises(ValueError, match="ten digits") as caught:
        SUPPRESSIONS.of_phone("big-bank", phone)
    assert not phone or phone not in str(caught.value)


@pytest.mark.parametrize("email", ["", "ann", "ann@", "ann@example", "a b@example.com"])
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(ValueError, match="mail address"):
        SUPPRESSIONS.of_email("big-bank", email)


def test_each_kind_of_list_is_a_reason_of_its_own() -> None:
    verdict = judge_listed("auto", None, [OPTED_OUT, CUSTOMER, CUSTOMER])
    assert [finding.reason for finding in verdict.findings] == ["do_not_contact", "existing_customer"]
    assert "customers" not in repr(verdict), "which list it is stays with the buyer"


@pytest.mark.parametrize(
    ("minded", "listed", "reasons", "checks"),
    [
        (None, [], [], 1),
        (("customers",), [OPTED_OUT], [], 1),
        (("customers",), [OPTED_OUT, CUSTOMER], ["existing_customer"], 1),
        ((), [CUSTOMER], [], 0),
    ],
)
def test_an_order_minds_the_lists_that_it_names(
    minded: tuple[str, ...] | None, listed: list[Listed], reasons: list[str], checks: int
) -> None:
    verdict = judge_listed("auto", minded, listed)
    assert [finding.reason for finding in verdict.findings] == reasons
    assert len(verdict.checks) == checks
