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
    r"(?:lenders|companies|(?<!service )providers|partners|dealers|dealerships|agents|carriers|insurers|buyers|"
    r"advisors|brokers|contractors|installers|businesses|banks|institutions|specialists|attorneys|law firms|merchants|"
    r"sellers|vendors)"
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
    ("a network of companies", rf"\b(?:network|panel) of (?:[\w-]+ ){{0,2}}?{_FIRMS}\b"),
    (
        "a list of companies",
        r"\blist of (?:[\w-]+ ){0,2}?(?:lenders|companies|partners|dealers|agents|insurers|carriers)\b",
    ),
    ("participating companies", rf"\b(?:participating|matched|partnering|partner) {_FIRMS}\b"),
)
_MAYBE_SHARED = (
    r"\b(?:its|our|their|select|selected|trusted) (?:partners|affiliates|affiliated companies)\b|\bthird parties\b"
)
#: Without one of these, nothing above can be there: most texts are done with in a microsecond.
_SHARING_HINTS = (
    "lenders", "companies", "providers", "partner", "dealer", "agents", "carriers", "insurers", "buyers", "advisors",
    "brokers", "contractors", "installers", "businesses", "banks", "institutions", "specialists", "attorneys",
    "law firms", "merchants", "sellers", "vendors", "affiliate", "third part",
)  # fmt: skip

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
_REWARD_HINTS = (
    "gift", "gas card", "sweep", "prize", "giveaway", "give away", "win a", "win your", "to win", "instant win",
    "points", "coins", "tokens", "reward", "survey", "bonus", "cash back", "cashback", "get paid", "incentive",
)  # fmt: skip

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


class _Signs(NamedTuple):
    """What to look for."""

    hints: tuple[str, ...]
    strong: tuple[tuple[str, re.Pattern[str]], ...]
    weak: re.Pattern[str]
    #: What the receipt says of the weak ones.
    noted: str
    #: Whether a firm's name may be made of such words.
    names: bool


def _compiled(patterns: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((words, re.compile(pattern)) for words, pattern in patterns)


_SHARED = _Signs(_SHARING_HINTS, _compiled(_SHARING), re.compile(_MAYBE_SHARED), "partners or affiliates", names=True)
_REWARDED = _Signs(
    _REWARD_HINTS, _compiled(_REWARD), re.compile(_MAYBE_REWARD), "words such as bonus or rewards", names=False
)


@lru_cache(maxsize=2048)
def sharing_in(text: str) -> Sign:
    """Whether a consent text lets several companies call."""
    return _sign(text, _SHARED)


@lru_cache(maxsize=2048)
def reward_in(text: str) -> Sign:
    """Whether a consent text promises the consumer a reward."""
    return _sign(text, _REWARDED)


def reward_on(page: str) -> Sign:
    """Whether a page's address promises a reward: its host and path; a query holds what others appended."""
    return _reward_at(page[:_LONGEST].partition("?")[0].partition("#")[0])


@lru_cache(maxsize=2048)
def _reward_at(address: str) -> Sign:
    found = reward_in(_OF_PAGES.sub(" ", address))
    # A page has no sentence around its words: what is weak in a text is nothing here.
    return found if found.strong else NOTHING


def _sign(text: str, signs: _Signs) -> Sign:
    folded = text[:_LONGEST].lower()
    if not [hint for hint in signs.hints if hint in folded]:
        return NOTHING
    written = _ELSEWHERE_DENIED.sub(" ", _GAP.sub(" ", text[:_LONGEST]))
    plain = written.lower()
    for words, pattern in signs.strong:
        for match in pattern.finditer(plain):
            name = signs.names and _is_name(written, plain, match)
            if not name and not _denied(plain, match.start()):
                return Sign(words, strong=True)
    return Sign(signs.noted) if signs.weak.search(plain) else NOTHING


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
