from __future__ import annotations

import random
from dataclasses import replace

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.validation.fieldtypes import nanp
from services.validation.fieldtypes.fieldtype import Context, Parsed, parsed
from services.validation.fieldtypes.phone import LINE_TYPES
from services.validation.fieldtypes.registry import FIELD_TYPES
from tests.unit.validation.phones import BAD, GOOD, MEANT, MISSING
from tests.unit.validation.terms import judged, lead_with, reasons, reference

read = FIELD_TYPES["phone"].reader(Context(reference()))


def ask(text: str) -> Parsed:
    return parsed(read(text))


@pytest.mark.parametrize(("text", "expected"), GOOD)
def test_a_number_as_people_write_it_becomes_e164(text: str, expected: str) -> None:
    verdict = judged(lead_with(phone=text))
    assert verdict.fields.get("phone") == expected
    assert reasons(verdict) == []


@pytest.mark.parametrize(("text", "reason"), BAD)
def test_a_number_that_is_wrong_or_made_up_is_refused_with_its_reason(text: str, reason: str) -> None:
    found = reasons(judged(lead_with(phone=text)))
    either = {
        "phone_invalid_or_fake": ("phone_invalid", "phone_fake"),
        "phone_invalid_or_type": ("phone_invalid", "phone_type_not_allowed"),
    }
    assert len(found) == 1
    assert found[0][0] in either.get(reason, (reason,))


@pytest.mark.parametrize("text", MISSING)
def test_what_stands_for_nothing_is_missing(text: str) -> None:
    assert ask(text).missing


@pytest.mark.parametrize(("text", "meant"), MEANT)
def test_what_was_probably_meant_is_suggested_and_never_taken(text: str, meant: str) -> None:
    answer = ask(text)
    assert (answer.value, answer.valid, answer.suggestion) == (None, False, meant)
    # A number is personal: findings travel to sellers and into receipts.
    assert not any(character.isdigit() for finding in answer.faults for character in finding.suggestion)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("627-4199", "Expected ten digits: the area code is missing."),
        ("512-627-419", "Expected ten digits, or + and the country code; found 9 digits."),
        ("+1 512 627 419", "Expected ten digits after +1."),
        ("512-627-4199 / 512-627-4200", "Expected one phone number: this field holds two."),
        ("512-627-41O9", "Expected digits: letters stand where a phone number has digits."),
        ("222-627-4199", "Expected a phone number in use: this area code is not assigned."),
        ("512-127-4199", "Expected a phone number in use: no exchange (digits four to six) is like this one."),
        ("512-911-4199", "Expected a phone number in use: no exchange (digits four to six) is like this one."),
        ("+33 9", "Expected a phone number: ten digits for the United States, or + and the country code."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text: str, message: str) -> None:
    (fault,) = ask(text).faults
    assert fault.message == message


@pytest.mark.parametrize(
    ("text", "extension"),
    [
        ("512-627-4199 x12", "12"), ("512-627-4199x12", "12"), ("512-627-4199 ext 12", "12"),
        ("512-627-4199 ext. 5", "5"), ("512-627-4199, ext 5", "5"), ("512-627-4199 extension 123", "123"),
        ("512-627-4199 #12", "12"), ("512-627-4199,12", "12"), ("512-627-4199;ext=12", "12"),
        ("(512) 627-4199 (ext 12)", "12"), ("5126274199X0012", "0012"), ("+44 20 7946 1958 x3", "3"),
        ("512-627-4199", ""), ("+44 20 7946 1958", ""),
    ],
)  # fmt: skip
def test_an_extension_is_a_part_and_not_of_the_number(text: str, extension: str) -> None:
    answer = ask(text)
    assert answer.valid
    assert answer.parts["extension"] == extension
    assert answer.value in ("+15126274199", "+442079461958")


def test_the_parts_of_a_number_say_where_it_is_at_home() -> None:
    assert ask("512.627.4199 x5").parts == {
        "country_code": "1", "country": "US", "area": "512", "exchange": "627", "line": "4199",
        "national": "5126274199", "line_type": "fixed_line_or_mobile", "area_states": "TX", "extension": "5",
    }  # fmt: skip
    states = {"202": "DC", "787": "PR", "436": "OH", "416": "", "702": "NV", "917": "NY", "983": "CO", "907": "AK"}
    for area, expected in states.items():
        assert ask(f"{area}-627-4199").parts["area_states"] == expected, area
    london = ask("+44 7400 123457").parts
    assert (london["country_code"], london["country"], london["line_type"]) == ("44", "GB", "mobile")
    assert ask("416-967-1111").parts["country"] == "CA"
    assert ask("800-627-4199").parts["line_type"] == "toll_free"


def test_every_assigned_area_code_takes_ordinary_numbers() -> None:
    """The false alarms of the whole phone reader, counted on numbers that people could have."""
    dice = random.Random(1)
    areas = [area for area, code in nanp.AREA_CODES.items() if code.kind == nanp.CONSUMER]
    assert len(areas) > 400
    refused, tried = [], 0
    for area in areas:
        for _ in range(50):
            exchange, line = dice.randrange(200, 1000), dice.randrange(10_000)
            if exchange % 100 == 11 or exchange == 555:
                continue
            tried += 1
            reading = read(f"({area}) {exchange}-{line:04}")
            if reading.findings or reading.value != f"+1{area}{exchange}{line:04}":
                refused.append(f"{area}{exchange}{line:04}")
    assert len(refused) <= tried / 10_000, refused


