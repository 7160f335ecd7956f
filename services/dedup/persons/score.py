"""How much two persons are alike, and what follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf
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

#: What people of one family, house or town share, and what many are called there.
_SHARED = frozenset({Sign.FAMILY, Sign.HOME, Sign.AREA})
_OF_MANY = frozenset({Sign.NAME, Sign.FAMILY, Sign.AREA})
#: So many bits tell more than that two things are not unlike.
_TELLING = 2.5

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
    bits = min(sum(one.bits for one in found), _bound(found, contact=_contact(a) or _contact(b)))
    weighty = sorted((one for one in found if one.bits), key=lambda one: (-abs(one.bits), one.words))
    return Match(round(100 / (1 + 2 ** ((_EVEN - bits) / _DOUBLING))), tuple(one.words for one in weighty))


def _contact(person: Person) -> bool:
    return bool(person.phone or person.mailbox)


def _bound(found: Sequence[Evidence], *, contact: bool) -> float:
    """The most bits that what is doubtful leaves.

    Families share a name, a house, a phone and often a mailbox: all that together says nothing where the person is
    another. Weighing details one by one does not know that, since it takes each to be told for itself.

    Args:
        found: What both tell.
        contact: A phone or a mailbox is told of one of the two at least.
    """
    signs = Counter(one.sign for one in found)
    if Sign.OWN in signs:
        return inf
    if Sign.OTHER_PERSON in signs or (Sign.OTHER_BIRTH in signs and signs.keys() & {Sign.OTHER_NAME, Sign.OTHER_GIVEN}):
        return _BELOW_FLAG
    if Sign.OTHER_GIVEN in signs and (contact or Sign.BIRTHDAY not in signs):
        # Twins. Where nothing is told that they would have each for themselves, a name by which one goes is likelier.
        return _BELOW_FLAG
    if signs.keys() & {Sign.OTHER_BIRTH, Sign.OTHER_NAME} and Sign.MAILBOX not in signs:
        return _BELOW_REJECT
    if signs[Sign.DOUBT] > 1 and Sign.BIRTHDAY not in signs:
        # Father and son of one name, who tell no birthday.
        return _BELOW_REJECT
    if not any(one.bits >= _TELLING and one.sign not in _OF_MANY for one in found):
        # A name in a town.
        return _BELOW_REJECT
    own = sum(one.bits for one in found if one.sign not in _SHARED)
    return inf if own > 0 else _BELOW_REJECT
