"""The gate's data is refused as a whole where any of it says what cannot be."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from typing import Any

import pytest
import yaml

from services.routing.gate.calendar import easter
from services.routing.gate.rules import RulesError, read

NAMES = ("hours", "holidays", "attempts", "permission")
RULE: dict[str, Any] = {
    "id": "xx.hours",
    "states": ["TX"],
    "channels": ["call"],
    "hours": {"mon-sun": "08:00-21:00"},
    "citation": "a law",
    "source": "https://law.example",
    "basis": "statute",
}


def packaged() -> dict[str, bytes]:
    folder = files("services.routing.gate").joinpath("rules")
    return {name: folder.joinpath(f"{name}.yaml").read_bytes() for name in NAMES}


def with_rule(**changes: Any) -> dict[str, bytes]:
    """The packaged files with one more rule of hours; None leaves a field out."""
    texts = packaged()
    document = yaml.safe_load(texts["hours"])
    rule = {name: value for name, value in (RULE | changes).items() if value is not None}
    document["rules"].append(rule)
    return texts | {"hours": yaml.safe_dump(document).encode()}


def test_a_rule_more_is_read_and_makes_another_version() -> None:
    assert len(read(with_rule()).hours) == len(read(packaged()).hours) + 1
    assert read(with_rule()).version != read(packaged()).version


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"citation": None}, "citation"),
        ({"source": None}, "source"),
        ({"basis": "hearsay"}, "basis|enum|hearsay"),
        ({"hourz": {}}, "hourz"),
        ({"id": "us.hours"}, "two rules"),
        ({"states": ["XX"]}, "no states"),
        ({"channels": ["fax"]}, "fax|enum"),
        ({"hours": {"mon-fri": "08:00-21:00"}}, "every weekday once"),
        ({"hours": {"mon-sun": "08:00-21:00", "sun": "closed"}}, "every weekday once"),
        ({"hours": {"mon-sun": "21:00-08:00"}}, "no span"),
        ({"hours": {"mon-sun": "8-21"}}, "expected 08:00"),
        ({"hours": {"daily": "08:00-21:00"}}, "expected mon"),
        ({"holidays": "xx"}, "no calendar"),
        ({"from": date(2026, 2, 1), "until": date(2026, 1, 1)}, "ends before"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(RulesError, match=why):
        read(with_rule(**changes))


def test_a_file_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(RulesError, match="attempts"):
        read(packaged() | {"attempts": b"rules: [{"})


EASTERS = ["2000-04-23", "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25"]


@pytest.mark.parametrize("day", EASTERS)
def test_easter_is_when_it_is(day: str) -> None:
    assert easter(int(day[:4])) == date.fromisoformat(day)
