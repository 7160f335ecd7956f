"""Telephone numbers: E.164, with the United States as the place where a number is at home."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

from services.validation.fieldtypes import nanp
from services.validation.verdict import Finding, Reading
from shared.verdict import Check

_READABLE, _EXISTS, _MADE_UP, _FICTIONAL, _LINE = (
    "phone.readable",
    "phone.exists",
    "phone.made_up",
    "phone.fictional",
    "phone.line_type",
)
_EXPECTED = "Expected a phone number: ten digits for the United States, or + and the country code."
_EXPECTED_EXISTING = "Expected a phone number in use: this area code or exchange is not assigned."
_EXPECTED_REAL = "Expected the consumer's own number: this one is plainly made up."
_EXPECTED_LINE = "Expected a consumer's line, not a toll-free, premium or service number."

_ALLOWED = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.UNKNOWN,
    }
)
_UP, _DOWN = "01234567890123456789", "98765432109876543210"

_NATIONAL_PASSES = (
    Check(_EXISTS, True, "phone", "assigned area code", "a number in use"),
    Check(_MADE_UP, True, "phone", "no pattern", "not made up"),
    Check(_LINE, True, "phone", "consumer line", "consumer line"),
)
_FOREIGN_PASSES = (
    Check(_EXISTS, True, "phone", "valid abroad", "a number in use"),
    Check(_MADE_UP, True, "phone", "no pattern", "not made up"),
    Check(_LINE, True, "phone", "consumer line", "consumer line"),
)


def read_phone(text: str) -> Reading:
    """E.164 without extension. An extension is read and noted; it is part of the original, not of the identity."""
    digits = nanp.ten_digits(text)
    if digits is not None:
        kind = nanp.line_kind(digits)
        if kind is not None:
            return _judge_national(digits, kind, extension=False)
        if _is_run(digits):
            return _refused(_MADE_UP, "phone_fake", _EXPECTED_REAL, digits[-2:])
    return _read_any(text)


def masked(e164: str) -> str:
    """A number of which only country, area and the last two digits can be told."""
    return f"{e164[:5]}{'*' * (len(e164) - 7)}{e164[-2:]}"


def _read_any(text: str) -> Reading:
    number = _parse(text)
    if number is None or not phonenumbers.is_possible_number(number):
        return _refused(_READABLE, "phone_invalid", _EXPECTED, "")
    national = phonenumbers.national_significant_number(number)
    if _is_run(national):
        return _refused(_MADE_UP, "phone_fake", _EXPECTED_REAL, national[-2:])
    if not phonenumbers.is_valid_number(number):
        return _refused(_EXISTS, "phone_invalid", _EXPECTED_EXISTING, national[-2:])
    allowed = phonenumbers.number_type(number) in _ALLOWED
    if number.country_code == 1:
        return _judge_national(
            national, nanp.CONSUMER if allowed else nanp.TOLL_FREE, extension=number.extension is not None
        )
    e164 = f"+{number.country_code}{national}"
    readable = _readable(e164, extension=number.extension is not None)
    if not allowed:
        return _with_failure(e164, readable, _LINE, "phone_type_not_allowed", _EXPECTED_LINE)
    return Reading(e164, (readable, *_FOREIGN_PASSES))


def _parse(text: str) -> PhoneNumber | None:
    # A trailing # starts an extension that never comes, and 00 is how most of the world dials out.
    text = text.rstrip("# ").removeprefix("tel:")
    if text.startswith("00"):
        text = "+" + text[2:]
    try:
        return phonenumbers.parse(text, "US")
    except NumberParseException:
        return None


def _judge_national(digits: str, kind: str, *, extension: bool) -> Reading:
    e164 = "+1" + digits
    readable = _readable(e164, extension=extension)
    # N11 codes (411, 911) are services, never exchanges: NANPA, central office code assignment guidelines 4.1.
    if digits[4:6] == "11":
        return _refused(_EXISTS, "phone_invalid", _EXPECTED_EXISTING, digits[-2:])
    if _is_fictional(digits):
        return _with_failure(e164, readable, _FICTIONAL, "phone_fake", _EXPECTED_REAL)
    if _is_run(digits) or _is_run(digits[3:]):
        return _with_failure(e164, readable, _MADE_UP, "phone_fake", _EXPECTED_REAL)
    if kind != nanp.CONSUMER:
        return _with_failure(e164, readable, _LINE, "phone_type_not_allowed", _EXPECTED_LINE)
    return Reading(e164, (readable, *_NATIONAL_PASSES))


def _is_run(digits: str) -> bool:
    """One digit repeated, or digits counted up or down."""
    return digits.count(digits[0]) == len(digits) or (len(digits) <= 10 and (digits in _UP or digits in _DOWN))


def _is_fictional(digits: str) -> bool:
    """555-0100 to 555-0199 are kept for fiction; 555-1212 is directory assistance (ATIS-0300115)."""
    return digits[3:6] == "555" and (digits[6:8] == "01" or digits[6:] == "1212")


def _readable(e164: str, *, extension: bool) -> Check:
    return Check(_READABLE, True, "phone", masked(e164) + (" with an extension" if extension else ""), "E.164")


def _with_failure(e164: str, readable: Check, rule: str, reason: str, message: str) -> Reading:
    return Reading(
        e164, (readable, Check(rule, False, "phone", "", message, reason)), (Finding(reason, "phone", message),)
    )


def _refused(rule: str, reason: str, message: str, ending: str) -> Reading:
    observed = f"a number ending in {ending}" if ending else "unreadable"
    return Reading(
        None, (Check(rule, False, "phone", observed, message, reason),), (Finding(reason, "phone", message),)
    )
