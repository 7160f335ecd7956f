from __future__ import annotations

import random
from dataclasses import replace

import pytest
from email_validator import EmailNotValidError, validate_email

from services.validation.fieldtypes.email import _PLAIN, _split, email_reader, likely_domain
from tests.unit.validation.people import MAIL_DOMAINS
from tests.unit.validation.terms import judged, lead_with, reasons, reference

GOOD = [
    ("ann.lee@gmail.com", "ann.lee@gmail.com"),
    ("  ann.lee@gmail.com ", "ann.lee@gmail.com"),
    ("ann.lee@GMAIL.COM", "ann.lee@gmail.com"),
    ("Ann.Lee@Gmail.com", "Ann.Lee@gmail.com"),
    ("mailto:ann@gmail.com", "ann@gmail.com"),
    ("Ann Lee <ann@gmail.com>", "ann@gmail.com"),
    ("<ann@gmail.com>", "ann@gmail.com"),
    ("ann@gmail.com.", "ann@gmail.com"),
    ("ann@gmail.com,", "ann@gmail.com"),
    ("ann @ gmail.com", "ann@gmail.com"),
    ("ann+leads@gmail.com", "ann+leads@gmail.com"),
    ("a@b.co", "a@b.co"),
    ("x@y.com", "x@y.com"),
    ("o'brien@yahoo.com", "o'brien@yahoo.com"),
    ("ann_lee-1@cs.utexas.edu", "ann_lee-1@cs.utexas.edu"),
    ("1234567@qq.com", "1234567@qq.com"),
    ("abc@privaterelay.appleid.com", "abc@privaterelay.appleid.com"),
    ("ann@duck.com", "ann@duck.com"),
    ("ann@mozmail.com", "ann@mozmail.com"),
    ("ann@bücher.de", "ann@xn--bcher-kva.de"),
    ("søren@example.dk", "søren@example.dk"),
    ("ann@newdomain.technology", "ann@newdomain.technology"),
    ("ann@my-firm.photography", "ann@my-firm.photography"),
    ("tester@gmail.com", "tester@gmail.com"),
    ("contest@gmail.com", "contest@gmail.com"),
    ("asdf.jones@gmail.com", "asdf.jones@gmail.com"),
    ("none@gmail.com", "none@gmail.com"),
    ("user@smith-family.org", "user@smith-family.org"),
    ("ann@test-drive.com", "ann@test-drive.com"),
    ("ann.lee@example.com", "ann.lee@example.com"),
    ("ann@mail.com", "ann@mail.com"),
    ("ann@gmx.com", "ann@gmx.com"),
    ("ann@hotmail.co", "ann@hotmail.co"),
    ("ann@gmial.com", "ann@gmial.com"),  # only suggested: somebody may own it
]
INVALID = [
    "ann",
    "ann@",
    "@gmail.com",
    "ann@gmail",
    "ann@@gmail.com",
    "ann gmail.com",
    "ann@gmail..com",
    ".ann@gmail.com",
    "ann.@gmail.com",
    "a..b@gmail.com",
    "ann@-gmail.com",
    "ann@gmail-.com",
    "ann@localhost",
    "ann@host.local",
    "ann@foo.invalid",
    "ann@foo.test",
    "ann@1.2.3.4",
    "ann@gmail.c",
    "ann lee@gmail.com",
    "ann@gm ail.com",
    "x" * 65 + "@gmail.com",
    "512-627-4199",
    "ann@gmail.con",
    "ann@yahoo.cmo",
    "ann@aol.vom",
]
DISPOSABLE = ["x@mailinator.com", "x@guerrillamail.com", "x@10minutemail.com", "x@yopmail.com", "x@sub.mailinator.com"]
PLACEHOLDERS = [
    "test@gmail.com",
    "test@test.com",
    "test123@yahoo.com",
    "testing+7@aol.com",
    "TEST@example.com",
    "none@none.com",
    "noemail@noemail.com",
    "asdf@asdf.com",
    "na@na.com",
    "a@a.com",
    "fake@fake.com",
]


@pytest.mark.parametrize(("text", "expected"), GOOD)
def test_an_address_as_people_write_it_becomes_canonical(text: str, expected: str) -> None:
    verdict = judged(lead_with(email=text))
    assert verdict.fields.get("email") == expected
    assert reasons(verdict) == []


@pytest.mark.parametrize("domain", MAIL_DOMAINS)
def test_no_real_provider_is_throw_away_or_misspelt(domain: str) -> None:
    reading = email_reader(reference().throwaway_domains)(f"ann.lee@{domain}")
    assert reading.findings == ()
    assert likely_domain(domain) == ""


@pytest.mark.parametrize("text", INVALID)
def test_an_address_that_cannot_exist_is_invalid(text: str) -> None:
    verdict = judged(lead_with(email=text))
    assert reasons(verdict) == [("email_invalid", "email")]
    assert "email" not in verdict.fields


@pytest.mark.parametrize("text", DISPOSABLE)
def test_a_throw_away_address_is_disposable(text: str) -> None:
    assert reasons(judged(lead_with(email=text))) == [("email_disposable", "email")]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_a_placeholder_is_test_data(text: str) -> None:
    assert reasons(judged(lead_with(email=text))) == [("test_data", "email")]


def test_a_declared_test_may_use_a_test_address() -> None:
    assert reasons(judged(replace(lead_with(email="test@test.com"), test=True))) == []


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmail.co", ""),
        ("yaho.com", "yahoo.com"),
        ("yahooo.com", "yahoo.com"),
        ("hotmial.com", "hotmail.com"),
        ("hotmal.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("iclould.com", "icloud.com"),
        ("comcat.net", "comcast.net"),
        ("mail.com", ""),
        ("smith.com", ""),
        ("fastmail.com", ""),
        ("gmail.de", ""),
    ],
)
def test_a_likely_misspelling_is_only_suggested(domain: str, meant: str) -> None:
    assert likely_domain(domain) == meant
    verdict = judged(lead_with(email=f"ann@{domain}"))
    assert verdict.findings == ()
    suggested = [check.expected for check in verdict.checks if check.rule == "email.domain_spelling"]
    assert suggested == ([meant] if meant else [])


def test_an_impossible_ending_names_the_likely_domain() -> None:
    (finding,) = judged(lead_with(email="ann@gmail.con")).findings
    assert finding.suggestion == "gmail.com"
    assert "ann" not in finding.message


def test_the_fast_path_agrees_with_the_library_wherever_it_speaks() -> None:
    dice = random.Random(3)
    letters = "abcXYZ019._+-'!@ é"
    tails = (
        "gmail.com",
        "a.b.co.uk",
        "x-y.org",
        "-x.com",
        "x-.com",
        "a.test",
        "b.local",
        "xn--a.com",
        "ex--a.com",
        "a.c",
        "1.2",
    )
    spoke = 0
    for _ in range(20_000):
        address = "".join(dice.choices(letters, k=dice.randrange(1, 12))) + "@" + dice.choice(tails)
        if _PLAIN.fullmatch(address) is None:
            continue
        try:
            valid = validate_email(address, check_deliverability=False)
            expected = (valid.local_part, str(valid.ascii_domain).lower())
        except EmailNotValidError:
            expected = None
        spoke += 1
        assert _split(address) == expected, address
    assert spoke > 1000


def test_no_check_or_finding_shows_an_address() -> None:
    for text in [*INVALID, *DISPOSABLE, *PLACEHOLDERS]:
        verdict = judged(lead_with(email=text))
        told = [finding.message for finding in verdict.findings] + [
            check.observed for check in verdict.checks if check.field == "email"
        ]
        assert not any(text in part for part in told)
