"""What each detail says for or against one person, in bits.

After Fellegi and Sunter, "A Theory for Record Linkage" (JASA 64, 1969): a detail that comes out so for one person m
times in a hundred, and for two strangers u times, says log2(m/u). A detail that either does not tell says nothing.
The m are those of typed forms and of people who move, marry and change phones; the u follow from how many names,
birthdays, ZIP codes and numbers there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple

from rapidfuzz.distance import OSA, JaroWinkler

from services.dedup.persons.names import (
    FREQUENT_FAMILIES,
    FREQUENT_GIVEN,
    Likeness,
    compare_family,
    compare_given,
    share_a_half,
)
from services.dedup.persons.person import Person


class Sign(Enum):
    """What a piece of evidence means beyond its weight."""

    NONE = 0
    #: Many have it: what one is called.
    NAME = 1
    #: Of one family it says nothing.
    FAMILY = 2
    #: Of two persons in one house it says nothing.
    HOME = 3
    #: Of two persons of one town it says nothing.
    AREA = 4
    #: Two persons, whatever they share.
    OTHER_PERSON = 5
    #: Two persons, unless nothing is told that twins have each for themselves.
    OTHER_GIVEN = 6
    #: Probably two persons: names that differ by a letter and are both names.
    OTHER_NAME = 7
    OTHER_BIRTH = 8
    #: Namesakes of one house have it each for themselves; but one person may have two.
    DOUBT = 9
    BIRTHDAY = 10
    #: As good as nobody else has it.
    MAILBOX = 11
    #: Nobody else has it.
    OWN = 12


class Evidence(NamedTuple):
    """One detail's word: its weight in bits, below 0 against one person."""

    bits: float
    #: Without personal data.
    words: str
    sign: Sign = Sign.NONE


def evidence(a: Person, b: Person) -> list[Evidence]:
    """Every detail that both tell."""
    return [one for compare in _COMPARISONS for one in compare(a, b)]


def _names(a: Person, b: Person) -> Iterator[Evidence]:
    given = _given(a, b)
    family = _family(a, b)
    crossed = _swapped(a, b)
    if crossed > max(0.0, (given.bits if given else 0.0) + (family.bits if family else 0.0)):
        yield Evidence(crossed, "first and last name swapped", Sign.NAME)
        return
    if given and family and given.bits < 0 and family.bits < 0 and _half_swapped(a, b):
        yield Evidence(-1.0, "one name in the other's place", Sign.NAME)
        return
    if given:
        yield given
        yield from _middle(a, b)
    if family:
        yield family


def _given(a: Person, b: Person) -> Evidence | None:
    if not a.given or not b.given:
        return None
    one, other = a.first, b.first
    level = compare_given(one, other)
    if level is not Likeness.SAME and level is not Likeness.FORM and _joined(a, b):
        return Evidence(6.0, "first name written in one word or two", Sign.NAME)
    if level in (Likeness.OTHER, Likeness.NEIGHBOUR) and (one in b.given[1:] or other in a.given[1:]):
        return Evidence(4.0, "goes by the middle name", Sign.NAME)
    match level:
        case Likeness.SAME:
            return Evidence(5.0 if one in FREQUENT_GIVEN else 8.0, "same first name", Sign.NAME)
        case Likeness.FORM:
            return Evidence(4.5, "first name in another form", Sign.NAME)
        case Likeness.SLIP:
            return Evidence(4.5, "first name a slip apart", Sign.NAME)
        case Likeness.FAR:
            return Evidence(2.0, "first name alike", Sign.NAME)
        case Likeness.NEIGHBOUR:
            return Evidence(-3.0, "first names that differ little, both of them names", Sign.OTHER_NAME)
    return Evidence(-8.0, "another first name", Sign.OTHER_GIVEN)


def _joined(a: Person, b: Person) -> bool:
    """Mary Ann and Maryann."""
    one, other = "".join(a.given), "".join(b.given)
    return one == other or one == b.first or other == a.first


def _middle(a: Person, b: Person) -> Iterator[Evidence]:
    if len(a.given) < 2 or len(b.given) < 2 or _joined(a, b):
        return
    one, other = a.given[1], b.given[1]
    if compare_given(one, other) in (Likeness.SAME, Likeness.SLIP, Likeness.FORM):
        yield Evidence(3.0, "same middle name", Sign.NAME)
    elif one[0] == other[0] and 1 in (len(one), len(other)):
        yield Evidence(2.0, "same middle initial", Sign.NAME)
    else:
        yield Evidence(-2.0, "another middle name")


