"""Names of people. Real names come from everywhere and may look rude, short or mashed to a naive check.

A name is refused only where nobody can bear it: keys struck in a row, the name of
a cartoon, the words of a form. Every rule here is held against lists of real
names from many languages; a rule that meets one of them is wrong.
"""

from __future__ import annotations

import re
from functools import lru_cache

from services.validation.fieldtypes.text import is_missing
from services.validation.verdict import MISSING, Finding, Reading
from shared.verdict import Check

_MADE_UP, _TEST = "name.made_up", "name.test_data"
_EXPECTED = "Expected the consumer's real name: this one is plainly made up."
_EXPECTED_NO_TEST = "Expected a consumer's data, not a test's; send `test: true` to try the interface."

_PARTICLES = frozenset(
    """af al av bin da das de del della den der des di do dos du el ibn la le lo ten ter van vom von vd y zu zum
    zur""".split()
)
_SUFFIXES = {"jr": "Jr", "jr.": "Jr.", "sr": "Sr", "sr.": "Sr.", "ii": "II", "iii": "III", "iv": "IV"}
_PARTS = re.compile(r"([ '’ʼ-])")

_TEST_WORDS = frozenset({"test", "tests", "tester", "testing", "testy", "testlead", "testuser", "testname"})
#: Words that make `Test …` a test; alone they may be names.
_AFTER_TEST = _TEST_WORDS | {
    "lead",
    "user",
    "name",
    "account",
    "person",
    "customer",
    "consumer",
    "data",
    "me",
    "only",
    "one",
    "do",
    "123",
}
#: First names that are no names, whatever follows.
_TEST_FIRST = frozenset({"test", "testing", "testlead", "testuser", "testname"})

#: Words of forms, jokes and nonsense. Both halves must be among them: one alone may be somebody's name.
_EMPTY_WORDS = frozenset(
    """abc abcd abcde abcdef xyz qwe qwerty asd asdf zxc foo bar baz foobar blah bla lorem ipsum fake phony bogus dummy
    nobody noone anonymous anon unknown noname nolastname firstname lastname fname lname first last name surname your
    my none null xxx aaa bbb ccc ddd zzz hello hi sir madam mr mrs consumer customer applicant""".split()
)
#: Figures whose whole name no person bears; those that people share with them (Bart Simpson, James Bond) are left out.
_FAMOUS = frozenset(
    name.strip()
    for name in """
    mickey mouse, minnie mouse, mighty mouse, donald duck, daisy duck, daffy duck, bugs bunny, easter bunny,
    roger rabbit, tooth fairy, santa claus, santa clause, father christmas, darth vader, luke skywalker, obi-wan kenobi,
    spongebob squarepants, sponge bob, scooby doo, elmer fudd, yosemite sam, porky pig, peppa pig, miss piggy,
    kermit frog, kermit the frog, yogi bear, winnie pooh, winnie the pooh, fred flintstone, wilma flintstone,
    barney rubble, buzz lightyear, no name, bat man, super man, spider man, wonder woman, captain america, captain kirk,
    papa smurf, donkey kong, super mario, big bird, cookie monster, uncle sam, humpty dumpty""".split(",")
)

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_HOME = frozenset("asdfghjkl")


def _runs(*rows: str) -> frozenset[str]:
    """Every three neighbours of the rows, in both directions."""
    return frozenset(run[i : i + 3] for row in rows for run in (row, row[::-1]) for i in range(len(row) - 2))


#: Neighbours of the home or bottom row struck in order; hardly a syllable of any name looks so.
_STRIKES = _runs(*_ROWS[1:])
_ANY_RUN = _runs(*_ROWS)
#: Runs of the top row are syllables too (Trew, Wert, Weroniuk): only long ones, and the famous one, count.
_TOP_RUNS = ("qwer", "rewq", "werty", "ertyu", "rtyui", "tyuio", "yuiop", "poiuy", "oiuyt", "iuytr", "uytre", "ytrew")
#: The same keys out of order, as often seen.
_SHUFFLED = frozenset("asfd adsf afsd sdaf dfsa asfasf adsfadsf sadf qwqw wqeqwe qewr fjdk fjdksl jfkd jfkdls".split())
#: A letter or a pair of letters four times, or two or three consonants again and again.
_REPEATED = re.compile(r"(.)\1{3,}|(..)\2{3,}|([^aeiouy]{2,3})\3{2,}")
_TWICE = re.compile(r"(...)\1+")
_CONSONANTS_TWICE = re.compile(r"([^aeiouywrl]{2})\1+")
_NO_SYLLABLE = re.compile(r"[bcdfghjkmnpqstvxz]{5,}|[bcdfghjkmnpqstvwxz]{6,}")
_WEB = ("http:", "https:", "www.", "<script", ".com", "@")


