from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.intake.submission import CONTENT_KEY_LIFE, NAMED_KEY_LIFE, content_hash, submission_key

fields = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=5)
scalars = st.lists(st.text(max_size=8), min_size=3, max_size=3)


def test_the_idempotency_key_comes_before_the_external_id() -> None:
    key = submission_key(idempotency_key="k-1", external_id="m-1", content_hash=b"x")
    assert (key.text, key.life) == ("key:k-1", NAMED_KEY_LIFE)


def test_the_external_id_identifies_where_no_key_was_sent() -> None:
    key = submission_key(idempotency_key="", external_id="m-1", content_hash=b"x")
    assert (key.text, key.life) == ("id:m-1", NAMED_KEY_LIFE)


def test_content_alone_identifies_for_minutes_only() -> None:
    key = submission_key(idempotency_key="", external_id="", content_hash=b"\x01\x02")
    assert (key.text, key.life) == ("content:0102", CONTENT_KEY_LIFE)


def test_a_key_that_looks_like_an_external_id_is_not_one() -> None:
    by_key = submission_key(idempotency_key="m-1", external_id="", content_hash=b"")
    by_id = submission_key(idempotency_key="", external_id="m-1", content_hash=b"")
    assert by_key.text != by_id.text


@given(scalars, fields)
def test_the_order_of_fields_does_not_change_the_fingerprint(parts: list[str], content: dict[str, str]) -> None:
    backwards = dict(reversed(list(content.items())))
    assert content_hash(parts, content) == content_hash(parts, backwards)


@given(scalars, fields, scalars, fields)
def test_different_content_has_another_fingerprint(
    parts: list[str], content: dict[str, str], other_parts: list[str], other: dict[str, str]
) -> None:
    same = (parts, content) == (other_parts, other)
    assert (content_hash(parts, content) == content_hash(other_parts, other)) is same


def test_moving_a_character_between_parts_changes_the_fingerprint() -> None:
    assert content_hash(["ab", "c"], {}) != content_hash(["a", "bc"], {})
    assert content_hash([], {"a": "bc"}) != content_hash([], {"ab": "c"})
