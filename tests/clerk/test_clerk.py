from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.clerk import corpus, fields, leads
from tests.clerk.people import people

#: What is expected of each type, in a few words.
_BEHAVIOURS = {
    "boolean": "yes and no are read as people write them, and maybe is neither",
    "certificate_url": "a certificate of consent is one of the real host's, and nothing that only looks like it",
    "choice": "one of the listed values is read in any writing, and nothing else is",
    "city": "places of every name are taken, and keyboard noise is not",
    "date": "a day is read month first, and never guessed",
    "date_of_birth": "a birth lies in a living person's past",
    "email": "everyday mail of the world is taken; throw-away, mistyped and nobody's addresses are not",
    "first_name": "first names of every culture are taken; keys, tests and curses are not",
    "full_name": "whole names are split as their bearers would; legends and tests are refused",
    "gender": "a gender is read in words and letters",
    "integer": "whole numbers are read with their thousands",
    "ip": "an address of either version is read to its one form",
    "last_name": "families of every name are taken, however odd; keys, tests and curses are not",
    "money": "dollars are read in every writing; other currencies and doubtful points are not",
    "number": "numbers are read with their thousands and decimals",
    "phone": "numbers are read as people write them; impossible and made-up ones are not",
    "postal_code": "ZIPs that exist are taken, with or without four more",
    "range": "two bounds or one are read out of words and signs",
    "ssn": "numbers that were issued are taken; famous and impossible ones are not",
    "state": "a state is read by its name, code or old abbreviation",
    "street": "addresses of every kind of place are taken; noise is not",
    "text": "any text is taken, and what stands for nothing is missing",
    "url": "a web page's address is taken, and nothing that a browser would run",
}


@pytest.mark.parametrize("kind", [pytest.param(kind, id=_BEHAVIOURS[kind]) for kind in corpus.types()])
def test_the_clerk_agrees(kind: str) -> None:
    wrong = [str(answer) for answer in fields.answered(corpus.cases(kind)) if not answer.right]
    assert wrong == []


async def test_good_leads_are_bought_and_bad_ones_refused_for_a_reason_that_fits() -> None:
    judged = await leads.judge(corpus.leads(), datetime.now(UTC))
    assert [str(one) for one in judged if not one.right] == []


async def test_of_a_crowd_of_good_people_none_is_refused() -> None:
    judged = await leads.judge(people(600, seed=2026), datetime.now(UTC))
    assert [str(one) for one in judged if not one.bought] == []
