"""A person's name taken apart and put together again: title, first, middle, nickname, last, suffix."""

from __future__ import annotations

import re
from typing import NamedTuple

from services.validation.fieldtypes.lettercase import VIETNAMESE_OR_PARTICLE, cased, is_vietnamese

_SUFFIXES = {
    "jr": "Jr", "jnr": "Jr", "sr": "Sr", "snr": "Sr", "ii": "II", "iii": "III", "iv": "IV", "2nd": "II", "3rd": "III",
    "4th": "IV", "esq": "Esq", "esquire": "Esq", "md": "MD", "phd": "PhD", "dds": "DDS", "dmd": "DMD", "dvm": "DVM",
    "rn": "RN", "cpa": "CPA", "mba": "MBA",
}  # fmt: skip
#: Suffixes that also follow a first name alone: forms often have no better place.
_GENERATIONS = frozenset("jr jnr sr snr ii iii iv 2nd 3rd 4th".split())
#: Titles that are nobody's name; the others are titles only before a first and a last name (General Lee is a person).
_TITLES = {"mr": "Mr", "mrs": "Mrs", "ms": "Ms", "dr": "Dr", "prof": "Prof", "rev": "Rev", "mx": "Mx"}
_RANKS = {
    "miss": "Miss", "mister": "Mr", "missus": "Mrs", "doctor": "Dr", "professor": "Prof", "reverend": "Rev",
    "sir": "Sir",
    "hon": "Hon", "capt": "Capt", "captain": "Capt", "col": "Col", "lt": "Lt", "sgt": "Sgt", "maj": "Maj", "cpl": "Cpl",
    "pastor": "Pastor", "rabbi": "Rabbi", "mme": "Mme", "sra": "Sra", "herr": "Herr", "frau": "Frau", "señor": "Sr",
    "señora": "Sra",
}  # fmt: skip
#: Words with which a surname begins inside a full name.
_PARTICLES = frozenset(
    """abu af al bin bint da das de del dela della den der des di do dos du el ibn la le lo mac mc st st. ten ter van
    vd vom von zu zum zur""".split()
)
#: Small words that mean more than a name; two others, in both cases already, are a first and a last name.
KNOWN = frozenset({*_SUFFIXES, *_TITLES, *_RANKS, *_PARTICLES})
#: First names of women that go on after a particle: Maria de los Angeles Garcia, Maria del Carmen Ruiz.
_MARIAN = re.compile(
    r"(maria|ma\.?|rosa|juana|ana|martha) (de los (?:angeles|ángeles|santos)"
    r"|del? (?:carmen|rosario|pilar|socorro|refugio|mar|jesus|jesús|lourdes|guadalupe|fatima|fátima)"
    r"|de la (?:luz|paz|cruz|concepcion|concepción|soledad)) (?=\S)",
    re.IGNORECASE,
)
#: Chinese surnames of two signs; all others have one.
_TWO_SIGNS = frozenset(
    """欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 夏侯 东方 東方 皇甫 尉迟 公孙 公孫 慕容 令狐 司徒 端木 西门 西門 남궁 황보
    제갈 선우 독고 사공""".split()
)
_IDEOGRAPHS = re.compile("[\u3400-\u9fff々]{2,6}")
_HANGUL = re.compile("[\uac00-\ud7a3]{2,4}")
_NICKNAME = re.compile(r"""\s*(?:"([^"]*)"|\(([^()]*)\)|\[([^\[\]]*)\]|(?<=\s)'([^'\s]+)'(?=\s|$))\s*""")
_JOINTS = re.compile(r"(?<=\w)\s*-\s*(?=\w)")
_BROKEN_APOSTROPHE = re.compile(r"\b([ODod])' (?=[A-Za-z])")
_COMMAS = re.compile(r"\s*,[\s,]*")
_BARRED = re.compile(r"(?<=[^\W\d_])\s*/\s*(?=[^\W\d_])")


class Name(NamedTuple):
    """A name and its parts; `value` is the canonical whole, without title and nickname."""

    value: str
    prefix: str = ""
    first: str = ""
    middle: str = ""
    nickname: str = ""
    last: str = ""
    suffix: str = ""

    def parts(self) -> dict[str, str]:
        """The parts that there are."""
        return {part: text for part, text in zip(self._fields[1:], self[1:], strict=True) if text}


def parse_given(text: str) -> Name:
    """What stands in a field for first names."""
    text, nickname = _without_nickname(text)
    words, suffix = _without_suffix(_COMMAS.sub(" ", text).split(), _GENERATIONS)
    words, prefix = _without_title(words, 1, _TITLES)
    core = cased(" ".join(words))
    given = core.split(" ")
    middle = given.pop() if len(given) > 1 and len(given[-1].rstrip(".")) == 1 and len(given[0].rstrip(".")) > 1 else ""
    return Name(_joined(core, suffix), prefix, " ".join(given), middle, nickname, "", suffix)


def parse_surname(text: str) -> Name:
    """What stands in a field for last names."""
    text, nickname = _without_nickname(text)
    words, suffix = _without_suffix(_BARRED.sub("-", _COMMAS.sub(" ", text)).split())
    words, prefix = _without_title(words, 1, _TITLES)
    core = cased(" ".join(words), surname=True)
    return Name(_joined(core, suffix), prefix, "", "", nickname, core, suffix)


