"""Bid tokens and what a post is held to: pure."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.pings.comparison import Lead, Type, mismatches, take_hashes, told_by
from services.intake.pings.token import BidClaims, BidSigner

SIGNER = BidSigner(bytes(range(32)))
CLAIMS = BidClaims(
    ping_id="01935d1e-0000-7000-8000-000000000001",
    buyer_id="big-bank",
    seller="marco",
    order="marco-auto-2026",
    order_version=3,
    catalog_revision=7,
    price_minor=3200,
    expires_at=1_795_000_120,
    test=False,
)
TOKEN = SIGNER.sign(CLAIMS)
PHONE, EMAIL = "+15124728174", "ann.lee@example.com"


def test_a_token_says_what_was_signed() -> None:
    assert SIGNER.read(TOKEN) == CLAIMS


@given(st.integers(0, len(TOKEN) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_token_with_any_character_altered_is_none(at: int, character: str) -> None:
    altered = f"{TOKEN[:at]}{character}{TOKEN[at + 1 :]}"
    assert SIGNER.read(altered) == (CLAIMS if altered == TOKEN else None)


@given(st.text(max_size=200))
def test_any_text_is_read_without_harm(text: str) -> None:
    assert SIGNER.read(text) is None
    assert SIGNER.read(f"bid1.{text}") is None


@pytest.mark.parametrize("token", ["", ".", TOKEN[:-1], f"{TOKEN}A", f"{TOKEN}=", TOKEN.upper(), f" {TOKEN}"])
def test_a_token_cut_or_grown_is_none(token: str) -> None:
    assert SIGNER.read(token) is None


def test_another_install_reads_nothing() -> None:
    assert BidSigner(bytes(32)).read(TOKEN) is None


def _lead(sent: dict[str, str], *, source: str = "cars.example", **words: object) -> Lead:
    kept: dict[str, object] = {"identities": {}, "type": Type("long", opt_in="single"), **words}
    return Lead(sent=sent, fields=sent, source=source, **kept)  # type: ignore[arg-type]


_TOLD = {"postal_code": "78701", "state": "TX", "loan_amount": "25000"}


def _against(post: Lead, **ping: object) -> list[str]:
    return list(mismatches(told_by(_lead(_TOLD, **ping), SIGNER.digest), post, SIGNER.digest))  # type: ignore[arg-type]


def test_a_post_that_tells_the_same_and_more_matches() -> None:
    assert not _against(_lead({**_TOLD, "phone": PHONE, "postal_code": "78701-1234"}))


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"loan_amount": "30000"}, "loan_amount"), ({"state": "CA"}, "state"), ({"postal_code": "78702"}, "postal_code")],
)
def test_every_pinged_field_must_come_again(changed: dict[str, str], field: str) -> None:
    assert _against(_lead({**_TOLD, **changed})) == [field]
    assert _against(_lead({name: value for name, value in _TOLD.items() if name != field})) == [field]


def test_another_source_is_a_mismatch() -> None:
    assert _against(_lead(_TOLD, source="vans.example")) == ["source"]


@pytest.mark.parametrize(
    ("phone", "email", "fields"),
    [
        (PHONE, EMAIL, []),
        (PHONE, "Ann.Lee@Example.com", []),
        ("+15124728175", EMAIL, ["phone"]),
        (PHONE, "bob@example.com", ["email"]),
        ("", "", ["phone", "email"]),
    ],
)
def test_the_person_must_be_the_one_whose_hashes_were_pinged(phone: str, email: str, fields: list[str]) -> None:
    hashes = {name: sha256(value.encode()).hexdigest() for name, value in (("phone", PHONE), ("email", EMAIL))}
    post = _lead({**_TOLD, **({"phone": phone} if phone else {}), **({"email": email} if email else {})})
    assert _against(post, hashes=hashes) == fields


def test_a_mailbox_that_dedup_knows_is_the_same_in_another_spelling() -> None:
    hashes = {"email": sha256(b"annlee@gmail.com").hexdigest()}
    post = _lead({**_TOLD, "email": "ann.lee+x@gmail.com"}, identities={"email": b"known"})
    assert not _against(post, hashes=hashes, identities={"email": b"known"})
    assert _against(post, hashes=hashes, identities={"email": b"other"}) == ["email"]


def test_a_dearer_type_than_the_lead_turns_out_is_a_mismatch() -> None:
    assert _against(_lead(_TOLD, type=Type("short", opt_in="single"))) == ["form"]
    assert not _against(_lead(_TOLD), type=Type("short", opt_in="single"))
    assert _against(_lead(_TOLD, type=Type("long", incentivized=True, opt_in="none"))) == ["incentivized", "opt_in"]


def test_hashes_are_taken_out_of_the_fields() -> None:
    digest = sha256(PHONE.encode()).hexdigest()
    fields = {"state": "TX", "phone_sha256": f" {digest.upper()} ", "email": digest}
    assert take_hashes(fields) == {"phone": digest, "email": digest}
    assert fields == {"state": "TX"}


def test_a_hash_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="phone_sha256"):
        take_hashes({"phone_sha256": PHONE})


def test_nothing_that_a_ping_told_is_kept_in_clear() -> None:
    told = told_by(_lead({**_TOLD, "first_name": "Annabella"}, hashes={"phone": "0" * 64}), SIGNER.digest)
    assert all(len(value) == 16 for value in (*told.fields.values(), *told.hashes.values()))
    assert "Annabella" not in repr(told)