def read_name(field: str, text: str) -> Reading:
    """A name trimmed and cased: one written all in capitals or all in small letters gets its capitals."""
    text = text.strip(' ,;"*')
    if is_missing(text, name=True):
        return MISSING
    value = cased(text)
    return Reading(value, (Check("name.readable", True, field, f"{value[0]}***", "a name"),))


def split_full_name(full: str) -> tuple[str, str]:
    """First and last name of a full one: `Smith, Jane`, `Jane van der Berg`, `Jane Smith Jr`. Last may be empty."""
    if "," in full:
        last, _, first = (part.strip() for part in full.partition(","))
        if first and first.lower() not in _SUFFIXES:
            return first, last
        full = f"{last} {first}".strip()
    words = full.split(" ")
    end = len(words) - 1
    if end > 1 and words[end].lower() in _SUFFIXES:
        end -= 1
    start = next((i for i in range(1, end) if words[i].lower() in _PARTICLES), end)
    return (" ".join(words[:start]), " ".join(words[start:])) if start else (full, "")


@lru_cache(maxsize=16384)
def judge_name(first: str, last: str, field: str) -> tuple[tuple[Check, ...], tuple[Finding, ...]]:
    """Whether anybody can be called so. `field`: where a finding points to. Either half may be empty."""
    a, b = first.casefold().strip("."), last.casefold().strip(".")
    if _is_test(a, b):
        return _refusal(_TEST, "test_data", field, _EXPECTED_NO_TEST)
    if _is_made_up(a, b):
        return _refusal(_MADE_UP, "name_fake", field, _EXPECTED)
    return (
        Check(_MADE_UP, True, field, "no sign of it", "a real name"),
        Check(_TEST, True, field, "no sign of it", "no test"),
    ), ()


def is_mashed(word: str) -> bool:
    """True for letters (lower case) that come from striking keys, not from any language."""
    if len(word) < 4 or not word.isascii():
        return False
    if word in _SHUFFLED or any(run in word for run in _TOP_RUNS) or _REPEATED.search(word):
        return True
    twice = _TWICE.fullmatch(word)
    if (twice is not None and twice[1] in _ANY_RUN) or _CONSONANTS_TWICE.fullmatch(word):
        return True
    strikes = sum(word[i : i + 3] in _STRIKES for i in range(len(word) - 2))
    if strikes >= 2 or (strikes and _HOME.issuperset(word) and (len(set(word)) <= 3 or "a" not in word)):
        return True
    # Whole words without a vowel exist (Krc, Vlk, Strnad's kin) and ring on r or l; five other consonants do not.
    return _NO_SYLLABLE.fullmatch(word) is not None


def _is_test(first: str, last: str) -> bool:
    first_word, last_word = first.rstrip("0123456789 "), last.rstrip("0123456789 ")
    if first_word in _TEST_FIRST and (
        first_word != "test" or last_word in _AFTER_TEST or not last or last_word in _EMPTY_WORDS
    ):
        return True
    return first_word in _TEST_WORDS and last_word in _AFTER_TEST


def _is_made_up(first: str, last: str) -> bool:
    if f"{first} {last}" in _FAMOUS or any(mark in first or mark in last for mark in _WEB):
        return True
    whole = first + last
    if whole and not any(letter.isalpha() for letter in whole):
        return True
    if first and _EMPTY_WORDS.issuperset(f"{first} {last}".split()):
        return True
    if len(first) > 2 and len(last) > 2 and len(set(first)) == 1 and len(set(last)) == 1:
        return True
    return any(is_mashed(word) for part in (first, last) for word in part.replace("-", " ").split(" "))


def _refusal(rule: str, reason: str, field: str, message: str) -> tuple[tuple[Check, ...], tuple[Finding, ...]]:
    return (Check(rule, False, field, "", message, reason),), (Finding(reason, field, message),)


def cased(text: str) -> str:
    """The text with capitals where it has none, or nothing else; text in both cases is left as its owner wrote it."""
    if text != text.upper() and text != text.lower():
        return text
    words = text.split(" ")
    return " ".join(_cased_word(word, first=i == 0) for i, word in enumerate(words))


def _cased_word(word: str, *, first: bool) -> str:
    lower = word.lower()
    if not first and lower in _SUFFIXES:
        return _SUFFIXES[lower]
    if not first and lower in _PARTICLES:
        return lower
    # Initials such as TJ or JD stay what they are.
    if first and len(word) == 2 and word.isupper() and ("J" in word or word in {"KC", "DC", "TC", "MK"}):
        return word
    return "".join(_capitalised(part) for part in _PARTS.split(word))


def _capitalised(part: str) -> str:
    lower = part.lower()
    if lower.startswith("mc") and len(lower) > 3:
        return "Mc" + lower[2:3].upper() + lower[3:]
    return lower[:1].title() + lower[1:]