def _family(a: Person, b: Person) -> Evidence | None:
    if not a.family or not b.family:
        return None
    match compare_family(a.last, b.last):
        case Likeness.SAME:
            return Evidence(6.0 if a.last in FREQUENT_FAMILIES else 9.0, "same last name", Sign.FAMILY)
        case Likeness.SLIP:
            return Evidence(5.0, "last name a slip apart", Sign.FAMILY)
        case Likeness.FAR:
            return Evidence(2.5, "last name alike", Sign.FAMILY)
    if share_a_half(a.family, b.family):
        return Evidence(5.0, "one half of a double last name", Sign.FAMILY)
    return Evidence(-4.0, "another last name")


def _swapped(a: Person, b: Person) -> float:
    """The bits of a name whose halves stand in each other's place; 0: they do not."""
    if not (a.given and b.given and a.family and b.family):
        return 0.0
    halves = [compare_given(a.first, b.last), compare_given(a.last, b.first)]
    if max(halves) > Likeness.FAR or halves.count(Likeness.FAR) > 1:
        return 0.0
    words = {a.first, a.last}
    bits = (4.0 if words & FREQUENT_GIVEN else 7.0) + (5.5 if words & FREQUENT_FAMILIES else 8.5)
    return bits - 2.5 * (2 - halves.count(Likeness.SAME))


def _half_swapped(a: Person, b: Person) -> bool:
    """A first name that is the other's last name, where few are called so."""
    alike = [
        one
        for one, other in ((a.first, b.last), (b.first, a.last))
        if compare_family(one, other) in (Likeness.SAME, Likeness.SLIP)
    ]
    return any(name not in FREQUENT_GIVEN and name not in FREQUENT_FAMILIES for name in alike)


def _suffix(a: Person, b: Person) -> Iterator[Evidence]:
    if a.suffix and b.suffix:
        if a.suffix == b.suffix:
            yield Evidence(2.0, "same generation")
        else:
            yield Evidence(-9.0, "another generation", Sign.OTHER_PERSON)
    elif a.suffix or b.suffix:
        yield Evidence(-1.5, "a generation told of one only", Sign.DOUBT)


def _birth(a: Person, b: Person) -> Iterator[Evidence]:
    one, other = a.birth, b.birth
    if not one or not other:
        return
    if one == other:
        # Forms that want a day get the first of January.
        yield Evidence(9.0 if one.endswith("0101") else 13.0, "same date of birth", Sign.BIRTHDAY)
        return
    same_year, same_day = one[:4] == other[:4], one[4:] == other[4:]
    if same_year and one[4:6] == other[6:] and one[6:] == other[4:6]:
        yield Evidence(10.0, "day and month of birth swapped")
    elif OSA.distance(one, other) == 1:
        # The same day thirty years apart is a father's birthday as well as a slip.
        far = same_day and abs(int(one[:4]) - int(other[:4])) >= _GENERATION
        yield Evidence(2.0 if far else 7.5, "date of birth a slip apart")
    elif same_year and (one[4:6] == other[4:6] or one[6:] == other[6:]):
        yield Evidence(3.0, "date of birth the same but for the day or the month")
    elif same_day:
        yield Evidence(1.0, "same birthday of another year")
    elif OSA.distance(one, other) == 2:
        yield Evidence(0.0, "dates of birth alike")
    else:
        # A father and a son of one name live in one house; people of one name and of other ages do not.
        generation = _GENERATION <= abs(int(one[:4]) - int(other[:4])) <= _MOST_YEARS
        yield Evidence(-7.0, "another date of birth", Sign.OTHER_BIRTH if generation else Sign.NONE)


#: Years between a father and a son.
_GENERATION, _MOST_YEARS = 15, 45


def _phone(a: Person, b: Person) -> Iterator[Evidence]:
    one, other = a.phone, b.phone
    if not one or not other:
        return
    if one == other:
        yield Evidence(11.0, "same phone", Sign.HOME)
    elif OSA.distance(one, other) == 1:
        yield Evidence(7.0, "phone a digit apart", Sign.HOME)
    elif one[-7:] == other[-7:]:
        yield Evidence(7.0, "phone with another area code", Sign.HOME)
    else:
        yield Evidence(-1.5, "another phone", Sign.DOUBT)


