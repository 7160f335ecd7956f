from __future__ import annotations

import random
from dataclasses import replace

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from services.validation.fieldtypes.fieldtype import Context, Parsed, parsed
from services.validation.fieldtypes.mailbox import _PLAIN, Mailbox, read_mailbox
from services.validation.fieldtypes.registry import FIELD_TYPES
from tests.unit.validation.mailboxes import (
    DISPOSABLE,
    GOOD,
    INVALID,
    MISSPELT,
    PERHAPS,
    PLACEHOLDERS,
    REAL_DOMAINS,
)
from tests.unit.validation.people import MAIL_DOMAINS, NAMES
from tests.unit.validation.terms import judged, lead_with, reasons, reference

read = FIELD_TYPES["email"].reader(Context(reference()))


def ask(text: str) -> Parsed:
    return parsed(read(text))


@pytest.mark.parametrize(("text", "expected"), GOOD)
def test_an_address_as_people_write_it_becomes_canonical(text: str, expected: str) -> None:
    verdict = judged(lead_with(email=text))
    assert verdict.fields.get("email") == expected
    assert reasons(verdict) == []


@pytest.mark.parametrize("domain", [*MAIL_DOMAINS, *REAL_DOMAINS])
def test_no_real_domain_is_refused_or_doubted(domain: str) -> None:
    answer = ask(f"ann.lee@{domain}")
    assert (answer.faults, answer.suggestion) == ((), "")


def test_a_known_free_provider_is_refused_only_where_it_is_a_throw_away_or_a_well_known_slip() -> None:
    slips = {slip for slip, _ in MISSPELT}
    lasting = [domain for domain in reference().free_mail_domains if domain not in reference().throwaway_domains]
    assert len(lasting) > 3500
    # A country that is no more (.yu) takes its providers with it.
    refused = {one for one in lasting for fault in ask(f"ann.lee@{one}").faults if fault.reason == "email_invalid"}
    assert refused - slips == {"webmail.co.yu"}


@pytest.mark.parametrize(("text", "meant"), INVALID)
def test_an_address_that_cannot_be_is_invalid_with_what_was_meant(text: str, meant: str) -> None:
    verdict = judged(lead_with(email=text))
    assert reasons(verdict) == [("email_invalid", "email")]
    assert ask(text).suggestion == meant


@pytest.mark.parametrize(("domain", "meant"), MISSPELT)
def test_a_misspelt_domain_is_refused_with_the_one_that_was_meant(domain: str, meant: str) -> None:
    (finding,) = judged(lead_with(email=f"ann@{domain}")).findings
    assert finding.reason in ("email_invalid", "email_disposable")
    # Sellers are told a domain and nothing of the person; who asks for a value gets it whole.
    assert finding.suggestion == meant
    assert ask(f"ann@{domain}").suggestion == f"ann@{meant}"


@pytest.mark.parametrize(("domain", "meant"), PERHAPS)
def test_a_domain_that_is_only_perhaps_misspelt_stays_good(domain: str, meant: str) -> None:
    verdict = judged(lead_with(email=f"ann@{domain}"))
    assert reasons(verdict) == []
    assert [check.expected for check in verdict.checks if check.rule == "email.domain_spelling"] == [meant]
    assert ask(f"ann@{domain}").suggestion == f"ann@{meant}"


@pytest.mark.parametrize("domain", DISPOSABLE)
def test_a_throw_away_address_is_disposable(domain: str) -> None:
    assert reasons(judged(lead_with(email=f"ann@{domain}"))) == [("email_disposable", "email")]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_a_placeholder_is_test_data(text: str) -> None:
    assert reasons(judged(lead_with(email=text))) == [("test_data", "email")]


@pytest.mark.parametrize("text", ["", "N/A", "none", "{{email}}", "%%email%%", "[email]", "-", "null", "${lead.email}"])
def test_what_stands_for_nothing_is_missing(text: str) -> None:
    assert ask(text).missing


def test_a_declared_test_may_use_a_test_address() -> None:
    for address in ("test@test.com", "ann@example.com"):
        assert reasons(judged(replace(lead_with(email=address), test=True))) == []


