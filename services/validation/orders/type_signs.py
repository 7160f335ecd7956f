"""What the consent text and the page say of a lead's type, whatever the seller declares.

Only plain words count: that several companies may call, or that the consumer is promised a reward. Words that good
forms use too (`affiliates`, `cash back`) are noted in the receipt and decide nothing; a sentence that denies
something shows nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

#: Longest text and page that are looked at, in characters.
_LONGEST = 8000


class Sign(NamedTuple):
    """What a text shows: words for the receipt, never the text's own."""

    #: Empty: nothing.
    words: str = ""
    #: Whether it decides; else it is only noted.
    strong: bool = False


NOTHING = Sign()

_FIRMS = (
    r"(?:lenders|companies|providers|partners|dealers|dealerships|agents|carriers|insurers|buyers|advisors|brokers|"
    r"contractors|installers|businesses|banks|institutions|specialists|attorneys|law firms|merchants|sellers|vendors)"
)
_COUNT = r"(?:[2-9]|[12]\d|two|three|four|five|six|seven|eight|nine|ten|multiple|several)"
_SHARING = (
    ("several companies", rf"\b{_COUNT} (?:of (?:our|its|their|the) )?(?:[\w-]+ ){{0,2}}?{_FIRMS}\b"),
    ("several companies", rf"\bone or more (?:of (?:our|its|their|the) )?(?:[\w-]+ ){{0,2}}?{_FIRMS}\b"),
    ("marketing partners", r"\b(?:marketing|advertising|promotional) (?:partners|affiliates)\b"),
    (
        "lending partners",
        r"\b(?:lending|lender|network|participating|dealer|insurance|affiliate|third[- ]party) partners\b",
    ),
    ("a network of companies", rf"\b(?:network|list|panel) of (?:[\w-]+ ){{0,2}}?{_FIRMS}\b"),
    ("participating companies", rf"\b(?:participating|matched|partnering|partner) {_FIRMS}\b"),
)
_MAYBE_SHARED = (
    r"\b(?:its|our|their|select|selected|trusted) (?:partners|affiliates|affiliated companies)\b|\bthird parties\b"
)
_SHARING_HINT = re.compile(_FIRMS + r"|affiliate|third part")

_PRIZES = r"(?:car|truck|house|home|iphone|ipad|phone|trip|vacation|prize|tv|ps5|xbox)"
_REWARD = (
    ("a gift card", r"\bgift ?cards?\b|\bfree gas cards?\b|\b(?:visa|amazon|walmart) (?:reward|e-?gift) cards?\b"),
    ("a sweepstakes", r"\bsweepstakes?\b|\bprize draw(?:ing)?s?\b|\bgive ?aways?\b|\binstant win\b"),
    ("a chance to win", r"\b(?:enter|entered|entry|chances?) (?:for a chance )?to win\b|\bcash prizes?\b"),
    ("a prize", rf"\bwin (?:a|an|your) (?:[\w-]+ )?{_PRIZES}\b"),
    ("points", r"\b(?:earn|collect|redeem|get|receive) (?:[\w-]+ ){0,2}?(?:points|coins|tokens)\b|\brewards? points\b"),
    ("a reward", r"\b(?:claim|unlock|redeem|receive) (?:my|your|the|this|a) (?:[\w$-]+ )?(?:reward|prize|gift)\b"),
    ("paid surveys", r"\bpaid surveys?\b|\bsurvey rewards?\b|\bget paid to\b"),
)
_MAYBE_REWARD = r"\brewards?\b|\bbonus(?:es)?\b|\bcash ?back\b|\bfree gift\b|\bincentives?\b"
_REWARD_HINT = re.compile(
    r"gift|card|sweep|prize|give ?away|win\b|point|coin|token|reward|survey|bonus|cash|paid|incentiv"
)

#: Such words in capitals are a firm's name (National Lending Partners) unless one of these stands before them.
_SPOKEN_OF = re.compile(
    r"(?:\b(?:its|our|their|your|these|those|the|of|select|selected|trusted|other|following)|[\"'“‘(]) ?$"
)
_FIRM_NAME = re.compile(r",? (?:llc|l\.l\.c|inc|corp|ltd|lp|llp|group|co|company|corporation|network)\b")
#: What says no to a following word of the same sentence, once the phrases that say it of something else are out.
_DENIED = re.compile(r"\b(?:not|never|no|nor|without|neither|don['’]?t|won['’]?t|isn['’]?t|nobody|none)\b")
_ELSEWHERE_DENIED = re.compile(
    r"\bdo[- ]not[- ](?:call|email|contact)\b|\bdo-not-\w+\b|\bno (?:purchase|obligation|cost)\b"
    r"|\bnot (?:required|a condition|a requirement|conditioned|have to|need to|necessary|needed|obligat\w+)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.;!?](?:\s|$)")
_GAP = re.compile(r"[\s\u00a0]+")
_OF_PAGES = re.compile(r"[-_/+.~]|%20")


def _compiled(patterns: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((words, re.compile(pattern)) for words, pattern in patterns)


_SHARED, _REWARDED = _compiled(_SHARING), _compiled(_REWARD)
_PERHAPS_SHARED, _PERHAPS_REWARDED = re.compile(_MAYBE_SHARED), re.compile(_MAYBE_REWARD)


@lru_cache(maxsize=2048)
def sharing_in(text: str) -> Sign:
    """Whether a consent text lets several companies call."""
    return _sign(text, _SHARING_HINT, _SHARED, _PERHAPS_SHARED, "partners or affiliates")


@lru_cache(maxsize=2048)
def reward_in(text: str) -> Sign:
    """Whether a consent text promises the consumer a reward."""
    return _sign(text, _REWARD_HINT, _REWARDED, _PERHAPS_REWARDED, "words such as bonus or rewards")


def reward_on(page: str) -> Sign:
    """Whether a page's address promises a reward: its host and path; a query holds what others appended."""
    return _reward_at(page[:_LONGEST].partition("?")[0].partition("#")[0])


@lru_cache(maxsize=2048)
def _reward_at(address: str) -> Sign:
    found = reward_in(_OF_PAGES.sub(" ", address))
    # A page has no sentence around its words: what is weak in a text is nothing here.
    return found if found.strong else NOTHING


def _sign(
    text: str, hint: re.Pattern[str], strong: tuple[tuple[str, re.Pattern[str]], ...], weak: re.Pattern[str], noted: str
) -> Sign:
    if hint.search(text[:_LONGEST].lower()) is None:
        return NOTHING
    written = _ELSEWHERE_DENIED.sub(" ", _GAP.sub(" ", text[:_LONGEST]))
    plain = written.lower()
    for words, pattern in strong:
        for match in pattern.finditer(plain):
            name = _is_name(written, plain, match) if strong is _SHARED else False
            if not name and not _denied(plain, match.start()):
                return Sign(words, strong=True)
    return Sign(noted) if weak.search(plain) else NOTHING


def _is_name(written: str, plain: str, match: re.Match[str]) -> bool:
    """Whether the words are part of a firm's name."""
    if _FIRM_NAME.match(plain, match.end()):
        return True
    words = written[match.start() : match.end()] if len(written) == len(plain) else ""
    return words.istitle() and _SPOKEN_OF.search(plain, 0, match.start()) is None


def _denied(text: str, at: int) -> bool:
    start = 0
    for end in _SENTENCE.finditer(text, 0, at):
        start = end.end()
    return _DENIED.search(text, start, at) is not None