def _email(a: Person, b: Person) -> Iterator[Evidence]:
    if not a.mailbox or not b.mailbox:
        return
    same_domain = a.domain == b.domain or OSA.distance(a.domain, b.domain) <= 1
    if a.mailbox == b.mailbox:
        if same_domain:
            yield Evidence(12.0, "same mailbox", Sign.MAILBOX)
        elif len(a.mailbox) >= _LONG_MAILBOX and a.mailbox not in _OFFICES:
            yield Evidence(6.0, "same mail name at another provider")
        return
    long = min(len(a.mailbox), len(b.mailbox)) >= _LONG_MAILBOX
    if same_domain and long and OSA.distance(a.mailbox, b.mailbox) == 1:
        # A number that differs tells two people of one name apart as often as it is a slip.
        numbers = a.mailbox.rstrip("0123456789") == b.mailbox.rstrip("0123456789")
        yield Evidence(2.0 if numbers else 7.0, "mail name a slip apart")
        return
    yield Evidence(-1.0, "another mailbox", Sign.DOUBT)


_LONG_MAILBOX = 6
_OFFICES = frozenset("office contact family admin hello service support".split())


def _place(a: Person, b: Person) -> Iterator[Evidence]:
    street = _street(a, b)
    area = _area(a, b)
    if a.building and b.building and (a.building == b.building or _alike(a.building, b.building)):
        yield Evidence(4.0, "same building", Sign.HOME)
    if street is None:
        if area:
            yield area
        return
    yield street
    if area and (street.bits < _SAME_STREET or area.bits < 0):
        yield area
    elif area:
        # Streets of one name are everywhere; that the place is the same adds what the street leaves open.
        yield area._replace(bits=min(area.bits, 3.0))


_SAME_STREET = 5.0


def _street(a: Person, b: Person) -> Evidence | None:
    if not a.street or not b.street:
        return None
    one, other = " ".join(a.street), " ".join(b.street)
    alike = one == other or _alike(one, other) or OSA.distance(one, other) <= 2 or _run_together(a.street, b.street)
    if not alike:
        crossed = (b.building and _alike(one, b.building)) or (a.building and _alike(other, a.building))
        if not crossed:
            return Evidence(-2.0, "another street")
        return Evidence(3.0, "street and building swapped", Sign.HOME)
    if not a.house or not b.house:
        return Evidence(5.5 if one == other else 4.0, "same street", Sign.HOME)
    if a.house == b.house:
        if a.unit and b.unit and a.unit != b.unit:
            return Evidence(5.0, "another apartment of the same house", Sign.HOME)
        return Evidence(10.0 if one == other else 8.0, "same address", Sign.HOME)
    if OSA.distance(a.house, b.house) == 1 and max(len(a.house), len(b.house)) > 1:
        return Evidence(5.0, "house number a slip apart", Sign.HOME)
    return Evidence(1.0, "another house of the same street")


def _alike(one: str, other: str) -> bool:
    return JaroWinkler.similarity(one, other) >= 0.9


def _run_together(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Mainstreet and Main Street: its last word is not shortened, so that only the beginning can be compared."""
    first, second = one[0], other[0]
    short = min(first, second, key=len)
    return first != second and len(short) >= 5 and first.startswith(short) and second.startswith(short)


def _area(a: Person, b: Person) -> Evidence | None:
    cities = None
    if a.city and b.city:
        cities = a.city == b.city or JaroWinkler.similarity(a.city, b.city) >= 0.9
    if a.zip5 and b.zip5:
        if a.zip5 == b.zip5:
            return Evidence(5.0, "same postal code", Sign.AREA)
        if OSA.distance(a.zip5, b.zip5) == 1:
            return Evidence(3.5 if cities else 2.0, "postal code a digit apart", Sign.AREA)
        if not cities:
            return Evidence(-1.5 if a.state == b.state else -2.5, "another area")
    if cities:
        return Evidence(3.0, "same city", Sign.AREA)
    if a.state and b.state and a.state != b.state:
        return Evidence(-1.5, "another state")
    return Evidence(-1.0, "another city") if cities is False else None


def _identifier(a: Person, b: Person) -> Iterator[Evidence]:
    one, other = a.identifier, b.identifier
    if not one or not other:
        return
    if one == other:
        yield Evidence(16.0, "same identifying number", Sign.OWN)
        return
    slips = OSA.distance(one, other, score_cutoff=2)
    if slips == 1:
        # Twins who were registered together have such numbers as well.
        yield Evidence(9.0, "identifying number a digit apart")
    elif slips == 2:
        yield Evidence(3.0, "identifying numbers alike")
    else:
        yield Evidence(-6.0, "another identifying number")


def _gender(a: Person, b: Person) -> Iterator[Evidence]:
    if a.gender in _GENDERS and b.gender in _GENDERS:
        yield Evidence(0.8, "same gender") if a.gender == b.gender else Evidence(-4.0, "another gender")


_GENDERS = frozenset("mf")

_COMPARISONS: tuple[Callable[[Person, Person], Iterator[Evidence]], ...] = (
    _names, _suffix, _birth, _phone, _email, _place, _identifier, _gender,
)  # fmt: skip
