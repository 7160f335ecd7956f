"""A chain of evidence: whatever is done to it shows."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from services.validation.evidence import (
    Link,
    hash_of,
    kept_until,
    texts_named,
    verify,
    verify_end,
    verify_texts,
    written,
)
from shared.evidence.chain import NO_HASH

DAY = date(2031, 11, 22)


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    previous = NO_HASH
    for position in range(1, length + 1):
        record = written({"lead_id": f"lead-{position}", "text_sha256": sha256(b"text").hexdigest()})
        link = Link("big-bank", position, f"lead-{position}", "consent", record, DAY, previous, b"")
        link = link._replace(hash=hash_of(link, previous))
        links.append(link)
        previous = link.hash
    return links


def _holds(links: list[Link], head: Link | None) -> bool:
    last = (links[-1].position, links[-1].hash) if links else (0, NO_HASH)
    told = (head.position, head.hash) if head is not None else None
    return not verify(links, after=0, after_hash=NO_HASH) + verify_end(last, told)


def test_a_chain_that_nobody_touched_holds() -> None:
    for length in (0, 1, 7):
        links = chain(length)
        assert _holds(links, links[-1] if links else None)


@given(data=st.data())
def test_every_edit_deletion_and_reordering_shows(data: st.DataObject) -> None:
    links = chain(data.draw(st.integers(2, 8)))
    head = links[-1]
    at = data.draw(st.integers(0, len(links) - 1))
    match data.draw(
        st.sampled_from(["record", "lead", "kind", "day", "hash", "rehash", "delete", "swap", "repeat", "buyer"])
    ):
        case "record":
            links[at] = links[at]._replace(record=links[at].record.replace("lead-", "lied-"))
        case "lead":
            links[at] = links[at]._replace(lead_id="another")
        case "kind":
            links[at] = links[at]._replace(kind="certificate")
        case "day":
            links[at] = links[at]._replace(keep_until=date(2026, 11, 23))
        case "hash":
            links[at] = links[at]._replace(hash=sha256(b"x").digest())
        case "rehash":
            forged = links[at]._replace(record="{}")
            links[at] = forged._replace(hash=hash_of(forged, forged.previous_hash))
        case "delete":
            del links[at]
        case "swap":
            other = (at + 1) % len(links)
            links[at], links[other] = (
                links[other]._replace(position=links[at].position),
                links[at]._replace(position=links[other].position),
            )
        case "repeat":
            links.append(links[at]._replace(position=len(links) + 1))
        case "buyer":
            links[at] = links[at]._replace(buyer_id="small-bank")
    assert not _holds(links, head)


def test_a_part_is_verified_from_where_the_last_one_ended() -> None:
    links = chain(6)
    assert verify(links[3:], after=3, after_hash=links[2].hash) == []
    assert verify(links[3:], after=3, after_hash=NO_HASH) != []
    assert [fault.position for fault in verify(links[4:], after=3, after_hash=links[2].hash)] == [4]


def test_faults_say_where_and_what() -> None:
    links = chain(5)
    del links[1:3]
    assert [(fault.position, fault.message) for fault in verify(links, after=0, after_hash=NO_HASH)] == [
        (2, "2 records are missing")
    ]
    assert verify_end((3, links[-1].hash), (5, links[-1].hash))[0].message == "2 records are missing at the end"
    assert verify_end((3, NO_HASH), None)[0].message == "the chain's head is missing"


def test_a_text_is_held_against_its_digest() -> None:
    links = chain(3)
    named = texts_named(links)
    (digest,) = named
    assert verify_texts(named, {digest: "text"}) == []
    assert verify_texts(named, {digest: "texts"})[0].message == "the text that it names was changed"
    assert verify_texts(named, {})[0].message == "the text that it names is missing"
    assert texts_named([links[0]._replace(record="no json")]) == {}


def test_evidence_is_kept_for_five_years() -> None:
    assert kept_until(date(2026, 11, 22)) == date(2031, 11, 22)
    assert kept_until(date(2028, 2, 29)) == date(2033, 3, 1)


def test_equal_facts_are_equal_texts() -> None:
    assert written({"b": 1, "a": "é"}) == written({"a": "é", "b": 1}) == '{"a":"é","b":1}'
