"""Phone numbers that nobody has, though they could exist: patterns, fiction, songs."""

from __future__ import annotations

_UP, _DOWN = "01234567890123456789", "98765432109876543210"
#: One digit repeated, and digits counted up or down, seven to ten of them.
_RUNS = frozenset(str(digit) * length for digit in range(10) for length in range(7, 11)) | frozenset(
    row[start : start + length] for row in (_UP, _DOWN) for length in range(7, 11) for start in range(10)
)
#: Of any area code: the song that everybody knows (Tommy Tutone, 1981). One true bearer stands against thousands of
#: jokes.
_FAMOUS_LINES = frozenset({"8675309"})
#: Published numbers that people give instead of theirs.
_FAMOUS = frozenset(
    {
        "2024561414", "2024561111",  # the White House
        "2022243121",  # the Capitol
        "2813308004",  # a rapper's
        "6054756968", "2124797990",  # rejection hotlines
        "2484345508", "7192662837",  # songs by phone
        "2127365000",  # Pennsylvania 6-5000
    }
)  # fmt: skip
#: Numbers that regulators abroad keep for drama: Ofcom (United Kingdom), ACMA (Australia), ARCEP (France),
#: ComReg (Ireland).
_DRAMA = (
    "+441134960", "+441144960", "+441154960", "+441164960", "+441174960", "+441184960", "+441214960", "+441314960",
    "+441414960", "+441514960", "+441614960", "+442079460", "+441914980", "+442896496", "+442920180", "+441632960",
    "+447700900", "+448081570", "+449098790", "+443069990",
    "+6125550", "+6135550", "+6175550", "+6185550", "+6127010", "+6137010", "+6177010", "+6187010", "+61491570",
    "+3319900", "+3326191", "+3335301", "+3346571", "+3353649", "+3363998", "+35320911", "+35320912",
)  # fmt: skip


def is_run(digits: str) -> bool:
    """One digit repeated, or digits counted up or down, from seven on; of ten digits also two or three in turn."""
    if digits in _RUNS:
        return True
    if len(digits) == 10:
        return digits[2:] == digits[:-2] or digits[3:] == digits[:-3]
    return len(digits) > 10 and digits.count(digits[0]) == len(digits)


def is_fictional(digits: str) -> bool:
    """Ten digits whose exchange is 555: lines 0100 to 0199 are kept for fiction, the rest were services, never people.

    ATIS-0300115, 555 NXX line number reference document; assignment of further lines ended in 2016.
    """
    return digits[3:6] == "555"


def is_famous(digits: str) -> bool:
    """Ten digits that everybody knows."""
    return digits[3:] in _FAMOUS_LINES or digits in _FAMOUS


def is_fictional_abroad(e164: str) -> bool:
    """A number that its country keeps for drama."""
    return e164.startswith(_DRAMA)
