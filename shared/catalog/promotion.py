"""Words by which a message advertises, whatever its template says of itself. Pure.

A confirmation is about what the person asked for (15 U.S.C. 7702(17)); one that advertises is a commercial message, and
is judged by its primary purpose, as a reasonable person would see it (16 CFR 316.3). These words have no place in one.
Few and certain, since a refused template stops a catalog: repeating the offer of the ad is no promotion.
"""

from __future__ import annotations

import re

_WORDS = re.compile(
    r"\b(?:act (?:now|fast|today)|limited[- ]time|special offer|don['’]?t miss(?: out)?|buy now"
    r"|shop now|sale ends|while supplies last|promo(?:tion)? code|coupon|discounts?|\d+ ?% off|refer a friend"
    r"|you may also like|other (?:great )?(?:offers|deals)|exclusive deals?|free gift)\b",
    re.IGNORECASE,
)


def promotional_words(text: str) -> list[str]:
    """What in a text advertises, each once, as written."""
    return list(dict.fromkeys(match[0] for match in _WORDS.finditer(text)))
