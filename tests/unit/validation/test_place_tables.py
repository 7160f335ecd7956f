"""Addresses as forms, exports and telephones really send them, and what a careful clerk would write down."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.validation.fieldtypes.fieldtype import Context, Parsed
from services.validation.fieldtypes.registry import FIELD_TYPES
from services.validation.identity.address import judge_place
from tests.unit.validation.tables import rows, told
from tests.unit.validation.terms import judged, lead_with, reasons, reference

PLACES = ("street", "city", "state", "postal_code")


def _ask(kind: str, raw: str) -> Parsed:
    return FIELD_TYPES[kind].parse(raw, Context(reference()))


_ROWS = [(kind, raw, expected) for kind in PLACES for raw, expected in rows(kind)]


@pytest.mark.parametrize(("kind", "raw", "expected"), _ROWS)
def test_a_place_is_written_as_a_clerk_would(kind: str, raw: str, expected: str) -> None:
    parsed = _ask(kind, raw)
    value, _, parts = expected.partition(" | ")
    if value.startswith("INVALID"):
        assert not parsed.valid
        assert not parsed.missing
        assert parsed.suggestion == value.removeprefix("INVALID").strip()
        return
    assert (parsed.value or "") == value
    assert parsed.missing == (not value)
    assert parsed.faults == ()
    if parts:
        assert parsed.parts == told(parts)


@pytest.mark.parametrize(("text", "country"), [("K1A 0B1", "Canada"), ("SW1A 1AA", "United Kingdom")])
def test_a_foreign_postal_code_is_recognised(text: str, country: str) -> None:
    (fault,) = _ask("postal_code", text).faults
    assert country in fault.message


def test_every_city_of_the_list_is_read_in_any_case() -> None:
    zips = reference().zips
    names = sorted({zips.city(f"{number:05}") for number in range(0, 100_000, 7)} - {""})
    assert len(names) > 3000
    styles: tuple[Callable[[str], str], ...] = (str, str.upper, str.title)
    refused = [name for name in names for style in styles if not _ask("city", style(name)).valid]
    assert refused == []


_ZIPS_AND_CITIES = """
    78701 Austin same, 78701 AUSTIN same, 63101 St. Louis same, 63101 Saint Louis same, 10001 New York same,
    11201 Brooklyn same, 83814 Coeur d'Alene same, 76102 Ft Worth same, 76102 Fort Worth same, 90028 Hollywood same,
    66101 Kansas City same, 92101 San Diego same, 95113 San Jose same, 95113 San José same,
    78701 Round Rock noted, 78701 Hyde Park noted, 78701 Zilker noted, 10001 Brooklyn noted, 94301 San Jose noted,
    90210 Los Angeles noted, 33101 Miami Beach noted, 20001 Arlington noted, 66101 Overland Park noted,
    38101 Hollywood noted, 60601 Paris noted, 73301 Foo Bar noted, 09012 Houston noted,
    78701 Houston at odds, 75201 Houston at odds, 10001 Los Angeles at odds, 94102 Chicago at odds,
    33101 Atlanta at odds, 60601 Philadelphia at odds, 98101 Dallas at odds
"""


@pytest.mark.parametrize("row", [" ".join(row.split()) for row in _ZIPS_AND_CITIES.split(",")])
def test_a_city_is_at_odds_only_where_it_certainly_lies_elsewhere(row: str) -> None:
    zip5, _, rest = row.partition(" ")
    city, _, told = (
        rest.rpartition(" ") if not rest.endswith("at odds") else (rest.removesuffix(" at odds"), "", "odds")
    )
    checks, findings = judge_place(reference().zips, zip5, "", city)
    assert [(finding.reason, finding.field) for finding in findings] == (
        [("address_mismatch", "city")] if told == "odds" else []
    )
    assert (checks[0].observed == "a name of the ZIP's place") == (told == "same")


def test_a_city_at_odds_is_told_without_the_city() -> None:
    verdict = judged(lead_with(city="Houston"))
    assert reasons(verdict) == [("address_mismatch", "city")]
    assert "Houston" not in verdict.findings[0].message


_REAL = {kind: [raw for raw, value in rows(kind) if value and not value.startswith("INVALID")] for kind in PLACES}


@settings(max_examples=400, deadline=None)
@given(kind=st.sampled_from(PLACES), text=st.data())
def test_a_canonical_place_is_a_fixed_point(kind: str, text: st.DataObject) -> None:
    letters = st.text(st.sampled_from("aAbSt.#,- 0123456789éTXNYpoboxaptNE'/"), max_size=30)
    raw = text.draw(st.sampled_from(_REAL[kind]) | letters | st.text(max_size=30))
    value = _ask(kind, raw).value
    if value is not None:
        again = _ask(kind, value)
        assert again.value == value
        assert again.faults == _ask(kind, raw).faults


@settings(max_examples=300, deadline=None)
@given(
    data=st.data(),
    kind=st.sampled_from(PLACES),
    style=st.sampled_from([str, str.upper, str.lower]),
    before=st.sampled_from(["", " ", "\t", "\u00a0", "\u200b"]),
    after=st.sampled_from(["", " ", ",", ".", "\n"]),
)
def test_what_people_type_around_a_place_does_not_make_it_invalid(
    data: st.DataObject, kind: str, style: type[str], before: str, after: str
) -> None:
    raw = data.draw(st.sampled_from(_REAL[kind]))
    assert _ask(kind, f"{before}{style(raw)}{after}").valid
