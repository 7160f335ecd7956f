"""Texts that nobody approved: each once, and nothing of the consumer's in them."""

from __future__ import annotations

from typing import Any

import pytest

from services.validation.consent.disclosure import Nearest, Registry
from services.validation.consent.record import private_words
from services.validation.consent.seen import SeenWordings, identify, without_details
from shared.catalog.terms import Disclosure
from tests.unit.validation.terms import DISCLOSURE

ANN = {"first_name": "Ann", "last_name": "Lee-Müller", "email": "ann.lee@gmail.com", "phone": "(512) 627-4199"}
BOB = {"first_name": "Bob", "last_name": "Ray", "email": "bob@example.org", "phone": "210.555.0134"}


def _text(person: dict[str, str]) -> str:
    return (
        f"I, {person['first_name']} {person['last_name']}, agree on 11/22/2026 at 10:05 am that Small Bank may "
        f"call me at {person['phone']} or write to {person['email']}."
    )


def _add(seen: SeenWordings, text: str, person: dict[str, str], **words: Any) -> None:
    found = Registry((Disclosure(slug="d", text=DISCLOSURE),)).find(text, "marco", "cars.example", ())
    assert isinstance(found, Nearest)
    of = {"buyer_id": "big-bank", "seller": "marco", "site": "cars.example", "at": 100.0, **words}
    seen.add(of["buyer_id"], of["seller"], of["site"], text, found, person, of["at"])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (_text(ANN), "I, *, agree on * at * that Small Bank may call me at * or write to *."),
        ("<p>I <b>agree</b> that&nbsp;Ann may\ncall</p>", "I agree that * may call"),
        ("I agree to pay 5.49 % of 25000 dollars", "I agree to pay 5.49 % of * dollars"),
        ("ANN LEE-MÜLLER agrees", "* agrees"),
        ("I agree * that it may call", "I agree that it may call"),
        ("Call me at +1 512 627 4199 today", "Call me at * today"),
        ("bad\0sign", "bad sign"),
    ],
)
def test_what_is_the_consumers_own_is_a_star(text: str, kept: str) -> None:
    assert without_details(text, private_words(ANN)) == kept


def test_two_people_on_one_form_are_one_wording() -> None:
    seen = SeenWordings()
    _add(seen, _text(ANN), ANN, at=200.0)
    _add(seen, _text(BOB), BOB, at=100.0)
    _add(seen, _text(ANN).upper(), ANN, at=300.0)
    (wording,) = seen.take()
    assert (wording.leads, wording.first_seen, wording.last_seen) == (3, 100.0, 300.0)
    assert wording.nearest == "d"
    told = wording.text + wording.difference
    for secret in ("Ann", "ann", "Lee", "ller", "627", "4199", "gmail"):
        assert secret not in told


def test_sellers_sites_and_buyers_are_apart() -> None:
    seen = SeenWordings()
    for words in ({}, {"seller": "other"}, {"site": "b.example"}, {"buyer_id": "small-bank"}):
        _add(seen, _text(ANN), ANN, **words)
    assert len(seen) == 4
    assert len({(one.buyer_id, one.wording_id) for one in seen.take()}) == 4


def test_the_memory_is_bounded_and_known_texts_are_still_counted() -> None:
    seen = SeenWordings(most=3)
    for n in "abcdef":
        _add(seen, f"I agree to the wording called {n}", ANN)
    _add(seen, "I agree to the wording called a", ANN)
    assert [wording.leads for wording in sorted(seen.take(), key=lambda one: one.text)] == [2, 1, 1]
    assert len(seen) == 0


def test_what_could_not_be_written_is_counted_once() -> None:
    seen = SeenWordings()
    _add(seen, _text(ANN), ANN, at=100.0)
    taken = seen.take()
    _add(seen, _text(BOB), BOB, at=200.0)
    seen.put_back(taken)
    (wording,) = seen.take()
    assert (wording.leads, wording.first_seen, wording.last_seen) == (2, 100.0, 200.0)


def test_a_kept_text_can_be_approved_as_it_stands() -> None:
    kept = without_details(_text(ANN), private_words(ANN))
    registry = Registry((Disclosure(slug="d", text=kept),))
    assert registry.find(_text(BOB), "s", "", ()) == "d"
    assert identify("s", "", kept) == identify("s", "", without_details(_text(BOB), private_words(BOB)))
