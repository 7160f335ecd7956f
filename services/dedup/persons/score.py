"""How much two persons are alike, and what follows."""

from __future__ import annotations

from typing import Literal, NamedTuple

from services.dedup.persons.evidence import Evidence, Sign, evidence
from services.dedup.persons.person import Person

#: Scores from which two persons are one for certain enough to refuse a lead, and from which somebody should look.
REJECT_SCORE = 85
FLAG_SCORE = 60
#: The bits that are even odds, and how many more of them double the odds: 12 bits are a score of 60, 20 one of 85.
_EVEN, _DOUBLING = 9.5, 4.2
#: What is doubtful is no more than this, just under a flag and just under a reject.
_BELOW_FLAG, _BELOW_REJECT = 11.0, 19.0

Verdict = Literal["reject", "flag", "different"]


class Match(NamedTuple):
    """How much two persons are alike."""

    #: From 0, certainly two, to 100, certainly one.
    score: int
    #: What speaks for and against, the weightiest first, without personal data.
    why: tuple[str, ...]

    def verdict(self, *, flag: int = FLAG_SCORE, reject: int = REJECT_SCORE) -> Verdict:
        """What follows at these scores."""
        if self.score >= reject:
            return "reject"
        return "flag" if self.score >= flag else "different"


def match(a: Person, b: Person) -> Match:
    """Compare two persons; the same whichever is named first."""
    found = evidence(a, b)
    bits = _bounded(found)
    weighty = sorted((one for one in found if one.bits), key=lambda one: (-abs(one.bits), one.words))
    return Match(round(100 / (1 + 2 ** ((_EVEN - bits) / _DOUBLING))), tuple(one.words for one in weighty))


def _bounded(found: list[Evidence]) -> float:
    """The sum, as far as what is doubtful lets it go.

    Families share a name, a house, a phone and often a mailbox: all that together says nothing where the person is
    another. Weighing details one by one does not know that, since it takes each to be told for itself.
    """
    bits = sum(one.bits for one in found)
    signs = {one.sign for one in found}
    if Sign.OWN in signs:
        return bits
    if Sign.OTHER_PERSON in signs:
        return min(bits, _BELOW_FLAG)
    if Sign.OTHER_BIRTH in signs and Sign.OTHER_NAME in signs:
        return min(bits, _BELOW_FLAG)
    if signs & {Sign.OTHER_BIRTH, Sign.OTHER_NAME} and Sign.MAILBOX not in signs:
        return min(bits, _BELOW_REJECT)
    own = sum(one.bits for one in found if one.sign in (Sign.NONE, Sign.MAILBOX, Sign.OWN))
    return bits if own > 0 else min(bits, _BELOW_REJECT)
