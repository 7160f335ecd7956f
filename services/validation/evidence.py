"""Evidence of consent: what is recorded of a bought lead, and whether a chain of records holds. Pure.

Each record's hash is the SHA-256 of the hash before it and of everything that the record says; see also
migrations/0002_pre_evidence.sql, whose function does the same as it writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import NamedTuple

import msgspec

from shared.evidence.chain import record_hash

#: "For a period of five years": 16 CFR 310.5(a), Telemarketing Sales Rule, as amended in 2024.
YEARS_KEPT = 5
#: Faults told of one part of a chain; where everything is wrong, the first ones say it.
MOST_FAULTS = 100


class Link(NamedTuple):
    """One record as it is stored."""

    buyer_id: str
    position: int
    lead_id: str
    kind: str
    record: str
    keep_until: date
    previous_hash: bytes
    hash: bytes


class Fault(NamedTuple):
    """One place at which a chain does not hold."""

    position: int
    message: str


class ConsentFacts(NamedTuple):
    """What is recorded of a bought lead's consent. Times are RFC 3339; empty: not told. Digests are SHA-256, hex."""

    lead_id: str
    seller: str
    source: str
    order: str
    catalog_revision: int
    #: The approved disclosure that the text was; empty where the order needed none.
    disclosure: str
    #: Of the text as presented; empty where there was none.
    text_sha256: str
    captured_at: str
    shown_at: str
    submitted_at: str
    received_at: str
    decided_at: str
    ip: str
    page_url: str
    certificate: str
    #: What the certificate's issuer said; empty: it was not asked.
    certificate_outcome: str
    #: The number that the consent record named.
    phone: str
    #: Of the submission as read, of its body as sent, and of the decision receipt.
    submission_sha256: str
    payload_sha256: str
    receipt_sha256: str
    recorded_at: str


def written(facts: NamedTuple | Mapping[str, object]) -> str:
    """A record as it is stored: JSON with sorted names, the same text for the same facts."""
    values = facts if isinstance(facts, Mapping) else facts._asdict()
    return msgspec.json.encode(dict(values), order="sorted").decode()


def kept_until(day: date) -> date:
    """The last day on which evidence of that day is kept."""
    try:
        return day.replace(year=day.year + YEARS_KEPT)
    except ValueError:
        # 29 February: a day longer.
        return date(day.year + YEARS_KEPT, 3, 1)


def hash_of(link: Link, previous: bytes) -> bytes:
    """What a record's hash has to be."""
    return record_hash(
        previous,
        buyer_id=link.buyer_id,
        position=link.position,
        lead_id=link.lead_id,
        kind=link.kind,
        keep_until=link.keep_until,
        record=link.record,
    )


def verify(links: Iterable[Link], *, after: int, after_hash: bytes) -> list[Fault]:
    """What does not hold of a part of a chain, whose links come by position.

    Args:
        after: The record before the first one; 0: there is none.
        after_hash: Its hash.
    """
    faults: list[Fault] = []
    position, previous = after, after_hash
    for link in links:
        if link.position != position + 1:
            gone = link.position - position - 1
            faults.append(Fault(position + 1, f"{gone} {'record is' if gone == 1 else 'records are'} missing"))
        elif link.previous_hash != previous:
            faults.append(Fault(link.position, "does not follow the record before it"))
        if hash_of(link, link.previous_hash) != link.hash:
            faults.append(Fault(link.position, "its content is not what was recorded"))
        position, previous = link.position, link.hash
        if len(faults) >= MOST_FAULTS:
            break
    return faults


def texts_named(links: Sequence[Link]) -> dict[str, int]:
    """Digests of the texts that records name, with the first place that names each."""
    named: dict[str, int] = {}
    for link in links:
        digest = _text_digest(link.record)
        if digest:
            named.setdefault(digest, link.position)
    return named


def verify_texts(named: Mapping[str, int], kept: Mapping[str, str]) -> list[Fault]:
    """What does not hold of the texts as presented. `kept`: texts by the digest under which they are kept."""
    return [
        Fault(
            position,
            "the text that it names is missing" if digest not in kept else "the text that it names was changed",
        )
        for digest, position in named.items()
        if digest not in kept or sha256(kept[digest].encode()).hexdigest() != digest
    ]


def verify_end(last: tuple[int, bytes], told: tuple[int, bytes] | None) -> list[Fault]:
    """Whether a chain ends where its head says. `told`: None: there is no head."""
    if told is None or told[0] == 0:
        return [Fault(last[0], "the chain's head is missing")] if last[0] else []
    if told == last:
        return []
    if told[0] > last[0]:
        gone = told[0] - last[0]
        return [Fault(last[0] + 1, f"{gone} {'record is' if gone == 1 else 'records are'} missing at the end")]
    return [Fault(last[0], "the chain does not end where its head says")]


def _text_digest(record: str) -> str:
    try:
        values = msgspec.json.decode(record, type=dict[str, object])
    except msgspec.MsgspecError:
        return ""
    digest = values.get("text_sha256")
    return digest if isinstance(digest, str) else ""


def is_digest(text: str) -> bool:
    """Whether a text is a SHA-256 in hex."""
    return len(text) == 64 and _only(text, "0123456789abcdef")


def _only(text: str, allowed: Collection[str]) -> bool:
    return all(character in allowed for character in text)
