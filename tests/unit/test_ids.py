from __future__ import annotations

from datetime import UTC, datetime
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.ids import made_at, uuid7

INSTANTS = st.integers(0, (1 << 48) * 1_000_000 - 1)


@given(INSTANTS)
def test_an_id_is_a_version_7_uuid_of_its_instant(unix_ns: int) -> None:
    made = UUID(uuid7(unix_ns))
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == unix_ns // 1_000_000


@given(INSTANTS, INSTANTS)
def test_ids_sort_by_time_to_a_quarter_of_a_microsecond(one: int, other: int) -> None:
    if abs(one - other) >= 250:
        assert (uuid7(one) < uuid7(other)) == (one < other)


def test_ids_of_one_instant_differ() -> None:
    assert len({uuid7(1) for _ in range(1000)}) == 1000


def test_an_id_tells_when_it_was_made() -> None:
    assert made_at(uuid7(1_763_805_600_123_456_789)) == datetime(2025, 11, 22, 10, 0, 0, 123_000, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "x", "6f1c9f0e-3b7e-4c57-9d8f-0a8f4d2f7a11"])
def test_what_is_no_uuid7_has_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="expected a UUIDv7"):
        made_at(text)


@pytest.mark.parametrize("unix_ns", [-1, (1 << 48) * 1_000_000])
def test_an_instant_that_does_not_fit_is_refused(unix_ns: int) -> None:
    with pytest.raises(ValueError, match="unix_ns"):
        uuid7(unix_ns)
