"""Likeness of people: measured on thousands of labelled pairs, and the laws that hold for any two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dedup.persons.blocks import blocks
from services.dedup.persons.names import Likeness, compare_given
from services.dedup.persons.person import Person, read_person
from services.dedup.persons.score import FLAG_SCORE, REJECT_SCORE, match
from tests.matching.measure import Judged, Share, judged, precision, recall
from tests.matching.pairs import pairs

#: Not the seeds that the weights were looked at with.
SEED, PAIRS = 20261122, 6000

ANN = {
    "first_name": "Ann", "last_name": "Whitfield", "street": "12 Cedar Avenue Apt 4", "city": "Austin", "state": "TX",
    "postal_code": "78701", "date_of_birth": "1980-02-03", "phone": "+15125550123", "email": "ann.whitfield@gmail.com",
}  # fmt: skip


@pytest.fixture(scope="module")
def measured() -> list[Judged]:
    return judged(pairs(SEED, PAIRS))


def test_a_reject_is_right_99_times_in_100_and_finds_9_of_10(measured: list[Judged]) -> None:
    assert precision(measured, REJECT_SCORE).value >= 0.99
    assert recall(measured, REJECT_SCORE).value >= 0.90


def test_a_flag_finds_nearly_everybody(measured: list[Judged]) -> None:
    assert recall(measured, FLAG_SCORE).value >= 0.97


def test_whoever_is_one_person_shares_a_key_to_be_found_by(measured: list[Judged]) -> None:
    refused = recall(measured, REJECT_SCORE)
    assert recall(measured, REJECT_SCORE, by_key=True).hits / refused.hits >= 0.99


def test_a_share_is_as_certain_as_wilson_says() -> None:
    low, high = Share(99, 100).interval
    assert (round(low, 4), round(high, 4)) == (0.9455, 0.9982)


def score(**other: str) -> int:
    return match(read_person(ANN), read_person(ANN | other)).score


@pytest.mark.parametrize(
    "other",
    [
        {"first_name": "Annie", "phone": "+15125550132"},
        {"first_name": "Whitfield", "last_name": "Ann"},
        {"last_name": "Whitfeild", "email": ""},
        {"street": "12 cedar ave #9"},
        {"street": "900 Lake Dr", "postal_code": "60601", "city": "Chicago", "state": "IL"},
        {"last_name": "Lopez", "street": "900 Lake Dr"},
        {"last_name": "Whitfield-Lopez", "phone": "+15125559999"},
        {"email": "annwhitfield+loans@googlemail.com", "phone": "", "date_of_birth": ""},
        {"date_of_birth": "1980-03-02", "phone": "+15125559999"},
        {"first_name": "", "last_name": "", "full_name": "Whitfield, Ann"},
    ],
)
def test_one_person_told_differently_is_refused(other: dict[str, str]) -> None:
    assert score(**other) >= REJECT_SCORE


@pytest.mark.parametrize(
    "other",
    [
        # A spouse, a twin, a father of the same name, a sister, who share a house, and what one shares there.
        {"first_name": "Carl", "date_of_birth": "1979-05-06", "email": "carl@example.com"},
        {"first_name": "Carl", "date_of_birth": "1979-05-06"},
        {"first_name": "Gwen", "email": "gwen@example.com"},
        {"date_of_birth": "1951-06-08", "email": "ann.senior@example.com"},
        {"first_name": "Beth", "date_of_birth": "1983-07-09", "email": "beth@example.com"},
        # A namesake elsewhere.
        {"date_of_birth": "1961-11-30", "street": "9 Oak St", "city": "Miami", "state": "FL", "postal_code": "33101",
         "phone": "+13055550000", "email": "aw61@example.com"},
    ],
)  # fmt: skip
def test_two_persons_of_one_house_or_one_name_are_not_refused(other: dict[str, str]) -> None:
    assert score(**other) < REJECT_SCORE


def test_father_and_son_are_told_apart_by_their_generation() -> None:
    father = read_person(ANN | {"first_name": "John", "last_name": "Whitfield Sr.", "date_of_birth": ""})
    son = read_person(ANN | {"first_name": "John", "last_name": "Whitfield Jr.", "date_of_birth": ""})
    assert match(father, son).score < FLAG_SCORE


def test_a_name_in_a_town_is_not_enough_to_refuse() -> None:
    told = {"first_name": "Tammy", "last_name": "Diekmann", "city": "Saint Charles", "postal_code": "50240"}
    assert FLAG_SCORE <= match(read_person(told), read_person(told)).score < REJECT_SCORE


def test_namesakes_of_one_house_who_share_no_contact_detail_are_not_refused() -> None:
    assert score(date_of_birth="", phone="+15125559999", email="junior@example.com") < REJECT_SCORE
    assert score(date_of_birth="", email="junior@example.com") >= REJECT_SCORE


def test_twins_are_two_unless_nothing_is_told_that_each_has_alone() -> None:
    assert score(first_name="Gwen", phone="", email="") < REJECT_SCORE
    told = {name: value for name, value in ANN.items() if name not in ("phone", "email")}
    assert match(read_person(told), read_person(told | {"first_name": "Gwen"})).score >= REJECT_SCORE


def test_a_rare_name_in_the_other_s_place_speaks_for_one_person_beside_a_birthday_and_an_address() -> None:
    told = {name: value for name, value in ANN.items() if name not in ("phone", "email")}
    half = match(read_person(told), read_person(told | {"first_name": "Whitfeild", "last_name": "Gwen"}))
    none = match(read_person(told), read_person(told | {"first_name": "Ruth", "last_name": "Gwen"}))
    assert half.score >= REJECT_SCORE > none.score
    assert "one name in the other's place" in half.why


@pytest.mark.parametrize("names", ["sarah sara", "erik eric", "catherine katherine", "debbie debby"])
def test_spellings_of_one_name_are_that_name(names: str) -> None:
    assert compare_given(*names.split()) is Likeness.FORM


@pytest.mark.parametrize("names", ["eric erica", "kara tara", "maria mario", "louis louise"])
def test_a_letter_that_makes_another_name_makes_another_person(names: str) -> None:
    assert compare_given(*names.split()) is Likeness.NEIGHBOUR


DETAILS = st.fixed_dictionaries(
    {},
    optional={
        "first_name": st.sampled_from(["Ann", "Anna", "Robert", "Bob", "José", "X", "Mary Ann", "李"]),
        "last_name": st.sampled_from(["Smith", "Smyth", "Whitfield", "Lopez-Garcia", "O'Neill Jr", "Ann"]),
        "street": st.sampled_from(["12 Oak St", "12 Oak St Apt 4", "21 Oak Street", "Oak", "PO Box 9"]),
        "postal_code": st.sampled_from(["78701", "78710", "60601-1234", "x"]),
        "city": st.sampled_from(["Austin", "austin", "Chicago"]),
        "date_of_birth": st.sampled_from(["1980-02-03", "1980-03-02", "19800203", "02/03/1980", "1950-02-03", "?"]),
        "phone": st.sampled_from(["+15125550123", "(512) 555-0132", "5125550199", "12"]),
        "email": st.sampled_from(["ann@example.com", "A.nn+x@gmail.com", "ann@gmail.com", "nobody"]),
        "ssn": st.sampled_from(["123-45-6789", "123456789", "987654321"]),
    },
)


@given(DETAILS, DETAILS)
def test_it_is_the_same_whichever_person_is_named_first(a: dict[str, str], b: dict[str, str]) -> None:
    assert match(read_person(a), read_person(b)) == match(read_person(b), read_person(a))


@given(DETAILS, DETAILS)
def test_it_is_a_score_of_0_to_100_and_its_words_hold_no_details(a: dict[str, str], b: dict[str, str]) -> None:
    found = match(read_person(a), read_person(b))
    assert 0 <= found.score <= 100
    for value in (*a.values(), *b.values()):
        assert len(value) < 4 or value not in " ".join(found.why)


@given(DETAILS, st.sets(st.sampled_from(sorted(ANN))))
def test_what_is_missing_never_matches(a: dict[str, str], kept: set[str]) -> None:
    """Nobody is like somebody of whom nothing is told, and details in common are needed for a flag."""
    b = {name: value for name, value in ANN.items() if name in kept and name not in a}
    assert match(read_person(a), read_person({})).score < FLAG_SCORE
    assert match(read_person(a), read_person(b)).score < FLAG_SCORE


@given(DETAILS, st.sampled_from(["phone", "email", "date_of_birth"]))
def test_one_more_detail_in_common_never_makes_them_less_alike(a: dict[str, str], name: str) -> None:
    without = {key: value for key, value in a.items() if key != name}
    told = match(read_person(without | {name: ANN[name]}), read_person(without | {name: ANN[name]}))
    assert told.score >= match(read_person(without), read_person(without)).score


@given(DETAILS)
def test_keys_are_the_same_for_equal_people_and_none_for_nobody(a: dict[str, str]) -> None:
    assert blocks(read_person(a)) == blocks(read_person(dict(a)))
    assert blocks(Person()) == []
