from __future__ import annotations

import random
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.catalog.keys import PREFIX, generate, parse, verify


def test_a_key_that_was_made_is_read_back_and_verified() -> None:
    made = generate(secrets.token_bytes)
    read = parse(made.text)
    assert repr(read) == repr(made)
    assert read is not None
    assert verify(read, made.digest)


def test_a_key_begins_with_its_public_id_and_holds_256_random_bits() -> None:
    made = generate(lambda size: b"\xff" * size)
    assert made.text.startswith(f"{PREFIX}{made.key_id}_")
    assert len(made.key_id) == 10
    secret = made.text.removeprefix(f"{PREFIX}{made.key_id}_")[:-6]
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = 0
    for character in secret:
        number = number * 62 + alphabet.index(character)
    assert number == 2**256 - 1


@given(seed=st.integers(min_value=0), place=st.integers(min_value=0, max_value=10_000), other=st.characters())
def test_every_single_typing_error_is_found_without_asking_the_store(seed: int, place: int, other: str) -> None:
    text = generate(random.Random(seed).randbytes).text
    place %= len(text)
    if text[place] != other:
        assert parse(text[:place] + other + text[place + 1 :]) is None


@given(st.text(max_size=100))
def test_any_text_can_be_asked_about(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("change", [str.upper, lambda key: key + " ", lambda key: key[:-1], lambda key: "\n" + key])
def test_a_key_that_was_copied_badly_is_no_key(change) -> None:  # type: ignore[no-untyped-def]
    assert parse(change(generate(secrets.token_bytes).text)) is None


def test_another_key_does_not_verify() -> None:
    first, second = generate(secrets.token_bytes), generate(secrets.token_bytes)
    assert not verify(first, second.digest)


def test_the_secret_is_not_in_the_representation() -> None:
    made = generate(secrets.token_bytes)
    assert made.text not in repr(made)
    assert made.text[-20:] not in repr(made)
