"""The words of a consent text, whatever the markup, case, spacing and punctuation they came in.

Two settings of one text have the same letters and figures in the same order. Where one writes `e-mail` and the
other `email`, or a tag cuts a word in two, the words differ and the letters do not: texts are therefore compared
letter by letter, and words only say where a wildcard may begin and end, and what to show a person.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import NamedTuple

#: Longest text that is looked at: an approved wording has at most 4,000 characters, and markup adds to it.
LONGEST_CHARACTERS = 20_000
LONGEST_WORDS = 1_200
#: What wildcards become: one that stands for anything, and one in quotation marks, the label of a button.
WILDCARD, LABEL = "*", "\ue000"

#: Signs that a browser shows as nothing, and marks of registration, which NFKC would turn into letters.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff™℠®©]")
_QUOTES = "\"'“”„‟‘’‚‛«»‹›`´"
_QUOTED_WILDCARD = re.compile(rf"[{_QUOTES}]\s*\*\s*[{_QUOTES}]")
#: A figure with its point, or a run of letters and figures with apostrophes inside, or a sign that is a word.
_WORD = re.compile(rf"\d+(?:[.,]\d+)+|[^\W_]+(?:['’ʼ`][^\W_]+)*|&|[*{LABEL}]")
_APOSTROPHES = str.maketrans("", "", "'’ʼ`")
_TAG = re.compile(r"<[/!?]?([a-z][a-z0-9]*)(?:[^<>\"']|\"[^\"]{0,500}\"|'[^']{0,500}')*+>", re.IGNORECASE)
_LOOSE_TAG = re.compile(r"<[/!?]?([a-z][a-z0-9]*)\b[^<>]{0,2000}>", re.IGNORECASE)
_END_OF_UNSEEN = re.compile(r"</(?:script|style)\s*>", re.IGNORECASE)
#: How often a text may have been escaped on its way: once by the form, once by whoever relays it.
_MOST_ESCAPES = 3


class Words(NamedTuple):
    """A text taken apart."""

    words: tuple[str, ...]
    #: All letters and figures in a row.
    letters: str
    #: Where in `letters` each word begins, and last where the text ends.
    starts: tuple[int, ...]
    #: The word that begins at a place of `letters`.
    at: Mapping[int, int]


def taken_apart(words: Iterable[str]) -> Words:
    """Words with the places in which they begin."""
    words = tuple(words)
    plain = [word.translate(_APOSTROPHES) for word in words]
    starts = tuple(accumulate(map(len, plain), initial=0))
    return Words(words, "".join(plain), starts, {start: index for index, start in enumerate(starts)})


def words_of(text: str, *, wildcards: bool = False) -> tuple[str, ...]:
    """The words of a text, folded.

    Args:
        wildcards: True for an approved text, in which `*` stands for a run of words; else a star is punctuation.
    """
    text = shown(text)
    if wildcards:
        text = _QUOTED_WILDCARD.sub(f" {LABEL} ", text)
    folded = unicodedata.normalize("NFKC", text).casefold()
    found = (_word(word) for word in _WORD.findall(folded))
    kept = [word for word in found if wildcards or word not in (WILDCARD, LABEL)]
    return tuple(kept[:LONGEST_WORDS])


def shown(text: str) -> str:
    """What a browser shows of a text: without tags, comments, scripts, entities and unseen signs."""
    text = text[:LONGEST_CHARACTERS]
    for _ in range(_MOST_ESCAPES):
        before = text
        if "<" in text:
            text = _without_markup(text)
        if "&" in text:
            text = html.unescape(text)
        if text == before:
            break
    return _UNSEEN.sub("", text)


def _word(word: str) -> str:
    if word == "&":
        return "and"
    if word[0].isdigit() and ("." in word or "," in word):
        # 1,000 is 1000 and 555.123.4567 a telephone number; 5.49 stays what it is, and is not 549.
        word = word.replace(",", "")
        return word if word.count(".") == 1 else word.replace(".", "")
    return word


def _without_markup(text: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := text.find("<", at)) >= 0:
        kept.append(text[at:start])
        at = _end_of_markup(text, start)
        # Whatever stood here may have kept two words apart.
        kept.append(" " if at > start + 1 else "<")
    kept.append(text[at:])
    return "".join(kept)


def _end_of_markup(text: str, start: int) -> int:
    """Where what begins with `<` ends; the next character where it is just that sign."""
    if text.startswith("<!--", start):
        end = text.find("-->", start + 4)
        return end + 3 if end >= 0 else len(text)
    tag = _TAG.match(text, start) or _LOOSE_TAG.match(text, start)
    if tag is None:
        return start + 1
    if tag[1].lower() in ("script", "style") and text[start + 1] != "/":
        closing = _END_OF_UNSEEN.search(text, tag.end())
        return closing.end() if closing is not None else len(text)
    return tag.end()
