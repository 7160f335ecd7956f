"""The North American Numbering Plan as a table, so that a US number needs no parser.

The table is asked out of libphonenumber's metadata (which follows NANPA's
assignments) when this module is imported: an area code stands in it only where
the metadata gives one answer for all of its exchanges. Every other number is
libphonenumber's to judge, and a test holds the two against each other.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from phonenumbers import PhoneMetadata

#: Kinds of line a table entry may name. No table can tell a mobile from a fixed line: numbers move with their owner.
CONSUMER, TOLL_FREE, PREMIUM = "fixed_line_or_mobile", "toll_free", "premium_rate"


class AreaCode(NamedTuple):
    """What all numbers of an area code share."""

    kind: str
    #: ISO country; empty: of the whole plan.
    country: str


#: Area codes that NANPA has put into service and that the metadata does not know yet, or not all of; with their states.
LATE_AREA_CODES = {
    "436": "OH", "457": "LA", "465": "NY", "471": "MS", "621": "TX", "624": "NY", "679": "MI", "729": "TN",
    "837": "CA", "861": "IL", "924": "MN", "983": "CO",
}  # fmt: skip

_AMERICAN = re.compile(r"(?:\+?1[ .-]{0,3})?\(?(\d{3})\)?[ .-]{0,3}(\d{3})[ .-]{0,3}(\d{4})", re.ASCII)
#: An exchange starts with 2 to 9; three spread samples of each start tell whether all of them are treated alike.
_SAMPLES = tuple(
    f"{start}{middle}{line}"
    for start in "23456789"
    for middle, line in (("22", "2345"), ("34", "6789"), ("91", "0123"))
)


def _area_codes() -> dict[str, AreaCode]:
    codes: dict[str, AreaCode] = {}
    for region in ("US", "CA"):
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is None:
            continue
        for kind, description in (
            (TOLL_FREE, metadata.toll_free),
            (PREMIUM, metadata.premium_rate),
            (CONSUMER, metadata.fixed_line),
        ):
            if description is None or description.national_number_pattern is None:
                continue
            pattern = re.compile(description.national_number_pattern)
            for area in map(str, range(200, 1000)):
                if all(pattern.fullmatch(area + sample) for sample in _SAMPLES):
                    codes.setdefault(area, AreaCode(kind, region if kind == CONSUMER else ""))
    return codes | {area: AreaCode(CONSUMER, "US") for area in LATE_AREA_CODES}


#: What an area code says of its numbers, for every code whose exchanges are all alike.
AREA_CODES = _area_codes()


def ten_digits(text: str) -> str | None:
    """The ten digits of a number written the American way, with or without `1` or `+1`; None: not written so."""
    match = _AMERICAN.fullmatch(text)
    return match[1] + match[2] + match[3] if match is not None else None


def area_code(digits: str) -> AreaCode | None:
    """What the area code of ten digits says; None: nothing yet, because code or exchange is not in the table."""
    return AREA_CODES.get(digits[:3]) if digits[3] > "1" else None


def has_exchange(digits: str) -> bool:
    """Whether the digits four to six can be an exchange: 2 to 9 first, and none of the service codes N11.

    ATIS-0300051, central office code assignment guidelines, 4.1.
    """
    return digits[3] > "1" and digits[4:6] != "11"
