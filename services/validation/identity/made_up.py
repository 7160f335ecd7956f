"""Names that nobody bears: keys struck in a row, cartoons, the words of forms, tests, obscenities.

Precision first. A name is refused only where nobody can bear it; what somebody might (Harry Potter, the surname Test)
is a weak signal of `signals.py`. Every rule is held against 12,000 real names from everywhere, and a rule that meets
one of them is wrong. All texts here are folded: small letters without accents (`folded`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from services.validation.identity.triples import TRIPLES
from services.validation.identity.words import (
    AFTER_TEST,
    EMPTY_WORDS,
    FAMOUS,
    NO_FIRST_NAMES,
    NO_LAST_NAMES,
    NO_NAMES,
    PHRASES,
    RUDE,
    SENTENCES,
    TEST_FIRST,
    TEST_NAMES,
    TEST_WORDS,
    TRIALS,
)

MADE_UP, TEST = "name.made_up", "name.test_data"


class Doubt(NamedTuple):
    """Why a name is nobody's: the rule, the public reason, and the sentence for the seller's engineer."""

    rule: str
    reason: str
    message: str


_NOBODY = Doubt(MADE_UP, "name_fake", "Expected the consumer's real name: this one is plainly made up.")
_TRIAL = Doubt(TEST, "test_data", "Expected a consumer's data, not a test's; send `test: true` to try the interface.")

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_HOME = frozenset("asdfghjkl")
_VOWELS = frozenset("aeiouy")


def _runs(*rows: str) -> frozenset[str]:
    """Every three neighbours of the rows, in both directions."""
    return frozenset(run[i : i + 3] for row in rows for run in (row, row[::-1]) for i in range(len(row) - 2))


#: Neighbours of the home or bottom row struck in order; hardly a syllable of any name looks so.
_STRIKES = _runs(*_ROWS[1:])
_ANY_RUN = _runs(*_ROWS)
#: Letters whose accent no decomposition takes off.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ə": "e", "ŋ": "n"}
)
_NOT_LETTERS = re.compile(r"[\x00-\x1f!-/:-`{-\x7f]")
_NOT_JOINED = re.compile(r"[^a-z0-9]")
_WORDS = re.compile(r"[a-z]{4,}")
_STRIKE = re.compile("|".join(sorted(_STRIKES)))
#: Runs of the top row are syllables too (Trew, Wert, Weroniuk): only long ones, and the famous one, count.
_TOP_RUNS = re.compile("qwer|rewq|werty|ertyu|rtyui|tyuio|yuiop|poiuy|oiuyt|iuytr|uytre|ytrew")
#: The same keys out of order, as often seen.
_SHUFFLED = frozenset(
    """asfd adsf afsd sdaf dfsa asfasf adsfadsf sadf qwqw wqeqwe qewr fjdk fjdksl jfkd jfkdls sdfa dsfa fsda fasd
    asdas sdas asda adsa dsad sadsad dsadsa lkad kjas qwe qweqwe wer ewq dsa sad sda dsf sdf fds gfd dfg fgh ghj hgf
    jkl kjh lkj zxc cxz xcv vcx cvb vbn bnm mnb asd wqe qew weqwe""".split()
) - {"sad", "wer", "sda", "dsa", "jkl", "wqe", "fds"}  # fmt: skip
#: A letter or a pair of letters four times, `ababab` (Yeyeye is a name), or consonants again and again.
_REPEATED = re.compile(r"(.)\1{3,}|(..)\2{3,}|^([aeiou][^aeiouy])\3{2,}$|([^aeiouy]{2,3})\4{2,}")
_TWICE = re.compile(r"(...)\1+")
_CONSONANTS_TWICE = re.compile(r"([^aeiouywrl]{2})\1+")
_NO_SYLLABLE = re.compile(r"[bcdfghjkmnpqstvxz]{5,}|[bcdfghjkmnpqstvwxz]{6,}")

#: Triples of names that tell of no mashing, and show a vowel.
_HARMLESS = frozenset(
    triple for triple in TRIPLES - _ANY_RUN if len(set(triple)) > 1 and not _VOWELS.isdisjoint(triple)
)
_NOBODYS = NO_NAMES | RUDE
#: What stands behind a firm's name.
_FIRMS = frozenset({"llc", "llp", "inc", "ltd"})


def folded(text: str) -> str:
    """Small letters without accents; letters of other alphabets stay."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def doubt_alone(text: str, *, first: bool = False, last: bool = False) -> Doubt | None:
    """Whether one field's name can be anybody's. `text`: folded.

    `first`: it holds the first name, perhaps more. `last`: nothing but the last name.
    """
    if not text.isascii():
        # What is left of another alphabet's words is no word.
        return None
    if text.isalpha():
        joined = text
    else:
        joined = _NOT_JOINED.sub("", text)
        said = _NOT_LETTERS.sub(" ", text).split()
        if not RUDE.isdisjoint(said) or (len(said) > 1 and _is_spoken(said)):
            return _NOBODY
    stem = joined.rstrip("0123456789") if joined[-1:].isdigit() else joined
    if stem in TEST_NAMES or (first and stem in TEST_FIRST) or (len(joined) > 7 and PHRASES.search(joined)):
        return _TRIAL
    if joined in _NOBODYS or (first and joined in NO_FIRST_NAMES) or (last and joined in NO_LAST_NAMES):
        return _NOBODY
    if _is_one_letter(text):
        return _NOBODY
    words = _WORDS.findall(text) if joined is not text else (text,) if len(text) > 3 else ()
    return _NOBODY if any(map(is_gibberish, words)) else None


