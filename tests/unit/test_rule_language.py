"""Buyers' rules in CEL: what they can say, what is refused before a lead comes, and that an answer is an answer."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.catalog.rule_language import CompiledRule, Outcome, RuleError, RuleLanguage
from shared.catalog.rule_text import Slip
from shared.catalog.terms import DERIVED_FIELDS, STANDARD_FIELDS, ProductField

FIELDS = (
    ProductField(name="loan_amount", type="money"),
    ProductField(name="monthly_income", type="money"),
    ProductField(name="vehicle_year", type="integer"),
    ProductField(name="debt_ratio", type="number"),
    ProductField(name="credit_rating", type="choice", choices=("excellent", "good", "fair", "poor")),
    ProductField(name="has_trade_in", type="boolean"),
    ProductField(name="employer", type="text"),
    ProductField(name="hired_on", type="date"),
)
LANGUAGE = RuleLanguage(FIELDS)
TODAY = datetime(2026, 11, 22, tzinfo=UTC)
LEAD = {
    "loan_amount": "25000",
    "monthly_income": "5000.5",
    "vehicle_year": "2019",
    "debt_ratio": "0.35",
    "credit_rating": "good",
    "has_trade_in": "true",
    "employer": "Acme Tools",
    "hired_on": "2020-02-29",
    "state": "TX",
    "postal_code": "78701",
    "date_of_birth": "1990-01-31",
    "age": "36",
    "source": "cars.example",
    "form": "long",
    "opt_in": "single",
    "exclusivity": "exclusive",
    "incentivized": "false",
}

HOLD = (
    "lead.loan_amount <= 40 * lead.monthly_income",
    "lead.loan_amount <= 40.0 * lead.monthly_income",
    "lead.loan_amount >= 5000 && lead.loan_amount < 25000.01",
    "lead.loan_amount == 25000",
    "lead.monthly_income == 5000.5",
    "lead.loan_amount in [1, 2.5, 25000]",
    "lead.loan_amount / lead.vehicle_year > 12",
    "lead.vehicle_year / 2.0 == 1009.5",
    "lead.vehicle_year - 2000 == 19",
    "lead.vehicle_year % 2 == 1",
    "-lead.debt_ratio < 0",
    "lead.debt_ratio <= .35",
    "lead.vehicle_year in [2018, 2019]",
    'lead.state in ["TX", "CA"]',
    '!(lead.state in ["CA"])',
    'lead.credit_rating != "poor" || lead.has_trade_in',
    'lead.state == "TX" ? lead.age >= 21 : lead.age >= 18',
    "lead.has_trade_in",
    "lead.has_trade_in == true",
    "lead.incentivized == false",
    'lead.employer.matches("(?i)acme")',
    r'lead.postal_code.matches(r"^787\d\d$")',
    'lead.postal_code.startsWith("787")',
    'lead.source.endsWith(".example") && lead.employer.contains("Tools")',
    "size(lead.employer) == 10",
    'lead.hired_on < timestamp("2021-01-01T00:00:00Z")',
    'today - lead.hired_on > duration("8760h")',
    'lead.hired_on + duration("24h") < today',
    "lead.hired_on.getFullYear() == 2020 && lead.hired_on.getMonth() == 1",
    "lead.date_of_birth.getFullYear() < 2008",
    "has(lead.state) && has( lead . loan_amount ) && !has(lead.city)",
    'lead.form == "long" && lead.opt_in == "single" && lead.exclusivity == "exclusive"',
    "lead.loan_amount > 1 ||\n  lead.loan_amount\n < 0",
    "lead.debt_ratio / 0 > 100",
)


@pytest.mark.parametrize("expression", HOLD)
def test_a_rule_says_what_it_means(expression: str) -> None:
    assert LANGUAGE.compile(expression).hold(LEAD, TODAY) is Outcome.HOLDS
    assert LANGUAGE.compile(f"!({expression})").hold(LEAD, TODAY) is Outcome.FAILS


REFUSED = (
    # expression, offset, beginning of what is said
    ('lead.stat == "TX"', 5, "the product has no field `stat`; did you mean `state`?"),
    ("has(lead.stat)", 9, "the product has no field `stat`"),
    ("lead.state == 5", 11, "`==` cannot be used on a text and a whole number"),
    ('lead.loan_amount > "5000"', 17, "`>` cannot be used on a number and a text"),
    ('lead.hired_on > "2020-01-01"', 14, "`>` cannot be used on a time and a text"),
    ("lead.has_trade_in > 1", 18, "`>` cannot be used on true or false and a whole number"),
    ('lead.state in "TX"', 11, "`in` cannot be used on a text and a text"),
    ("lead.state in [5]", 11, "`in` cannot be used on a text and a list of whole numbers"),
    ("lead.vehicle_year / 12 > 1", 18, "`/` cannot be used on a whole number and a whole number; write one"),
    ("lead.state == null", 11, "`==` cannot be used on a text and nothing"),
    ('lead.state == "Texas"', 14, "`state` is never `Texas`"),
    ('"tx" == lead.state', 0, "`state` is never `tx`"),
    ('lead.credit_rating in ["good", "excelent"]', 31, "`credit_rating` is never `excelent`; did you mean `exc"),
    ('lead.credit_rating != "Good"', 22, "`credit_rating` is never `Good`; did you mean `good`?"),
    ('lead.form == "longform"', 13, "`form` is never `longform`; did you mean `long`?"),
    ("lead.state", 0, "expected something that is true or false; this is a text"),
    ("lead.loan_amount", 0, "expected something that is true or false; this is a number"),
    ('lead.state == "TX" ? 1 : 2', 0, "expected something that is true or false; this is a whole number"),
    ("true", 0, "the expression asks for no field of the lead"),
    ('today > timestamp("2026-01-01T00:00:00Z")', 0, "the expression asks for no field of the lead"),
    ('lead.state == "TX" &&', 21, "the expression ends too early"),
    ("lead.loan_amount >= 5,000", 21, "did not expect `,` here"),
    ('lead.state = "TX"', 11, "did not expect `=` here"),
    ('lead.state == "TX" and true', 19, "did not expect `and` here"),
    ("lead.state == “TX”", 14, "did not expect `“` here"),
    ("lead.state == 'TX", 14, "did not expect `'TX` here"),
    ("lead.loan_amount >= 5000 &&\n  lead.stte > 1", 35, "the product has no field `stte`"),
    ("lead.loan_amount >= 5000 &&\n  lead.state > 5", 41, "`>` cannot be used on a text and a whole number"),
    ("lead.loan_amount > 99999999999999999999", 19, "invalid int literal"),
    ("upper(lead.state) == \"TX\"", 5, "there is no `upper`"),
    ("int(lead.employer) > 1", 3, "there is no `int`"),
    ("dyn(lead.state) > 1", 3, "there is no `dyn`"),
    ("lead.state + lead.employer == \"x\"", 11, "`+` cannot be used on a text and a text"),
    ("has(lead)", 0, "has() asks for one field"),
    ("has(lead.state.x)", 0, "has() asks for one field"),
    ("lead", 0, "expected a field behind `lead`"),
    ("given.state || lead.has_trade_in", 0, "there is no `given`"),
    ('["TX"].exists(s, s == lead.state)', 7, "`exists` is no part of rules"),
    ("[1, 2].all(x, [1, 2].all(y, x > y && lead.has_trade_in))", 7, "`all` is no part of rules"),
    ("lead.has_trade_in // why", 18, "comments stand outside the expression"),
    ('lead.state in {"TX": 1}', 14, "maps are no part of rules"),
    ('lead.employer.matches("(")', 22, "expected a regular expression"),
    (r'lead.employer.matches("(\\w)\\1")', 22, "expected a regular expression"),
    ('lead.employer.matches("(.{1,100}){1,9}z")', 22, "the repetitions of a pattern count to at most 64"),
    ('lead.employer.matches("(a{1,4}){1,9}z")', 22, "a group is not repeated by count"),
    ('lead.employer.matches("' + "a" * 201 + '")', 22, "a pattern has at most 200 characters"),
    ("lead.employer.matches(lead.state)", 14, "matches() takes one text, written out in quotes"),
    ('lead.hired_on > timestamp("2026-01-31")', 26, "expected a time such as"),
    ('today - lead.hired_on > duration("1 year")', 33, "expected a duration such as"),
    ("(" * 40 + "lead.has_trade_in" + ")" * 40, 0, "the expression nests too deep"),
    ("", 0, "the expression asks for no field of the lead"),
)  # fmt: skip


@pytest.mark.parametrize(("expression", "offset", "said"), REFUSED)
def test_what_is_wrong_with_a_rule_is_told_at_its_place(expression: str, offset: int, said: str) -> None:
    with pytest.raises(RuleError) as error:
        LANGUAGE.compile(expression)
    told = {slip.offset: slip.message for slip in error.value.slips}
    assert offset in told, told
    assert told[offset].startswith(said)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(RuleError) as error:
        LANGUAGE.compile('lead.stat == "TX" && lead.credit_rating == "bad" && lead.employer.matches("(")')
    assert [slip.offset for slip in error.value.slips] == [5, 43, 74]


@pytest.mark.parametrize(
    ("expression", "left_out", "outcome"),
    [
        ("lead.loan_amount >= 5000", "loan_amount", Outcome.NOT_TOLD),
        ("lead.loan_amount < 5000", "loan_amount", Outcome.NOT_TOLD),
        ("!(lead.loan_amount >= 5000)", "loan_amount", Outcome.NOT_TOLD),
        ('lead.state == "CA"', "state", Outcome.NOT_TOLD),
        ('lead.state != "CA"', "state", Outcome.NOT_TOLD),
        ("lead.has_trade_in", "has_trade_in", Outcome.NOT_TOLD),
        ("lead.loan_amount <= 40 * lead.monthly_income", "monthly_income", Outcome.NOT_TOLD),
        # What is known decides where it suffices.
        ('lead.loan_amount >= 5000 || lead.state == "TX"', "loan_amount", Outcome.HOLDS),
        ('lead.loan_amount >= 5000 && lead.state == "CA"', "loan_amount", Outcome.FAILS),
        ("has(lead.loan_amount) && lead.loan_amount >= 5000", "loan_amount", Outcome.FAILS),
        ("!has(lead.loan_amount) || lead.loan_amount >= 5000", "loan_amount", Outcome.HOLDS),
        ("has(lead.loan_amount)", "loan_amount", Outcome.FAILS),
    ],
)
def test_a_field_that_is_left_out_breaks_no_rule_that_depends_on_it(
    expression: str, left_out: str, outcome: Outcome
) -> None:
    fields = {name: value for name, value in LEAD.items() if name != left_out}
    assert LANGUAGE.compile(expression).hold(fields, TODAY) is outcome
    assert LANGUAGE.compile(expression).hold({**fields, left_out: ""}, TODAY) is outcome


@pytest.mark.parametrize(
    "expression", ["lead.vehicle_year * 9223372036854775807 > 1", "lead.vehicle_year % (lead.vehicle_year - 2019) == 0"]
)
def test_what_cannot_be_worked_out_is_no_yes(expression: str) -> None:
    assert LANGUAGE.compile(expression).hold(LEAD, TODAY) is Outcome.IMPOSSIBLE


def test_a_products_own_age_and_source_are_its_own() -> None:
    language = RuleLanguage((ProductField(name="source", type="integer"),))
    assert language.compile("lead.source > 5").hold({"source": "7"}, TODAY) is Outcome.HOLDS


def test_a_number_beyond_64_bits_is_still_beyond_every_bound() -> None:
    rule = LANGUAGE.compile("lead.vehicle_year <= 2030")
    assert rule.hold({"vehicle_year": "9" * 21}, TODAY) is Outcome.FAILS
    assert rule.hold({"vehicle_year": "-" + "9" * 21}, TODAY) is Outcome.HOLDS


AMOUNTS = st.decimals(0, 1_000_000, places=2)


@given(value=AMOUNTS, low=AMOUNTS, high=AMOUNTS)
@example(value=Decimal("25000.10"), low=Decimal("25000.10"), high=Decimal("25000.10"))
def test_bounds_say_the_same_in_a_rule_and_in_plain_words(value: Decimal, low: Decimal, high: Decimal) -> None:
    rule = LANGUAGE.compile(f"lead.loan_amount >= {low} && lead.loan_amount <= {high}")
    outcome = rule.hold({"loan_amount": str(value)}, TODAY)
    assert (outcome is Outcome.HOLDS) == (low <= value <= high)


NAMES = sorted({field.name for field in FIELDS} | STANDARD_FIELDS | DERIVED_FIELDS)
TERMS = st.one_of(
    st.sampled_from([f"lead.{name}" for name in NAMES]),
    st.sampled_from([f"has(lead.{name})" for name in NAMES]),
    st.sampled_from(
        ["0", "1", "12.5", "-3", '"TX"', '"good"', '""', "true", "false", "today", '["TX"]', "[1, 2]", "null"]
    ),
    st.sampled_from(['duration("1h")', 'timestamp("2026-01-01T00:00:00Z")', "9223372036854775807", "1e308"]),
)
EXPRESSIONS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+ - * / % == != < <= > >= && || in".split()), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        st.tuples(st.sampled_from(["!", "-", "size"]), inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
        st.tuples(inner, st.sampled_from(['.startsWith("T")', ".getFullYear()", '.matches("^T")'])).map("".join),
    ),
    max_leaves=8,
)


@given(expression=EXPRESSIONS, left_out=st.sets(st.sampled_from(NAMES)))
def test_whatever_compiles_gives_an_answer_and_never_raises(expression: str, left_out: set[str]) -> None:
    rule = compiled(expression)
    given_fields = {name: value for name, value in LEAD.items() if name not in left_out}
    assert rule is None or rule.hold(given_fields, TODAY) in Outcome


@given(st.text(max_size=80) | st.text(alphabet="lead.state()[]{}\"'\\&|=!<>?:+-*/% \n0123456789rbhasx", max_size=60))
def test_any_text_is_a_rule_or_is_told_why_not(text: str) -> None:
    compiled(text)


def compiled(expression: str) -> CompiledRule | None:
    """The rule; None where every slip has its place and says something."""
    slips: tuple[Slip, ...] = ()
    try:
        return LANGUAGE.compile(expression)
    except RuleError as error:
        slips = error.slips
    assert slips
    assert all(0 <= slip.offset <= len(expression) and slip.message for slip in slips)
    return None


@pytest.mark.parametrize(
    "expression",
    [
        " || ".join(['lead.employer == "a"'] * 80),
        " || ".join([r'lead.employer.matches("(x+x+)+y")'] * 50),
        'lead.employer.matches("' + ".{1,16}" * 4 + 'z")',
        'lead.employer.matches("' + ".*.*.*" * 10 + 'z")',
        " || ".join(f'lead.employer.contains("{"a" * 40}b")' for _ in range(25)),
    ],
)
def test_the_costliest_rules_take_milliseconds_at_most(expression: str) -> None:
    assert len(expression) <= 2000
    rule = LANGUAGE.compile(expression)
    fields = {"employer": "ax" * 500}
    rule.hold(fields, TODAY)
    began = time.thread_time()
    for _ in range(5):
        rule.hold(fields, TODAY)
    assert (time.thread_time() - began) / 5 < 0.02
