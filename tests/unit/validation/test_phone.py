from __future__ import annotations

import random
from dataclasses import replace

import phonenumbers
import pytest

from services.validation.fieldtypes import nanp
from services.validation.fieldtypes.phone import read_phone
from tests.unit.validation.terms import judged, lead_with, reasons

GOOD = [
    ("(512) 627-4199", "+15126274199"),
    ("512-627-4199", "+15126274199"),
    ("512.627.4199", "+15126274199"),
    ("512 627 4199", "+15126274199"),
    ("5126274199", "+15126274199"),
    ("15126274199", "+15126274199"),
    ("1-512-627-4199", "+15126274199"),
    ("+1 512 627 4199", "+15126274199"),
    ("+1 (512) 627-4199", "+15126274199"),
    ("001 512 627 4199", "+15126274199"),
    ("512/627/4199", "+15126274199"),
    ("(512)627-4199 ", "+15126274199"),
    ("tel:512-627-4199", "+15126274199"),
    ("512-627-4199 x12", "+15126274199"),
    ("512-627-4199 ext. 1234", "+15126274199"),
    ("512-627-4199#", "+15126274199"),
    ("５１２６２７４１９９", "+15126274199"),
    ("\u200e+1 512-627-4199\u200e", "+15126274199"),
    ("512\u2013627\u20134199", "+15126274199"),
    ("416-967-1111", "+14169671111"),  # Toronto
    ("787-721-2400", "+17877212400"),  # San Juan
    ("+1 242 322 4357", "+12423224357"),  # Nassau
    ("+44 20 7946 1958", "+442079461958"),
    ("011 44 20 7946 1958", "+442079461958"),
    ("0049 30 901820", "+4930901820"),
    ("+49 170 9876321", "+491709876321"),
    ("+52 55 5061 9100", "+525550619100"),
    ("+91 98765 01234", "+919876501234"),
    ("+852 2345 6709", "+85223456709"),
    ("212-555-2368", "+12125552368"),  # 555 as an exchange is not fiction by itself
    ("212-222-2234", "+12122222234"),
    ("646-234-5679", "+16462345679"),
]
BAD = [
    ("123", "phone_invalid"),
    ("12345", "phone_invalid"),
    ("512627419", "phone_invalid"),
    ("51262741999", "phone_invalid"),
    ("call me", "phone_invalid"),
    ("ann@gmail.com", "phone_invalid"),
    ("+", "phone_invalid"),
    ("#", "phone_invalid"),
    ("211-627-4199", "phone_invalid"),  # N11 is no area code
    ("222-627-4199", "phone_invalid"),  # not assigned
    ("999-627-4199", "phone_invalid"),
    ("512-027-4199", "phone_invalid"),  # no exchange starts with 0 or 1
    ("512-127-4199", "phone_invalid"),
    ("512-911-4199", "phone_invalid"),
    ("512-411-4199", "phone_invalid"),
    ("+44 1", "phone_invalid"),
    ("+999 123456789", "phone_invalid"),
    ("512-555-0100", "phone_fake"),
    ("512-555-0123", "phone_fake"),
    ("(512) 555-0199", "phone_fake"),
    ("512-555-1212", "phone_fake"),
    ("555-555-5555", "phone_fake"),
    ("111-111-1111", "phone_fake"),
    ("0000000000", "phone_fake"),
    ("999 999 9999", "phone_fake"),
    ("123-456-7890", "phone_fake"),
    ("1234567890", "phone_fake"),
    ("987-654-3210", "phone_fake"),
    ("2345678901", "phone_fake"),
    ("512-222-2222", "phone_fake"),
    ("512-234-5678", "phone_fake"),
    ("512-765-4321", "phone_invalid_or_fake"),
    ("800-627-4199", "phone_type_not_allowed"),
    ("888 627 4199", "phone_type_not_allowed"),
    ("833-627-4199", "phone_type_not_allowed"),
    ("900-627-4199", "phone_type_not_allowed"),
    ("500-234-5679", "phone_type_not_allowed"),
    ("1-800-FLOWERS", "phone_type_not_allowed"),
]


@pytest.mark.parametrize(("text", "expected"), GOOD)
def test_a_number_as_people_write_it_becomes_e164(text: str, expected: str) -> None:
    verdict = judged(lead_with(phone=text))
    assert verdict.fields.get("phone") == expected
    assert reasons(verdict) == []


@pytest.mark.parametrize(("text", "reason"), BAD)
def test_a_number_that_is_wrong_or_made_up_is_refused_with_its_reason(text: str, reason: str) -> None:
    found = reasons(judged(lead_with(phone=text)))
    assert found in ([("phone_invalid", "phone")], [("phone_fake", "phone")], [("phone_type_not_allowed", "phone")])
    assert found[0][0] in (("phone_invalid", "phone_fake") if "_or_" in reason else (reason,))


def test_every_assigned_area_code_takes_thousands_of_ordinary_numbers() -> None:
    dice = random.Random(1)
    areas = [area for area, kind in nanp.AREA_CODES.items() if kind == nanp.CONSUMER]
    assert len(areas) > 380
    for area in areas:
        for _ in range(5):
            exchange = dice.choice([n for n in range(220, 999) if n % 100 != 11 and n != 555])
            line = dice.randrange(1000, 9999)
            if len(set(f"{exchange}{line}")) > 3:
                reading = read_phone(f"({area}) {exchange}-{line}")
                assert reading.value == f"+1{area}{exchange}{line}"
                assert reading.findings == ()


def test_the_table_and_libphonenumber_agree_wherever_the_table_speaks() -> None:
    """The fast path may answer only what the library would; 40,000 numbers over all area codes and exchanges."""
    dice = random.Random(2)
    kinds = {
        phonenumbers.PhoneNumberType.TOLL_FREE: nanp.TOLL_FREE,
        phonenumbers.PhoneNumberType.PREMIUM_RATE: nanp.PREMIUM,
        phonenumbers.PhoneNumberType.FIXED_LINE: nanp.CONSUMER,
        phonenumbers.PhoneNumberType.MOBILE: nanp.CONSUMER,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: nanp.CONSUMER,
    }
    spoke = 0
    for area in range(200, 1000):
        for _ in range(50):
            digits = f"{area}{dice.randrange(10**7):07}"
            kind = nanp.line_kind(digits)
            if kind is None:
                continue
            spoke += 1
            number = phonenumbers.PhoneNumber(country_code=1, national_number=int(digits))
            assert phonenumbers.is_valid_number(number), digits
            assert kinds[phonenumbers.number_type(number)] == kind, digits
    assert spoke > 10_000


@pytest.mark.parametrize("text", [text for text, _ in GOOD])
def test_whatever_the_american_pattern_reads_the_library_reads_alike(text: str) -> None:
    digits = nanp.ten_digits(text.strip())
    if digits is not None:
        assert str(phonenumbers.parse(text, "US").national_number) == digits


def test_a_number_kept_for_fiction_is_what_a_declared_test_should_use() -> None:
    test = replace(lead_with(phone="512-555-0143"), test=True)
    assert reasons(judged(test)) == []
    assert reasons(judged(replace(lead_with(phone="555-555-5555"), test=True))) == [("phone_fake", "phone")]


def test_an_extension_is_noted_and_not_part_of_the_number() -> None:
    (readable, *_) = read_phone("512-627-4199 x12").checks
    assert readable.observed == "+1512*****99 with an extension"


def test_no_check_shows_a_whole_number() -> None:
    for text, _ in [*GOOD, *BAD]:
        for check in read_phone(text).checks:
            assert sum(letter.isdigit() for letter in check.observed) <= 6
