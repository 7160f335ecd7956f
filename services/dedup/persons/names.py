"""Names of people: what stands for the same name, and how two of them compare."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from pathlib import Path

from rapidfuzz.distance import OSA, JaroWinkler

_DATA = Path(__file__).parent / "data"
#: Jaro-Winkler likeness from which two names are the same one misheard or mistyped, and from which they may be.
_CLOSE, _NEAR = 0.92, 0.86
_LONG_NAME = 6


class Likeness(IntEnum):
    """How two names compare, from the same to another."""

    SAME = 0
    #: Another form of the name: a nickname, a spelling of it, its initial, one half of a double name.
    FORM = 1
    #: One slip of the keyboard or the ear apart.
    SLIP = 2
    #: Several slips apart, or an initial.
    FAR = 3
    #: Both are names of people, and slips apart: Tina and Gina.
    NEIGHBOUR = 4
    OTHER = 5


def _nicknames() -> Mapping[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    lines = (_DATA / "nicknames.txt").read_text().splitlines()
    for number, line in enumerate(line for line in lines if not line.startswith("#")):
        for name in line.split():
            groups.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in groups.items()}


def _frequent() -> tuple[frozenset[str], frozenset[str]]:
    _, surnames = (_DATA / "frequent_names.txt").read_text().split("\nsurnames\n")
    families, _, given = surnames.partition("\ngiven\n")
    return frozenset(families.split()), frozenset(given.split())


def _given_names() -> frozenset[str]:
    lines = (_DATA / "given_names.txt").read_text().splitlines()
    return frozenset(name for line in lines if not line.startswith("#") for name in line.split())


#: Groups of given names that one person may go by, by name.
NICKNAMES = _nicknames()
FREQUENT_FAMILIES, FREQUENT_GIVEN = _frequent()
_GIVEN = _given_names()


def is_given_name(name: str) -> bool:
    """True for a given name that many people bear."""
    return name in NICKNAMES or name in _GIVEN


@lru_cache(maxsize=65536)
def compare_given(one: str, other: str) -> Likeness:
    """How two given names compare; both folded and not empty."""
    if one == other:
        return Likeness.SAME
    if len(one) == 1 or len(other) == 1:
        return Likeness.FAR if one[0] == other[0] else Likeness.OTHER
    if not NICKNAMES.get(one, frozenset()).isdisjoint(NICKNAMES.get(other, frozenset())) or spoken(one) == spoken(
        other
    ):
        return Likeness.FORM
    slips = _slips(one, other)
    if slips is Likeness.OTHER:
        short, long = sorted((one, other), key=len)
        # Names cut short by hand or by a form: Fern, Fernando.
        return Likeness.FAR if len(short) >= 3 and long.startswith(short) else Likeness.OTHER
    return Likeness.NEIGHBOUR if is_given_name(one) and is_given_name(other) else slips


@lru_cache(maxsize=65536)
def compare_family(one: str, other: str) -> Likeness:
    """How two family names compare; both folded, without spaces, and not empty."""
    if one == other:
        return Likeness.SAME
    if len(one) == 1 or len(other) == 1:
        return Likeness.FAR if one[0] == other[0] else Likeness.OTHER
    return _slips(one, other)


def share_a_half(one: Sequence[str], other: Sequence[str]) -> bool:
    """True where one of two family names of several words holds the other: Garcia, Garcia Lopez."""
    short, long = sorted((one, other), key=len)
    return len(short) < len(long) and any(word in long for word in short if len(word) > 2)


@lru_cache(maxsize=65536)
def sound(name: str) -> str:
    """A key that names which sound alike share: first letter, then consonants by how they are spoken.

    Close to Soundex (U.S. National Archives), whose groups it has; first letters that sound alike are one, and it is
    as long as the name's consonants, up to four.
    """
    name = _BEGINNINGS.get(name[:2], name[:1]) + name[2 if name[:2] in _BEGINNINGS else 1 :]
    key, last = _FIRST.get(name[:1], name[:1]), _GROUPS.get(name[:1], "")
    for letter in name[1:]:
        group = _GROUPS.get(letter, "")
        if group and group != last:
            key += group
        if letter not in "hw":
            last = group
        if len(key) == 4:
            break
    return key


@lru_cache(maxsize=65536)
def spoken(name: str) -> str:
    """What spellings of one name have in common, vowels included: Sara and Sarah, not Eric and Erica."""
    for written, said in _SPELLINGS:
        name = written.sub(said, name)
    return name


#: Letters that are said alike, then whatever is silent at the end, then letters written twice.
_SPELLINGS = tuple(
    (re.compile(written), said)
    for written, said in (
        ("ph", "f"), ("ck|c(?![ehiy])|q", "k"), ("ch(?=r)", "k"), ("x", "ks"), ("z", "s"), ("ie$|ey$|ee$|y$", "i"),
        ("y", "i"), ("th", "t"), ("(?<=[a-z]{2})h$", ""), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip

_GROUPS = {
    letter: number
    for number, letters in {"1": "bfpv", "2": "cgjkqsxz", "3": "dt", "4": "l", "5": "mn", "6": "r"}.items()
    for letter in letters
}
_FIRST = {"c": "k", "q": "k", "z": "s", "x": "s", "i": "y", "j": "g", "v": "f"}
_BEGINNINGS = {"ph": "f", "kn": "n", "wr": "r", "gn": "n", "ps": "s", "sc": "s", "ck": "k", "ts": "s"}


def _slips(one: str, other: str) -> Likeness:
    shorter = min(len(one), len(other))
    slips = OSA.distance(one, other, score_cutoff=2)
    alike = JaroWinkler.similarity(one, other)
    if (slips == 1 and shorter >= 3) or (slips == 2 and shorter > _LONG_NAME) or alike >= _CLOSE:
        return Likeness.SLIP
    if (slips == 2 and shorter >= 4) or alike >= _NEAR or (sound(one) == sound(other) and alike >= 0.8):
        return Likeness.FAR
    return Likeness.OTHER
