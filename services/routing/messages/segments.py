"""How long a text is for the networks that carry it: GSM-7 where every sign is in it, else UCS-2. Pure.

Source: 3GPP TS 23.038 (6.2.1, the default alphabet and its extension), TS 23.040 (9.2.3.24.1: a part of a longer text
gives 7 septets, or 3 of its 70 units, to the header that puts the parts together).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Each is sent as an escape and a sign.
_EXTENSION = frozenset("\f^{}\\[~]|€")
#: What word processors put in the place of signs that every phone has; one of them would more than halve a segment.
_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "′": "'", "″": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "…": "...", "•": "-",
        "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u200b": "", "\ufeff": "", "\t": " ",
    }
)  # fmt: skip

_LIMITS = {"gsm-7": (160, 153), "ucs-2": (70, 67)}


@dataclass(frozen=True, slots=True)
class Size:
    """What a text takes. `units`: septets of GSM-7, or 16-bit units of UCS-2; `segments` is what is paid for."""

    encoding: Literal["gsm-7", "ucs-2"]
    units: int
    segments: int


def plain(text: str) -> str:
    """The text with typographic signs written as every phone has them."""
    return text.translate(_PLAIN)


def size_of(text: str) -> Size:
    """How a text is encoded, and in how many segments it travels; an empty one in none."""
    if all(sign in _BASIC or sign in _EXTENSION for sign in text):
        return _size("gsm-7", [2 if sign in _EXTENSION else 1 for sign in text])
    return _size("ucs-2", [2 if ord(sign) > 0xFFFF else 1 for sign in text])


def _size(encoding: Literal["gsm-7", "ucs-2"], widths: list[int]) -> Size:
    alone, part = _LIMITS[encoding]
    units = sum(widths)
    if units <= alone:
        return Size(encoding, units, 1 if units else 0)
    # A sign of two units is never cut in half, so that the last unit of a segment may stay empty.
    segments, used = 1, 0
    for width in widths:
        if used + width > part:
            segments, used = segments + 1, 0
        used += width
    return Size(encoding, units, segments)
