"""Telephone numbers: E.164, with the United States as the place where a number is at home."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

from services.validation.fieldtypes import nanp
from services.validation.fieldtypes.dialled import READABLE, Dialled, read_dialled
from services.validation.fieldtypes.made_up import is_famous, is_fictional, is_fictional_abroad, is_run
from services.validation.verdict import NO_PARTS, Finding, Reading
from shared.verdict import Check

_READABLE, _EXISTS, _MADE_UP, _FICTIONAL, _LINE = (
    "phone.readable",
    "phone.exists",
    "phone.made_up",
    "phone.fictional",
    "phone.line_type",
)
_EXPECTED_AREA = "Expected a phone number in use: this area code is not assigned."
_EXPECTED_EXCHANGE = "Expected a phone number in use: no exchange (digits four to six) is like this one."
_EXPECTED_ABROAD = "Expected a phone number in use: its country has no number like this one."
_EXPECTED_REAL = "Expected the consumer's own number: this one is plainly made up."
_EXPECTED_NOT_FICTION = "Expected the consumer's own number: this one is kept for fiction and services."
_EXPECTED_LINE = "Expected a consumer's line, not a toll-free, premium or service number."
_EXPECTED_TEN = "Expected ten digits after +1."
_EXPECTED_CODE = "Expected +1 before ten digits of the United States, or + and the country code."

#: Words for the kinds of line; those of `_CONSUMER` can be a consumer's own.
LINE_TYPES = {
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: nanp.CONSUMER,
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.UNKNOWN: "unknown",
    PhoneNumberType.TOLL_FREE: nanp.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: nanp.PREMIUM,
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
_CONSUMER = frozenset({"fixed_line", "mobile", nanp.CONSUMER, "voip", "unknown"})
#: Ten digits in the American grouping after a + that stands for no country.
_PLUS_AMERICAN = re.compile(r"\+ ?(?:\(\d{3}\)[ .-]?\d{3}|\d{3}[ .-]\d{3})[ .-]?\d{4}", re.ASCII)

AreaStates = Callable[[str], frozenset[str]]


def masked(e164: str) -> str:
    """A number of which only country, area and the last two digits can be told."""
    return f"{e164[:5]}{'*' * (len(e164) - 7)}{e164[-2:]}"


class PhoneReader:
    """Reads the phone fields of one name."""

    def __init__(self, area_states: AreaStates, field: str = "phone") -> None:
        """`area_states`: the USPS states of an area code; empty: unknown."""
        self._field = field
        self._states = {
            area: " ".join(sorted(area_states(area))) or nanp.LATE_AREA_CODES.get(area, "")
            for area in map(str, range(200, 1000))
        }
        self._home_passes = self._passes("assigned area code")
        self._abroad_passes = self._passes("valid abroad")

    def __call__(self, text: str) -> Reading:
        """E.164 without extension. An extension is read and told; it is part of the original, not of the identity."""
        digits = nanp.ten_digits(text)
        if digits is not None:
            area = nanp.area_code(digits)
            if area is not None:
                return self._home(digits, area.kind, area.country, "")
        return self._any(text)

    def _any(self, text: str) -> Reading:
        dialled = read_dialled(text)
        if dialled.fault:
            return self._fault(dialled)
        if not dialled.international:
            return self._home_unsure(dialled.digits, dialled.extension)
        if not dialled.digits.startswith("1"):
            return self._with_plus(text, dialled)
        if len(dialled.digits) != 11:
            return self._refused(_READABLE, _EXPECTED_TEN)
        return self._home_unsure(dialled.digits[1:], dialled.extension)

    def _with_plus(self, text: str, dialled: Dialled) -> Reading:
        """A country's code after the +, or ten digits whose 1 was forgotten: where it could be both, it is neither."""
        abroad = self._abroad(dialled)
        if len(dialled.digits) != 10 or dialled.digits[0] == "0":
            return abroad
        american = self._home_unsure(dialled.digits, dialled.extension)
        if american.value is None or american.findings:
            return abroad
        if abroad.value is None:
            return american
        if _PLUS_AMERICAN.fullmatch(text):
            return self._refused(_READABLE, _EXPECTED_CODE, meant=american.value)
        return abroad

    def _fault(self, dialled: Dialled) -> Reading:
        """What was wrong with the writing, and the number that was probably meant, if it could be one."""
        meant = ""
        if len(dialled.digits) == 10:
            reading = self._home_unsure(dialled.digits, "")
            meant = reading.value or "" if not reading.findings else ""
        elif len(dialled.digits) > 10 and dialled.digits[0] != "0":
            reading = self._abroad(Dialled(dialled.digits))
            meant = reading.value or "" if not reading.findings else ""
        if not meant and len(dialled.digits) >= 7 and is_run(dialled.digits):
            return self._refused(_MADE_UP, _EXPECTED_REAL, "phone_fake", dialled.digits[-2:])
        return self._refused(_READABLE, dialled.fault, meant=meant)

    def _home_unsure(self, digits: str, extension: str) -> Reading:
        """Ten digits of which the table may say nothing: a made-up number is told as such before one out of use."""
        area = nanp.area_code(digits)
        if area is not None:
            return self._home(digits, area.kind, area.country, extension)
        if is_run(digits) or is_run(digits[3:]):
            return self._refused(_MADE_UP, _EXPECTED_REAL, "phone_fake", digits[-2:])
        if is_fictional(digits):
            return self._refused(_FICTIONAL, _EXPECTED_NOT_FICTION, "phone_fake", digits[-2:])
        number = PhoneNumber(country_code=1, national_number=int(digits)) if digits[0] > "1" else None
        if number is not None and phonenumbers.is_valid_number(number):
            region = phonenumbers.region_code_for_number(number) or ""
            return self._home(digits, LINE_TYPES[phonenumbers.number_type(number)], region, extension)
        wrong_exchange = digits[:3] in nanp.AREA_CODES or self._states.get(digits[:3])
        return self._refused(_EXISTS, _EXPECTED_EXCHANGE if wrong_exchange else _EXPECTED_AREA, ending=digits[-2:])

    def _home(self, digits: str, kind: str, country: str, extension: str) -> Reading:
        if not nanp.has_exchange(digits):
            return self._refused(_EXISTS, _EXPECTED_EXCHANGE, ending=digits[-2:])
        e164, area = "+1" + digits, digits[:3]
        parts = {
            "country_code": "1",
            "country": country,
            "area": area,
            "exchange": digits[3:6],
            "line": digits[6:],
            "national": digits,
            "line_type": kind,
            "area_states": self._states[area],
            "extension": extension,
        }
        readable = self._readable(e164, extension)
        if is_fictional(digits):
            return self._failed(e164, readable, parts, _FICTIONAL, "phone_fake", _EXPECTED_NOT_FICTION)
        if is_run(digits) or is_run(digits[3:]) or is_famous(digits):
            return self._failed(e164, readable, parts, _MADE_UP, "phone_fake", _EXPECTED_REAL)
        if kind not in _CONSUMER:
            return self._failed(e164, readable, parts, _LINE, "phone_type_not_allowed", _EXPECTED_LINE)
        return Reading(e164, (readable, *self._home_passes), (), parts)

    def _abroad(self, dialled: Dialled) -> Reading:
        number = _parsed("+" + dialled.digits)
        if number is None:
            return self._refused(_READABLE, READABLE)
        national = phonenumbers.national_significant_number(number)
        if is_run(national):
            return self._refused(_MADE_UP, _EXPECTED_REAL, "phone_fake", national[-2:])
        e164 = f"+{number.country_code}{national}"
        if is_fictional_abroad(e164):
            return self._refused(_FICTIONAL, _EXPECTED_NOT_FICTION, "phone_fake", national[-2:])
        if not phonenumbers.is_valid_number(number):
            return self._refused(_EXISTS, _EXPECTED_ABROAD, ending=national[-2:])
        kind = LINE_TYPES[phonenumbers.number_type(number)]
        parts = {
            "country_code": str(number.country_code),
            "country": phonenumbers.region_code_for_number(number) or "",
            "national": national,
            "line_type": kind,
            "extension": dialled.extension,
        }
        readable = self._readable(e164, dialled.extension)
        if kind not in _CONSUMER:
            return self._failed(e164, readable, parts, _LINE, "phone_type_not_allowed", _EXPECTED_LINE)
        return Reading(e164, (readable, *self._abroad_passes), (), parts)

    def _passes(self, exists: str) -> tuple[Check, ...]:
        return (
            Check(_EXISTS, True, self._field, exists, "a number in use"),
            Check(_MADE_UP, True, self._field, "no pattern", "not made up"),
            Check(_LINE, True, self._field, "consumer line", "consumer line"),
        )

    def _readable(self, e164: str, extension: str) -> Check:
        observed = masked(e164) + (" with an extension" if extension else "")
        return Check(_READABLE, True, self._field, observed, "E.164")

    def _failed(
        self, e164: str, readable: Check, parts: Mapping[str, str], rule: str, reason: str, message: str
    ) -> Reading:
        failed = Check(rule, False, self._field, "", message, reason)
        return Reading(e164, (readable, failed), (Finding(reason, self._field, message),), parts)

    def _refused(
        self, rule: str, message: str, reason: str = "phone_invalid", ending: str = "", meant: str = ""
    ) -> Reading:
        observed = f"a number ending in {ending}" if ending else "unreadable"
        check = Check(rule, False, self._field, observed, message, reason)
        # A phone number is personal: what was meant is told to who asks, and stands in no finding.
        return Reading(None, (check,), (Finding(reason, self._field, message),), NO_PARTS, meant)


def _parsed(text: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text)
    except NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None
