"""Under what a person is filed, so that whoever may be the same one is found among millions.

Two leads of one person nearly always share one of these: a phone whose digits may be in another order, the name of a
mailbox, names that sound alike in one area, a birthday and an initial, a house. What they share is then compared in
full; so a key may well be that of many people, but not of a whole town.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.dedup.persons.names import NICKNAMES, sound
from services.dedup.persons.person import Person

#: A name that is short for many others is filed under the first of them.
_MOST_FORMS = 3


def blocks(person: Person) -> list[str]:
    """The keys of one person, each once; none for somebody of whom too little is told."""
    return list(dict.fromkeys(_keys(person)))


def _keys(person: Person) -> Iterator[str]:
    if person.phone:
        yield f"phone|{person.phone[:3]}|{''.join(sorted(person.phone[3:]))}"
    if len(person.mailbox) > 3:
        yield f"mailbox|{person.mailbox}"
    zip3 = person.zip5[:3]
    if zip3 and person.family and person.given:
        for form in _forms(person.first):
            yield f"name|{sound(person.last)}|{form}|{zip3}"
    if person.birth:
        for name in (person.first, person.last):
            if name:
                yield f"birth|{person.birth}|{name[0]}"
    if person.house and person.street and person.zip5:
        yield f"house|{person.house}|{sound(person.street[0])}|{person.zip5}"


def _forms(name: str) -> list[str]:
    """The names that it may stand for, or its sound."""
    groups = sorted(NICKNAMES.get(name, ()))[:_MOST_FORMS]
    return [str(group) for group in groups] or [sound(name)]
