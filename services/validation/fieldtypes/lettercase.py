"""Capitals in people's names, as a careful clerk writes them.

A word in both cases is left as its owner wrote it (DeShawn, van der Berg, MacKenzie); a word all in capitals or all in
small letters gets its capitals by the customs of names. One word's case does not depend on another word's, except
that particles (van, de la) are particles only before something.
"""

from __future__ import annotations

import re
import unicodedata

#: Particles that stay small before a surname; `la`, `le`, `di` do so only after another one (de la Cruz, La Rue).
_SMALL = frozenset(
    """af al and av bin bint da das de del dela della den der des do dos du el ibn of ten ter the van vd vom von zu zum
    zur y e""".split()
)
_INNER = frozenset("la las le lo los der den".split())
#: Vietnamese surnames, whose bearers write Van and Do with capitals.
_VIETNAMESE = frozenset(
    "nguyen tran le pham huynh hoang phan vu vo dang bui ho ngo duong ly dinh truong trinh luong luu mai".split()
)
#: Particles elsewhere, names there.
VIETNAMESE_OR_PARTICLE = frozenset("van do da de le la".split())
#: Mac- names that are written with a second capital; the others (Mackey, Macias, Machado) are not.
_MAC = frozenset(
    f"mac{rest}"
    for rest in """adam alister allister alpine arthur askill aulay bean beth bride caig callum carthy cauley cormack
    cormick crae cready culloch cutcheon dermott diarmid donald donell donnell dougal dougall dowell duff eachern ewan
    ewen fadden fadyen farland farlane garry gillivray gowan graw greevy gregor guire hugh ilroy innes innis intosh
    intyre isaac iver kay kenna kenzie kinlay kinley kinnon knight lachlan laine laren laughlin laurin lean leish
    lellan lennan leod mahon manus master millan murchy murdo murray nab nair namara naughton neil neill nicol pherson
    phail phee quarrie queen rae shane swain sween taggart tavish vicar vean vey william williams""".split()
)  # fmt: skip
#: What may stand before an apostrophe and a capital, besides one or two letters (O', D', De', La').
_BEFORE_APOSTROPHE = frozenset("che cha dre jay kee key lee que ray sha she tra tre".split())
#: A slip of the shift key: jOHN, JOhn. Capitals inside names follow a prefix instead.
_SLIP = re.compile(r"(?:[a-z][A-Z]{2,}|[A-Z][AEIOU][a-z]{2,})")
_PREFIXED = re.compile(r"(Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|St)([A-Z]{3,})")
_SMALL_START = re.compile(r"(?:de|di|da|du|la|le|van|von|mac|mc|al|el|ap|ab)[A-Z][a-z]+")
_INITIALS = re.compile(r"(?:[^\W\d_]\.){2,}(?:[^\W\d_]\.?)?|[^\W\d_]\.?")
_SPLIT = re.compile(r"(-)")
_VOWELS = frozenset("aeiouy")


def cased(text: str, *, surname: bool = False) -> str:
    """A name with its capitals. `surname`: it begins with the surname, so a particle may stand first."""
    value = _cased(text, surname)
    # Small letters of some alphabets come apart from their accents.
    return value if value.isascii() else unicodedata.normalize("NFC", value)


def _cased(text: str, surname: bool) -> str:
    if " " not in text:
        return _word(text, first=not surname)
    words = text.split(" ")
    last = len(words) - 1
    out: list[str] = []
    after_particle = False
    for rank, word in enumerate(words):
        lower = word.lower()
        particle = (
            rank < last
            and (rank > 0 or surname)
            and (lower in _SMALL or (lower in _INNER and after_particle))
            and (word == lower or word == word.upper())
            and not (lower in {"y", "e"} and (rank == 0 or word != lower))
            and not (lower in VIETNAMESE_OR_PARTICLE and any(map(is_vietnamese, words)))
        )
        out.append(lower if particle else _word(word, first=rank == 0 and not surname))
        after_particle = lower in _SMALL and (particle or word == lower)
    return " ".join(out)


def is_vietnamese(word: str) -> bool:
    """Whether a word is one of the commonest Vietnamese surnames."""
    return word.lower() in _VIETNAMESE


def _word(word: str, *, first: bool) -> str:
    if "-" not in word:
        return _part(word, first=first)
    if not first and word.startswith(("al-", "el-", "ul-", "ad-", "as-", "ash-")):
        article, _, rest = word.partition("-")
        return f"{article}-{_word(rest, first=False)}"
    return "".join(_part(part, first=first and rank == 0) for rank, part in enumerate(_SPLIT.split(word)))


def _part(part: str, *, first: bool) -> str:
    lower, upper = part.lower(), part.upper()
    if part not in (lower, upper):
        return _mixed(part, first=first)
    if len(part) <= 8 and _INITIALS.fullmatch(part):
        # Letters whose capital is another length (ŉ, ǰ) have none that anybody writes.
        return upper if len(upper) == len(part) else part
    if first and len(part) == 2 and part == upper and part.isascii() and _is_pair_of_initials(lower):
        return part
    if "i\u0307" in lower:
        # The Turkish dotted capital I: Python's small one is two characters.
        lower = lower.replace("i\u0307", "i")
        return part[0] + lower[1:] if part[0] == "\u0130" else _capitalised(lower, first=first)
    return _capitalised(lower, first=first)


def _mixed(part: str, *, first: bool) -> str:
    """Both cases: the owner's own, unless the shift key slipped."""
    if part.isascii():
        if _SLIP.fullmatch(part) and not part.startswith("IJ"):
            return _capitalised(part.lower(), first=first)
        if part[0].islower() and _SMALL_START.fullmatch(part):
            return part[0].upper() + part[1:] if part.startswith(("mc", "mac")) else part
        prefixed = _PREFIXED.fullmatch(part)
        if prefixed is not None:
            return prefixed[1] + prefixed[2].capitalize()
        if part.endswith("'S") and part[:-1].istitle():
            return part[:-1] + "s"
    return part


def _is_pair_of_initials(lower: str) -> bool:
    """TJ, DC, AJ: two letters that make no syllable. Ng and Md (Mohammed) are names."""
    if lower in {"ng", "md", "st"}:
        return False
    return lower in {"aj", "ej", "oj"} or not _VOWELS.intersection(lower)


def _capitalised(lower: str, *, first: bool) -> str:
    if "'" in lower:
        before, _, after = lower.partition("'")
        return f"{_capitalised(before, first=first)}'{_after_apostrophe(before, after)}"
    if lower.startswith("mc") and len(lower) > 3 and lower.isalpha():
        return "Mc" + lower[2].upper() + lower[3:]
    if lower in _MAC and not (first and lower in {"mackenzie", "mackinley"}):
        return "Mac" + lower[3].upper() + lower[4:]
    if lower.startswith("ij") and len(lower) > 3 and lower[2] not in _VOWELS:
        return "IJ" + lower[2:]
    start = lower[:1]
    if start in "\u02bb(" and len(lower) > 1:
        return start + lower[1].upper() + lower[2:]
    title = start.title()
    return title + lower[1:] if len(title) == 1 else lower


def _after_apostrophe(before: str, after: str) -> str:
    """O'Brien, De'Andre, Sha'Carri; but Isma'il, Ne'eman, Ka'ahumanu."""
    if not before:
        return after[:1].upper() + after[1:] if len(after[:1].upper()) == 1 else after
    if after in {"", "s"} or after[0] == before[-1]:
        return after
    if len(before) <= 2 or before in _BEFORE_APOSTROPHE:
        return _capitalised(after, first=False) if "'" not in after else after
    return after