def test_the_parts_of_an_address_say_what_kind_of_provider_it_has() -> None:
    assert ask("Ann.Lee+auto@Gmail.com").parts == {
        "local": "ann.lee", "tag": "auto", "domain": "gmail.com", "tld": "com", "provider": "free", "role": "false",
    }  # fmt: skip
    kinds = {
        "gmail.com": "free", "comcast.net": "free", "proton.me": "free", "yahoo.co.uk": "free", "hey.com": "free",
        "privaterelay.appleid.com": "relay", "duck.com": "relay", "mozmail.com": "relay", "me.anonaddy.com": "relay",
        "mailinator.com": "disposable", "cs.utexas.edu": "other", "lees-garage.com": "other",
    }  # fmt: skip
    assert {domain: ask(f"ann@{domain}").parts["provider"] for domain in kinds} == kinds
    assert ask("info@smith-family.org").parts["role"] == "true"


def test_addresses_that_people_make_of_their_names_are_never_placeholders() -> None:
    """False alarms, counted on several thousand addresses of real names in the patterns that people use."""
    dice, refused, tried = random.Random(4), [], 0
    for name in NAMES:
        letters = ["".join(c for c in part.lower() if c.isascii() and c.isalpha()) for part in name.split(" ", 1)]
        first, last = letters[0] or "ann", letters[-1] or "lee"
        year, digits = dice.randrange(50, 99), dice.randrange(10_000)
        for local in (
            f"{first}.{last}", f"{first}{last}", f"{first[0]}{last}", f"{first}{last[0]}", f"{last}{first}",
            f"{first}_{last}{year}", f"{first}{digits}", f"{last}{year}", f"{first[0]}.{last}",
            f"{last}.{first[0]}{year}",
            f"{first}{last}19{year}", f"the{last}s", f"{first}loves{last}", f"mr{last}", f"{first}-{last}+leads",
        ):  # fmt: skip
            domain = dice.choice(("yahoo.com", "aol.com", "outlook.com", "comcast.net", "icloud.com", "hotmail.com"))
            tried += 1
            if ask(f"{local}@{domain}").faults:
                refused.append(f"{local}@{domain}")
    assert tried > 3000
    # `test5417` is what everybody takes for a test, `oooo` for a finger that rests on a key, and `mail` for nothing.
    assert [address for address in refused if not address.startswith(("test", "oooo", "mail@"))] == []


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
            expected = Mailbox(valid.local_part.lower(), str(valid.ascii_domain).lower())
        except EmailNotValidError:
            continue  # the plain pattern says yes to special endings, which are looked at behind it
        spoke += 1
        assert read_mailbox(address) == expected, address
    assert spoke > 500


def test_no_check_or_finding_shows_an_address() -> None:
    for text in [text for text, _ in (*GOOD, *INVALID)] + [f"ann@{domain}" for domain in DISPOSABLE] + PLACEHOLDERS:
        reading = read(text)
        told = [finding.message + finding.suggestion for finding in reading.findings]
        told += [check.observed for check in reading.checks]
        assert not any(text in part or "ann" in part.partition("@")[0] for part in told), told


BEFORE = st.sampled_from(["", " ", "mailto:", "Email: ", "<", "'", '"', "(", "\u200b", "\t", "Ann Lee <"])
AFTER = st.sampled_from(["", " ", ".", ",", ";", ">", "'", "\n", " (home)", "\u00a0"])


@given(
    local=st.from_regex(r"[a-z]{3,8}[0-9]{2}(\.[a-z]{2,5})?(\+[a-z]{1,4})?", fullmatch=True),
    domain=st.sampled_from(["yahoo.com", "cs.utexas.edu", "b\u00fccher.de", "hotmail.co.uk"]),
    case=st.sampled_from([str.lower, str.upper, str.title]),
    around=st.tuples(BEFORE, st.sampled_from(["@", " @", "@ ", " @ "]), AFTER),
)
def test_case_spaces_and_wrapping_never_make_a_valid_address_invalid(
    local: str, domain: str, case: object, around: tuple[str, str, str]
) -> None:
    before, at, after = around
    plain = read(f"{local}@{domain}")
    assert callable(case)
    reading = read(f"{before}{case(local)}{at}{case(domain)}{after}")
    assert (reading.value, reading.findings) == (plain.value, plain.findings)


@given(
    st.text(max_size=40)
    | st.text(alphabet="ab.@+-_ <>,;()\"'\u0130\u00df\u0131\uff20c\u03c3\u03c2O", max_size=24)
    | st.builds("{}@{}".format, st.text(max_size=12), st.sampled_from(["gmail.com", "B\u00dc.de", "a.a", "gmail,com"]))
)
def test_whatever_comes_is_read_and_what_is_read_stays_what_it_is(text: str) -> None:
    reading = read(text)
    if reading.value is not None:
        again = read(reading.value)
        assert again.value == reading.value
        assert [finding.reason for finding in again.findings] == [finding.reason for finding in reading.findings]
