"""Rules in the catalog file: what is wrong with one is told at its line and column, however the YAML writes it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.intake.catalog.document import read_document
from services.intake.catalog.scalars import place_inside
from shared.catalog.terms import MOST_RULES

CATALOG = (Path(__file__).parents[1] / "big_bank.yaml").read_text()
#: Behind this line of the first order.
BEHIND = "      - {field: employment_status, none_of: [unemployed]}\n"


def with_rules(lines: str) -> str:
    assert BEHIND in CATALOG
    return CATALOG.replace(BEHIND, BEHIND + "    rules:\n" + lines, 1)


def one(holds: str, name: str = "a-rule") -> str:
    return f"      - name: {name}\n        holds: {holds}\n        message: Expected something else.\n"


def told(text: str) -> list[tuple[str, str]]:
    """Path of every fault, and the text from its place to the end of the line."""
    lines = text.splitlines()
    return [(fault.field, lines[fault.line - 1][fault.column - 1 :]) for fault in read_document(text).faults]


@pytest.mark.parametrize(
    "holds",
    [
        "lead.loan_amount <= 40 * lead.monthly_income",
        '\'lead.state in ["TX", "CA"]\'',
        '"lead.credit_rating != \\"poor\\""',
        "|\n          has(lead.has_cosigner) &&\n          lead.has_cosigner",
        ">-\n          lead.loan_amount > 1 ||\n          lead.vehicle_year > 2000",
    ],
)
def test_a_rule_may_be_written_in_every_way_of_yaml(holds: str) -> None:
    document = read_document(with_rules(one(holds)))
    assert document.faults == ()
    assert document.catalog is not None
    assert len(document.catalog.orders[0].rules) == 1


@pytest.mark.parametrize(
    "holds",
    [
        "lead.stte == 1",
        "'lead.state == ''TX'' && lead.stte == 1'",
        '"lead.state == \\"TX\\" && lead.stte == 1"',
        '"lead.state == \\u0022TX\\x22 && \\\n          lead.stte == 1"',
        "|\n          lead.state == 'TX' &&\n            lead.stte == 1",
        ">-\n          lead.state == 'TX' &&\n          lead.stte == 1",
        ">\n\n          lead.state == 'TX' &&\n\n          lead.stte == 1",
        "|2-  # two spaces\n          lead.state == 'TX' &&\n          lead.stte == 1",
        "lead.state == 'TX' &&\n          lead.stte == 1",
        "'lead.state == \"TX\" &&\n\n          lead.stte == 1'",
        "lead.employer == 'Größe 😀' && lead.stte == 1",
    ],
)
def test_a_slip_is_told_at_its_place_in_the_file(holds: str) -> None:
    ((path, place),) = told(with_rules(one(holds)))
    assert path == "orders[0].rules[0].holds"
    assert place.startswith("stte == 1")


def test_every_slip_of_every_rule_is_told() -> None:
    text = with_rules(one("lead.stte == 1 && lead.emploier == 2") + one("lead.loan_amount", "another"))
    assert [place.split(" ")[0] for _, place in told(text)] == ["stte", "emploier", "lead.loan_amount"]


def test_a_slip_at_the_end_is_told_behind_the_last_character() -> None:
    text = with_rules(one("lead.loan_amount >"))
    (fault,) = read_document(text).faults
    assert text.splitlines()[fault.line - 1][: fault.column - 1].endswith("lead.loan_amount >")
    assert fault.message == "the expression ends too early"


def test_rules_have_names_of_their_own_and_are_not_too_many() -> None:
    good = "lead.loan_amount > 1"
    assert told(with_rules(one(good) + one(good)))[0][0] == "orders[0].rules[1].name"
    many = with_rules("".join(one(good, f"rule-{n}") for n in range(MOST_RULES + 1)))
    assert [path for path, _ in told(many)] == [f"orders[0].rules[{MOST_RULES}]"]


def test_a_rule_asks_the_fields_of_its_own_product() -> None:
    other = "products:\n  - slug: boat\n    name: Boat\n    fields: [{name: length, type: number}]\n"
    text = with_rules(one("lead.length > 5")).replace("products:\n", other, 1)
    assert [path for path, _ in told(text)] == ["orders[0].rules[0].holds"]


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")) | st.sampled_from("'\"\\ :#-&|>\n"),
    min_size=1,
    max_size=60,
)


@given(value=TEXTS, style=st.sampled_from([None, "'", '"', "|", ">"]), width=st.integers(10, 80))
def test_a_visible_character_is_found_where_it_stands(value: str, style: str | None, width: int) -> None:
    text = yaml.dump({"a": {"key": value}}, default_style=style, allow_unicode=True, width=width)
    root = yaml.compose(text, Loader=yaml.CBaseLoader)
    assert root is not None
    node = root.value[0][1].value[0][1]
    lines = text.split("\n")
    for offset, letter in enumerate(node.value):
        if letter.isspace():
            continue
        line, column = place_inside(node, text, offset)
        found = lines[line - 1][column - 1]
        assert found in (letter, "\\")
