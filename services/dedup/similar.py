"""Who was bought that may be the same person: found by key, compared in memory, nothing of it kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from services.dedup.alike import Similar
from services.dedup.fingerprint import Fingerprints
from services.dedup.likeness_store import Candidate
from services.dedup.persons.blocks import blocks
from services.dedup.persons.person import Person, read_person
from services.dedup.persons.score import match

#: Less than this much alike is nobody to speak of, whatever an order's scores.
_LEAST_SCORE = 30


class Asked(NamedTuple):
    """One lead to find similar people of."""

    lead_id: UUID
    #: Details by name.
    details: Mapping[str, str]
    #: An order compares people; else the keys are only made, to be filed.
    compared: bool


class Found(NamedTuple):
    """Similar people of one lead."""

    #: Digest of each key, and the newest person under it that was looked at; 0: none.
    keys: tuple[tuple[bytes, int], ...] = ()
    #: The most similar first.
    similar: tuple[Similar, ...] = ()


class Candidates(Protocol):
    """Where bought people are found by key; see `likeness_store`."""

    async def candidates(self, buyer_id: str, keys: Sequence[tuple[bytes, UUID]]) -> dict[int, list[Candidate]]:
        """The people under each key, by index."""
        ...


class SimilarPeople:
    """Finds similar people."""

    def __init__(self, store: Candidates, fingerprints: Fingerprints) -> None:
        self._store = store
        self._fingerprints = fingerprints

    async def of(self, buyer_id: str, leads: Sequence[Asked]) -> list[Found]:
        """Similar people of each lead, by index.

        Raises:
            Unavailable: the store is away.
        """
        persons = [read_person(lead.details) for lead in leads]
        keys = [
            [self._fingerprints.digest(f"{buyer_id}|likeness|{key}") for key in blocks(person)] for person in persons
        ]
        asked = [
            (digest, lead.lead_id) for lead, own in zip(leads, keys, strict=True) if lead.compared for digest in own
        ]
        candidates = await self._store.candidates(buyer_id, asked)
        found, position = [], 0
        for lead, person, own in zip(leads, persons, keys, strict=True):
            if not lead.compared:
                found.append(Found(tuple((digest, 0) for digest in own)))
                continue
            under = [candidates.get(position + offset, []) for offset in range(len(own))]
            position += len(own)
            newest = tuple(
                (digest, max((one.number for one in people), default=0))
                for digest, people in zip(own, under, strict=True)
            )
            found.append(Found(newest, _compared(person, under)))
        return found


def _compared(person: Person, under: Sequence[Sequence[Candidate]]) -> tuple[Similar, ...]:
    others = {one.seen.lead_id: one for people in under for one in people if not one.itself and one.person is not None}
    similar = [Similar(one.seen, match(person, one.person)) for one in others.values() if one.person is not None]
    worth = [one for one in similar if one.match.score >= _LEAST_SCORE]
    return tuple(sorted(worth, key=lambda one: (-one.match.score, one.seen.lead_id)))