def parse_full(text: str) -> Name:
    """What stands in a field for the whole name, in whatever order."""
    text, nickname = _without_nickname(text)
    if "," in text:
        pieces = [piece for piece in _COMMAS.split(text) if piece]
        while len(pieces) > 1 and all(_bare(word) in _SUFFIXES for word in pieces[-1].split()):
            pieces[-2:] = [f"{pieces[-2]} {pieces[-1]}"]
        if len(pieces) > 1:
            return _parse_reversed(pieces[0].split(), " ".join(pieces[1:]).split(), nickname)
        text = " ".join(pieces)
    words, suffix = _without_suffix(text.split())
    words, prefix = _without_title(words, 2, _TITLES | _RANKS)
    if len(words) == 1:
        return _parse_single(words[0], prefix, nickname, suffix)
    whole = cased(" ".join(words))
    words = whole.split(" ")
    title = _TITLES.get(_bare(words[0])) if len(words) == 2 else None
    if title is not None:
        # Mr Smith has no first name to tell; his title stays with him.
        return Name(_joined(whole, suffix), title, "", "", nickname, words[1], suffix)
    given, start = _split(words)
    first, middle, last = words[:given], words[given:start], words[start:]
    return Name(_joined(whole, suffix), prefix, " ".join(first), " ".join(middle), nickname, " ".join(last), suffix)


def _parse_reversed(last: list[str], first: list[str], nickname: str) -> Name:
    """`Smith Jr, Dr Jane A`."""
    last, suffix = _without_suffix(last)
    if not suffix:
        first, suffix = _without_suffix(first)
    first, prefix = _without_title(first, 1, _TITLES | _RANKS)
    if not prefix:
        last, prefix = _without_title(last, 1, _TITLES)
    surname, given = cased(" ".join(last), surname=True), cased(" ".join(first))
    head, _, middle = given.partition(" ")
    return Name(_joined(f"{given} {surname}", suffix), prefix, head, middle, nickname, surname, suffix)


def _parse_single(word: str, prefix: str, nickname: str, suffix: str) -> Name:
    word = cased(word)
    size = 0
    if _IDEOGRAPHS.fullmatch(word):
        # Four signs without a surname of two are Japanese, mostly two and two.
        size = 2 if word[:2] in _TWO_SIGNS or len(word) == 4 else 1
    elif _HANGUL.fullmatch(word):
        size = 2 if word[:2] in _TWO_SIGNS and len(word) > 2 else 1
    if size and len(word) > size:
        return Name(_joined(word, suffix), prefix, word[size:], "", nickname, word[:size], suffix)
    return Name(_joined(word, suffix), prefix, word, "", nickname, "", suffix)


def _split(words: list[str]) -> tuple[int, int]:
    """How many words are the first name, and at which the last name begins."""
    end, least = len(words) - 1, 1
    marian = _MARIAN.match(" ".join(words))
    if marian is not None:
        least = len(marian[0].split())
    elif end > 1 and all(len(word.rstrip(".")) == 1 for word in words[:2]):
        least = 2
    particles = _PARTICLES - VIETNAMESE_OR_PARTICLE if any(is_vietnamese(word) for word in words) else _PARTICLES
    start = next((rank for rank in range(least, end) if words[rank].lower() in particles), end)
    if end - least >= 2 and words[end - 1] in {"y", "e", "i"}:
        start = min(start, end - 2)
    return min(least, start), start


def _without_nickname(text: str) -> tuple[str, str]:
    """The text without what stands in quotes or brackets; if nothing else stands there, that is the name."""
    text = _JOINTS.sub("-", _BROKEN_APOSTROPHE.sub(r"\1'", text))
    if not ('"' in text or "(" in text or "[" in text or " '" in text):
        return _without_stop(text), ""
    found = _NICKNAME.search(text)
    if found is None:
        return _without_stop(text), ""
    inside = (found[1] or found[2] or found[3] or found[4] or "").strip()
    outside = f"{text[: found.start()]} {text[found.end() :]}".strip()
    return (_without_stop(outside), cased(inside)) if outside else (_without_stop(inside), "")


def _without_stop(text: str) -> str:
    """Without the full stop behind a last word that is no initial."""
    bare = text.rstrip(".,; ")
    word = bare.rpartition(" ")[2]
    return bare if len(word) > 1 and "." not in word else text


def _without_suffix(words: list[str], known: frozenset[str] | dict[str, str] = _SUFFIXES) -> tuple[list[str], str]:
    found: list[str] = []
    while len(words) > 1 and (bare := _bare(words[-1])) in known:
        found.insert(0, _SUFFIXES[bare])
        words = words[:-1]
    return words, " ".join(found)


def _without_title(words: list[str], least: int, titles: dict[str, str]) -> tuple[list[str], str]:
    """Without titles before at least that many words."""
    found: list[str] = []
    while len(words) > least:
        title = titles.get(_bare(words[0]))
        if title is None and not (found and words[0].lower() in {"&", "and"}):
            break
        if title is not None:
            found.append(title)
        words = words[1:]
    return words, " ".join(found)


def _bare(word: str) -> str:
    return word.replace(".", "").lower()


def _joined(core: str, suffix: str) -> str:
    return f"{core} {suffix}" if suffix else core
