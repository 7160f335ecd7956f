"""Identity: spellings of one person meet, persons stay apart, digests tell nothing without the key."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dedup.fingerprint import Fingerprints, canonical_email, read_key
from services.dedup.settings import Settings
from shared.runtime.settings import SettingsError, load

KEY = bytes(range(32))
LOCAL = st.from_regex(r"[a-z][a-z0-9]{0,15}", fullmatch=True)


@pytest.mark.parametrize(
    "spelling",
    [
        "ann.lee@gmail.com",
        "annlee@gmail.com",
        "A.n.n.Lee+bank@GMail.com",
        "annlee@googlemail.com",
        " annlee@gmail.com ",
    ],
)
def test_spellings_of_one_gmail_box_are_one(spelling: str) -> None:
    assert canonical_email(spelling) == "annlee@gmail.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann.lee@example.com", "annlee@example.com"),
        ("ann+bank@example.com", "ann@example.com"),
        ("ann@gmail.com", "ann@example.com"),
        ("ann@mail.gmail.com", "ann@gmail.com"),
        ("...@gmail.com", "+x@gmail.com"),
    ],
)
def test_different_mailboxes_stay_apart(one: str, other: str) -> None:
    assert canonical_email(one) != canonical_email(other)


@given(LOCAL, st.lists(st.integers(0, 15)), LOCAL, st.sampled_from(["gmail.com", "googlemail.com"]))
def test_dots_and_tags_never_make_another_gmail_box(local: str, dots: list[int], tag: str, domain: str) -> None:
    spelled = local
    for position in dots:
        spelled = f"{spelled[:position]}.{spelled[position:]}"
    assert canonical_email(f"{spelled.upper()}+{tag}@{domain}") == f"{local}@gmail.com"


@given(st.from_regex(r"[a-z0-9.+]{1,20}@(gmail\.com|example\.org)", fullmatch=True))
def test_the_canonical_form_is_its_own_canonical_form(address: str) -> None:
    assert canonical_email(canonical_email(address)) == canonical_email(address)


def test_a_digest_is_the_keyed_hash_of_buyer_kind_and_value() -> None:
    ((kind, digest),) = Fingerprints(KEY).of("big-bank", phone="+15125550123", email="")
    assert kind == "phone"
    assert digest == hmac.new(KEY, b"big-bank|phone|+15125550123", "sha256").digest()[:16]


def test_buyers_kinds_and_keys_do_not_share_digests() -> None:
    same = "a@b.example"
    digests = [
        *Fingerprints(KEY).of("big-bank", phone=same, email=same),
        *Fingerprints(KEY).of("small-bank", phone=same, email=same),
        *Fingerprints(KEY[::-1]).of("big-bank", phone=same, email=same),
    ]
    assert len({digest for _, digest in digests}) == 6


def test_an_empty_value_is_no_identity() -> None:
    assert Fingerprints(KEY).of("big-bank", phone="", email="") == ()


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "secret-not-hex!"])
def test_a_key_that_is_not_32_bytes_in_hex_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="expected 32 bytes in hex") as caught:
        read_key(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", [None, "abcd"])
def test_settings_name_the_variable_of_a_missing_or_short_key(key: str | None) -> None:
    environ = {"LEADLINE_POSTGRES_URL": "postgresql://x"} | ({"LEADLINE_IDENTITY_KEY": key} if key else {})
    with pytest.raises(SettingsError, match="LEADLINE_IDENTITY_KEY"):
        load(Settings, environ).identity_key  # noqa: B018