def doubt_whole(text: str) -> Doubt | None:
    """Whether a whole name, folded, with all that stands between first and last, is a figure's."""
    return _NOBODY if " ".join(_NOT_LETTERS.sub(" ", text).split()) in FAMOUS else None


def doubt_together(first: str, last: str) -> Doubt | None:
    """Whether first and last name, each possible, can be one person's. Both folded; either may be empty."""
    if not (first.isalpha() and last.isalpha()):
        first, last = _NOT_LETTERS.sub("", first).strip(), _NOT_LETTERS.sub("", last).strip()
    if not (first.isascii() and last.isascii()):
        return None
    whole = f"{first} {last}"
    if whole in FAMOUS:
        return _NOBODY
    a, b = first.rstrip("0123456789 "), last.rstrip("0123456789 ")
    if (a in TEST_WORDS and (b in AFTER_TEST or b in EMPTY_WORDS)) or (a in TRIALS and b in AFTER_TEST):
        return _TRIAL
    if first and last and EMPTY_WORDS.issuperset(whole.split()):
        return _NOBODY
    return _NOBODY if is_odd(first) and is_odd(last) else None


def is_gibberish(word: str) -> bool:
    """True for a word (small, a to z, four letters or more) that no language made."""
    bounded = f"^{word}$"
    if _HARMLESS.issuperset([bounded[i : i + 3] for i in range(len(word))]):
        # Most names: every triple is known and none is a run of keys. What is left are repetitions.
        return len(word) > 5 and _REPEATED.search(word) is not None
    return is_mashed(word) or is_unsayable(word)


def is_mashed(word: str) -> bool:
    """True for letters (small, a to z) that come from striking keys in a row, not from any language."""
    if word in _SHUFFLED or _TOP_RUNS.search(word) or _REPEATED.search(word):
        return True
    twice = _TWICE.fullmatch(word)
    if (twice is not None and twice[1] in _ANY_RUN) or _CONSONANTS_TWICE.fullmatch(word):
        return True
    if _STRIKE.search(word):
        strikes = sum(word[i : i + 3] in _STRIKES for i in range(len(word) - 2))
        if strikes >= 2 or (_HOME.issuperset(word) and (len(set(word)) <= 3 or "a" not in word)):
            return True
    # Whole words without a vowel exist (Krc, Vlk, Strnad's kin) and ring on r or l; five other consonants do not.
    return _NO_SYLLABLE.fullmatch(word) is not None


def unheard(word: str) -> int:
    """How many three letters of the word (small, a to z) stand side by side in no name that is known."""
    bounded = f"^{word}$"
    return sum([bounded[i : i + 3] not in TRIPLES for i in range(len(word))])


def is_unsayable(word: str) -> bool:
    """True where most of the word's triples are in no name of any language: one word alone proves it."""
    odd = unheard(word)
    return odd >= 4 and odd / len(word) >= 0.4


@lru_cache(maxsize=8192)
def is_odd(word: str) -> bool:
    """True for a word with several unheard triples: alone a rare name, in both halves of a name a made-up one.

    Remembered: two rules ask it of the same names.
    """
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return False
    odd = unheard(word)
    return odd >= 2 and odd / len(word) >= 0.3


def _is_spoken(words: list[str]) -> bool:
    """A sentence, or a firm: nobody's name."""
    return words[-1] in _FIRMS or SENTENCES.search(" ".join(words)) is not None


def _is_one_letter(text: str) -> bool:
    return len(text) > 2 and text.isalpha() and text == text[0] * len(text) and text != "iii"