KINDS = {
    phonenumbers.PhoneNumberType.TOLL_FREE: nanp.TOLL_FREE,
    phonenumbers.PhoneNumberType.PREMIUM_RATE: nanp.PREMIUM,
    phonenumbers.PhoneNumberType.FIXED_LINE: nanp.CONSUMER,
    phonenumbers.PhoneNumberType.MOBILE: nanp.CONSUMER,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: nanp.CONSUMER,
}


def test_the_table_and_libphonenumber_agree_wherever_the_table_speaks() -> None:
    """The fast path may answer only what the library would; 40,000 numbers over all area codes and exchanges."""
    dice = random.Random(2)
    spoke = 0
    for area in range(200, 1000):
        for _ in range(50):
            digits = f"{area}{dice.randrange(10**7):07}"
            code = nanp.area_code(digits)
            if code is None or digits[:3] in nanp.LATE_AREA_CODES:
                continue
            spoke += 1
            number = phonenumbers.PhoneNumber(country_code=1, national_number=int(digits))
            assert phonenumbers.is_valid_number(number), digits
            assert KINDS[phonenumbers.number_type(number)] == code.kind, digits
            if code.country:
                assert phonenumbers.region_code_for_number(number) == code.country, digits
    assert spoke > 10_000


def test_an_area_code_that_the_library_has_learnt_is_no_longer_a_late_one() -> None:
    for area in nanp.LATE_AREA_CODES:
        number = phonenumbers.PhoneNumber(country_code=1, national_number=int(f"{area}6274199"))
        assert not phonenumbers.is_valid_number(number), f"{area}: libphonenumber knows it now; take it off the list"


@pytest.mark.parametrize("text", [text for text, _ in GOOD])
def test_whatever_the_american_pattern_reads_the_library_reads_alike(text: str) -> None:
    digits = nanp.ten_digits(text.strip())
    if digits is not None:
        assert str(phonenumbers.parse(text, "US").national_number) == digits


def test_readers_and_the_library_agree_on_numbers_of_all_countries() -> None:
    """The library's own example of every country and kind of line: same E.164, and nothing of a consumer refused."""
    asked = 0
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind, word in LINE_TYPES.items():
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None or number.country_code == 1:
                continue
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
            for text in (e164, written, "00" + e164[1:], "011 " + written[1:]):
                answer = ask(text)
                if any(fault.reason == "phone_fake" for fault in answer.faults):
                    continue  # examples like +49 15123456789 are what people make up, too
                if answer.suggestion or len(e164) < 9:
                    continue  # +678 591 2345 is of Vanuatu, or of Atlanta with a needless +
                assert answer.value == e164, text
                assert answer.valid == (word in ("fixed_line", "mobile", nanp.CONSUMER, "voip")), (text, word)
                asked += 1
    assert asked > 2000


def test_a_number_kept_for_fiction_is_what_a_declared_test_should_use() -> None:
    test = replace(lead_with(phone="512-555-0143"), test=True)
    assert reasons(judged(test)) == []
    assert reasons(judged(replace(lead_with(phone="555-555-5555"), test=True))) == [("phone_fake", "phone")]


def test_an_extension_is_noted() -> None:
    (readable, *_) = read("512-627-4199 x12").checks
    assert readable.observed == "+1512*****99 with an extension"


def test_no_check_or_finding_shows_a_whole_number() -> None:
    for text, _ in [*GOOD, *BAD, *MEANT]:
        reading = read(text)
        for told in [check.observed for check in reading.checks] + [finding.message for finding in reading.findings]:
            assert sum(letter.isdigit() for letter in told) <= 6, told


SEPARATORS = st.sampled_from(["", " ", "-", ".", "  ", " - ", "/", "\u2013", "\u00a0", "_"])
BEFORE = st.sampled_from(["", "1", "1-", "+1", "+1 ", "1 ", "001 ", "tel:", "Cell: ", "(+1) ", " ", "\t", "+1-"])
AFTER = st.sampled_from(["", " ", ".", ",", " cell", " (home)", " x5", " ext. 12", "#", "\n", " after 5pm"])


@given(
    area=st.sampled_from(sorted(area for area, code in nanp.AREA_CODES.items() if code.kind == nanp.CONSUMER)),
    exchange=st.integers(200, 999).filter(lambda number: number % 100 != 11 and number != 555),
    line=st.integers(0, 9999),
    style=st.tuples(BEFORE, st.booleans(), SEPARATORS, SEPARATORS, AFTER),
)
def test_punctuation_that_people_type_never_makes_a_valid_number_invalid(
    area: str, exchange: int, line: int, style: tuple[str, bool, str, str, str]
) -> None:
    before, brackets, first, second, after = style
    plain = read(f"{area}{exchange}{line:04}")
    written = f"{before}{f'({area})' if brackets else area}{first}{exchange}{second}{line:04}{after}"
    reading = read(written)
    assert reading.value == plain.value, written
    assert [finding.reason for finding in reading.findings] == [finding.reason for finding in plain.findings]


@given(
    st.text(max_size=40)
    | st.text(alphabet="0123456789+()-. x#,;/extol\u0661\uff15\u2460\u00b2\u1369E", max_size=24)
    | st.builds("{}{}{}".format, st.integers(0, 10**12), st.sampled_from(["", " x", "/", " or ", "+"]), st.integers(0))
)
def test_whatever_comes_is_read_and_what_is_read_stays_what_it_is(text: str) -> None:
    reading = read(text)
    if reading.value is not None:
        again = read(reading.value)
        assert again.value == reading.value
        assert [finding.reason for finding in again.findings] == [finding.reason for finding in reading.findings]
