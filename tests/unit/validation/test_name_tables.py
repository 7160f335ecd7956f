"""Names as forms, exports and telephones really send them, and what a careful clerk would write down."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.validation.fieldtypes.name import Kind, joined_name, read_name
from services.validation.identity.made_up import is_odd
from tests.unit.validation.tables import rows, told

REAL = tuple(
    name for name in (Path(__file__).parent / "names.txt").read_text("utf-8").splitlines() if not name.startswith("#")
)
KINDS: tuple[Kind, ...] = ("first_name", "last_name", "full_name")


_ROWS = [(kind, raw, expected) for kind in KINDS for raw, expected in rows(kind)]


@pytest.mark.parametrize(("kind", "raw", "expected"), _ROWS)
def test_a_name_is_written_as_a_clerk_would(kind: Kind, raw: str, expected: str) -> None:
    reading = read_name(kind, raw, kind)
    value, _, parts = expected.partition(" | ")
    if value == "INVALID":
        assert reading.findings
        return
    assert reading.findings == ()
    assert reading.value == (value or None)
    if parts:
        assert reading.parts == told(parts)


def test_names_of_ninety_languages_are_not_refused_however_they_are_written() -> None:
    assert len(set(REAL)) > 10_000
    refused = [
        (kind, text)
        for name in REAL
        for text in (name, name.upper(), name.lower(), f" {name} ", f"{name},")
        for kind in KINDS[:2]
        if (reading := read_name(kind, text, kind)).findings or reading.value is None
    ]
    assert refused == []


def test_real_first_and_last_names_together_are_not_refused() -> None:
    # Every name beside one from the other end of the alphabet, and beside its neighbour.
    pairs = [(REAL[i], REAL[-i - 1]) for i in range(len(REAL))] + list(pairwise(REAL))
    refused = [pair for pair in pairs if read_name("full_name", " ".join(pair)).findings]
    assert refused == []


def test_few_real_names_look_odd() -> None:
    odd = [name for name in REAL if is_odd(name.lower())]
    assert len(odd) < len(REAL) / 1000


_NAMES = st.sampled_from(REAL)
_JUNK = st.text(st.sampled_from("aAbBoO'’-. ,&\"()JrIVDdMmccéÉİß王ʻyYvandel12@"), max_size=24)


@settings(max_examples=400, deadline=None)
@given(kind=st.sampled_from(KINDS), text=_JUNK | st.text(max_size=30) | st.lists(_NAMES, max_size=5).map(" ".join))
def test_a_canonical_name_is_a_fixed_point(kind: Kind, text: str) -> None:
    value = read_name(kind, text, kind).value
    if value is not None:
        again = read_name(kind, value, kind)
        assert again.value == value
        assert bool(again.findings) == bool(read_name(kind, text, kind).findings)


@settings(max_examples=200, deadline=None)
@given(first=_NAMES | _JUNK, last=_NAMES | _JUNK)
def test_a_name_put_together_is_a_canonical_full_name(first: str, last: str) -> None:
    halves = read_name("first_name", first).value, read_name("last_name", last).value
    if halves[0] and halves[1]:
        whole = joined_name(halves[0], halves[1])
        if whole is not None:
            assert read_name("full_name", whole).value == whole


@settings(max_examples=200, deadline=None)
@given(
    name=_NAMES,
    style=st.sampled_from([str, str.upper, str.lower, str.title]),
    before=st.sampled_from(["", " ", "\t", '"', "\u00a0", "\u200b"]),
    after=st.sampled_from(["", " ", ",", ".", '"', "\n", "*"]),
    kind=st.sampled_from(KINDS),
)
def test_what_people_type_around_a_name_does_not_make_it_invalid(
    name: str, style: type[str], before: str, after: str, kind: Kind
) -> None:
    reading = read_name(kind, f"{before}{style(name)}{after}", kind)
    assert reading.value is not None
    assert reading.findings == ()
