"""Identity: spellings of one person meet, persons stay apart, digests tell nothing without the key."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dedup.canonical import canonical_address, canonical_email, canonical_name
from services.dedup.fingerprint import Details, Fingerprints, read_key
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
        ("+bank@example.com", "ann@example.com"),
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
    ((kind, digest),) = Fingerprints(KEY).of("big-bank", Details(phone="+15125550123"))
    assert kind == "phone"
    hashed = hashlib.sha256(b"+15125550123").hexdigest()
    assert digest == hmac.new(KEY, f"big-bank|phone|{hashed}".encode(), "sha256").digest()[:16]


def test_buyers_kinds_and_keys_do_not_share_digests() -> None:
    same = "a@b.example"
    digests = [
        *Fingerprints(KEY).of("big-bank", Details(same, same)),
        *Fingerprints(KEY).of("small-bank", Details(same, same)),
        *Fingerprints(KEY[::-1]).of("big-bank", Details(same, same)),
    ]
    assert len({digest for _, digest in digests}) == 6


def test_an_empty_value_is_no_identity() -> None:
    assert Fingerprints(KEY).of("big-bank", Details()) == ()


KINDS = ("phone", "email", "name+address", "name+date_of_birth", "phone+name", "email+date_of_birth")
WHOLE = Details(
    phone="+15125550123",
    email="ann@example.com",
    first_name="Ann",
    last_name="Lee",
    street="12 Main St",
    postal_code="78701",
    date_of_birth="1980-02-03",
)
PARTS = {"name": ("first_name", "last_name"), "address": ("street", "postal_code")}


@given(st.sets(st.sampled_from([name for name, value in WHOLE._asdict().items() if value])))
def test_a_detail_that_is_missing_never_matches(missing: set[str]) -> None:
    details = Details(**{name: value for name, value in WHOLE._asdict().items() if name not in missing})
    kinds = {kind for kind, _ in Fingerprints(KEY).of("big-bank", details, KINDS)}
    told = {kind for kind in KINDS for _ in [0] if not missing & _fields(kind)}
    assert kinds == told


def _fields(kind: str) -> set[str]:
    return {name for part in kind.split("+") for name in PARTS.get(part, (part,))}


def test_a_hash_stands_for_what_it_was_made_of() -> None:
    fingerprints = Fingerprints(KEY)
    hashed = Details(phone_sha256=hashlib.sha256(WHOLE.phone.encode()).digest())
    assert fingerprints.of("big-bank", hashed)[0] == fingerprints.of("big-bank", WHOLE)[0]


def test_an_address_with_a_tag_is_also_known_as_it_is_written() -> None:
    fingerprints = Fingerprints(KEY)
    assert fingerprints.email_as_written("big-bank", WHOLE.email) is None
    tagged = fingerprints.email_as_written("big-bank", "A.nn+x@Gmail.com")
    assert tagged == fingerprints.of_hash("big-bank", "email", hashlib.sha256(b"a.nn+x@gmail.com").digest())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("12 North Main Street Apt 4", "78701-1234"), ("12 n. main st. #4", "78701")),
        (("9 O'Hara Avenue, Unit B", "10001"), ("9 OHara Ave apt B", "10001")),
        (("100 Martin Luther King Blvd", "30301"), ("100 martin luther king boulevard", "30301")),
    ],
)
def test_one_address_written_differently_is_one(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert canonical_address(*one) == canonical_address(*other)


@pytest.mark.parametrize(("street", "zip_code"), [("", "78701"), ("12 Main St", ""), ("Main St", "78701")])
def test_an_address_without_house_street_or_zip_is_none(street: str, zip_code: str) -> None:
    assert canonical_address(street, zip_code) == ""


def test_another_apartment_is_another_address() -> None:
    assert canonical_address("12 Main St Apt 4", "78701") != canonical_address("12 Main St Apt 5", "78701")


@pytest.mark.parametrize(
    ("first", "last", "full", "name"),
    [
        ("José", "O'Neill-Lee", "", "jose oneill lee"),
        ("", "", "Lee, Ann", "ann lee"),
        ("", "", "Ann Lee", "ann lee"),
        ("Ann", "", "", ""),
        ("", "", "Ann", ""),
    ],
)
def test_names_are_one_whatever_their_accents_and_order(first: str, last: str, full: str, name: str) -> None:
    assert canonical_name(first, last, full) == name


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
