"""The North American Numbering Plan as a table, so that a US number needs no parser.

The table is asked out of libphonenumber's metadata (which follows NANPA's
assignments) when this module is imported: an area code stands in it only where
the metadata gives one answer for all of its exchanges. Every other number is
libphonenumber's to judge, and a test holds the two against each other.
"""

from __future__ import annotations

import re

from phonenumbers import PhoneMetadata

#: Kinds of line a table entry may name.
CONSUMER, TOLL_FREE, PREMIUM = "consumer", "toll_free", "premium"

_AMERICAN = re.compile(r"(?:\+?1[ .-]{0,3})?\(?(\d{3})\)?[ .-]{0,3}(\d{3})[ .-]{0,3}(\d{4})", re.ASCII)
#: An exchange starts with 2 to 9; three spread samples of each start tell whether all of them are treated alike.
_SAMPLES = tuple(
    f"{start}{middle}{line}"
    for start in "23456789"
    for middle, line in (("22", "2345"), ("34", "6789"), ("91", "0123"))
)


def _area_codes() -> dict[str, str]:
    kinds: dict[str, str] = {}
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
                    kinds.setdefault(area, kind)
    return kinds


#: Area code → kind of line, for every code whose exchanges are all alike.
AREA_CODES = _area_codes()


def ten_digits(text: str) -> str | None:
    """The ten digits of a number written the American way, with or without `1` or `+1`; None: not written so."""
    match = _AMERICAN.fullmatch(text)
    return match[1] + match[2] + match[3] if match is not None else None


def line_kind(digits: str) -> str | None:
    """The kind of line of ten digits; None: not in the table, which says nothing yet."""
    return AREA_CODES.get(digits[:3]) if digits[3] > "1" else None
