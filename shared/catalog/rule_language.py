"""Buyers' rules in CEL (Common Expression Language, github.com/google/cel-spec), over the fields of one product.

What a rule can use is listed here and nothing else is there: no loop, no conversion from text, nothing untyped.
So a rule that compiles ends within microseconds whatever the lead, and a field that is spelt wrong or compared
with the wrong type is found when the catalog is applied.

Numbers are numbers: `lead.loan_amount <= 40 * lead.monthly_income` needs no `40.0`, and `/` never cuts off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from enum import Enum
from typing import Any, Final

from cel_expr_python import cel

from shared.catalog.rule_library import BOOL, DOUBLE, INT, TEXT, TIME, library
from shared.catalog.rule_text import RuleText, Slip, content, costly, read_rule
from shared.catalog.states import USPS_STATES
from shared.catalog.terms import DERIVED_FIELDS, STANDARD_FIELDS, ProductField

#: CEL's type of a field of a product; whatever is not here is a text.
_TYPES: Final = {
    "integer": INT, "number": DOUBLE, "money": DOUBLE, "boolean": BOOL, "date": TIME, "date_of_birth": TIME,
}  # fmt: skip
_STANDARD_TYPES: Final = {"date_of_birth": TIME, "incentivized": BOOL, "age": INT}
_STANDARD_CHOICES: Final = {
    "state": tuple(sorted(USPS_STATES)), "form": ("long", "short"), "opt_in": ("single", "double", "none"),
    "exclusivity": ("exclusive", "shared"),
}  # fmt: skip
TODAY: Final = "today"

_NAMES: Final = {
    "string": "a text", "int": "a whole number", "double": "a number", "bool": "true or false",
    "google.protobuf.Timestamp": "a time", "google.protobuf.Duration": "a duration", "null_type": "nothing",
    "list(string)": "a list of texts", "list(int)": "a list of whole numbers", "list(double)": "a list of numbers",
}  # fmt: skip
_SHOWN_FUNCTIONS: Final = "has, size, contains, startsWith, endsWith, matches, timestamp, duration, getFullYear …"

_SLIP = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_NO_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '(.*)'")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_SYNTAX = re.compile(r"(?:mismatched|extraneous) input '([^']*)'|token recognition error at: '(.*)'|(missing '.*?')")
_NOT_GIVEN: Final = 'UNKNOWN: No value with name "lead.'
_GREATEST: Final = 2**63 - 1


class Outcome(Enum):
    """What a rule says of one lead."""

    HOLDS = "holds"
    FAILS = "does not hold"
    #: It depends on a field that the lead leaves out.
    NOT_TOLD = "not told"
    #: It cannot be worked out: an overflow, a division by nothing.
    IMPOSSIBLE = "cannot be worked out"


class RuleError(Exception):
    """An expression that is no rule over these fields."""

    def __init__(self, slips: tuple[Slip, ...]) -> None:
        super().__init__("; ".join(slip.message for slip in slips))
        #: At least one, in the order of the text.
        self.slips = slips


class CompiledRule:
    """A rule, ready to be held against leads. Any number of threads may use it."""

    def __init__(self, expression: cel.Expression, text: RuleText, kinds: Mapping[str, cel.Type]) -> None:
        #: Fields whose value decides, in the order of their first use.
        self.reads = tuple(text.reads)
        self._evaluate = expression.eval
        self._values = tuple((f"lead.{name}", name, _converter(kinds[name])) for name in text.reads)
        self._asked = tuple((f"given.{name}", name) for name in text.asks)

    def hold(self, fields: Mapping[str, str], today: datetime) -> Outcome:
        """Holds canonical values against the rule. Never raises.

        `fields`: absent or empty means not given. `today`: midnight, UTC, of the day on which the lead came.
        """
        data: dict[str, Any] = {TODAY: today}
        try:
            for variable, name, convert in self._values:
                value = fields.get(name)
                if value:
                    data[variable] = convert(value)
            for variable, name in self._asked:
                data[variable] = bool(fields.get(name))
            result = self._evaluate(data=data).value()
        except (RuntimeError, ValueError):
            return Outcome.IMPOSSIBLE
        # Errors come back as texts, and a text is true: only the two booleans are an answer.
        if result is True:
            return Outcome.HOLDS
        if result is False:
            return Outcome.FAILS
        not_given = isinstance(result, str) and result.startswith(_NOT_GIVEN)
        return Outcome.NOT_TOLD if not_given else Outcome.IMPOSSIBLE


class RuleLanguage:
    """The language of the rules on one product's leads."""

    def __init__(self, fields: Iterable[ProductField]) -> None:
        """`fields`: the product's own; a name shared with a derived field (`age`, `source`) is the product's."""
        self._kinds = dict.fromkeys(STANDARD_FIELDS | DERIVED_FIELDS, TEXT) | _STANDARD_TYPES
        self._choices = dict(_STANDARD_CHOICES)
        #: Derived fields that the product asks for itself.
        self.own_derived: set[str] = set()
        for field in fields:
            if field.name in DERIVED_FIELDS:
                self.own_derived.add(field.name)
            self._kinds[field.name] = _TYPES.get(field.type, TEXT)
            if field.type == "choice":
                self._choices[field.name] = field.choices
        variables = {f"lead.{name}": kind for name, kind in self._kinds.items()}
        variables |= {f"given.{name}": BOOL for name in self._kinds}
        config, functions = library()
        self._env = cel.NewEnv(variables=variables | {TODAY: TIME}, config=config, functions=functions)

    def compile(self, text: str) -> CompiledRule:
        """The rule of an expression.

        Raises:
            RuleError: it is none, with every slip that was found.
        """
        rule = read_rule(text)
        slips = [*rule.slips, *self._unknown_fields(rule), *self._unknown_choices(rule), *self._bad_arguments(rule)]
        if not rule.reads and not rule.asks and not slips:
            slips.append(Slip(0, "the expression asks for no field of the lead, such as lead.state"))
        if not slips:
            try:
                expression = self._env.compile(rule.code)
            except RuntimeError as error:
                slips += _slips_of(str(error), rule.code)
            else:
                kind = expression.return_type()
                if kind == BOOL:
                    return CompiledRule(expression, rule, self._kinds)
                slips.append(Slip(0, f"expected something that is true or false; this is {_type_name(kind.name())}"))
        raise RuleError(tuple(sorted(set(slips))))

    def _unknown_fields(self, rule: RuleText) -> Iterable[Slip]:
        for name, offset in (*rule.reads.items(), *rule.asks.items()):
            if name not in self._kinds:
                yield Slip(offset, f"the product has no field `{name}`{_near(name, self._kinds)}")

    def _unknown_choices(self, rule: RuleText) -> Iterable[Slip]:
        for field, token in rule.compared:
            choices, value = self._choices.get(field), content(token)
            if choices is not None and value not in choices and "\\" not in value:
                hint = _near(value, choices) or ("" if len(choices) > 12 else f"; choices: {', '.join(choices)}")
                yield Slip(token.offset, f"`{field}` is never `{value}`{hint}")

    def _bad_arguments(self, rule: RuleText) -> Iterable[Slip]:
        for function, token in rule.arguments:
            message = _argument_fault(self._env, function, token.text)
            if message:
                yield Slip(token.offset, message)


def _argument_fault(env: cel.Env, function: str, literal: str) -> str:
    if function == "matches":
        slow = costly(literal.lstrip("rR")[1:-1])
        if slow:
            return slow
    probe = f'"".matches({literal})' if function == "matches" else f"{function}({literal}) == {function}({literal})"
    try:
        if env.compile(probe).eval(data={}).value() in (True, False):
            return ""
    except RuntimeError:
        pass  # CEL says it of the whole text, in its own words; here it is said of the argument.
    expected = {
        "matches": "a regular expression as RE2 knows them (github.com/google/re2/wiki/Syntax)",
        "timestamp": 'a time such as timestamp("2026-01-31T00:00:00Z")',
        "duration": 'a duration such as duration("36h")',
    }
    return f"expected {expected[function]}"


def _slips_of(error: str, code: str) -> list[Slip]:
    """CEL's own words about a text, as slips."""
    starts = [0]
    for line in code.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    slips = []
    for line, column, message in _SLIP.findall(error):
        place = int(line) - 1
        offset = starts[place] + int(column) - 1 if 0 <= place < len(starts) else 0
        slips.append(Slip(min(max(offset, 0), len(code)), _said(message)))
    if not slips or all("recursion" in slip.message for slip in slips):
        deep = "recursion" in error
        return [Slip(0, "the expression nests too deep" if deep else "the expression cannot be read")]
    return slips


def _said(message: str) -> str:
    if match := _NO_OVERLOAD.search(message):
        operator = match[1].strip("@").strip("_").replace("_", " ").strip() or match[1]
        names = " and ".join(_type_name(kind) for kind in _parted(match[2].strip("()")))
        hint = (
            "; write one of them with a point, such as 12.0"
            if match[0].endswith("'_/_' applied to '(int, int)'")
            else ""
        )
        return f"`{operator}` cannot be used on {names or 'nothing'}{hint}"
    if match := _UNDECLARED.search(message):
        name = match[1]
        return f"there is no `{name}`; fields are written lead.NAME, and functions are {_SHOWN_FUNCTIONS}"
    if match := _SYNTAX.search(message):
        found = match[1] or match[2]
        if match[3]:
            return match[3]
        return "the expression ends too early" if found == "<EOF>" else f"did not expect `{found.strip()}` here"
    return message[:200]


def _parted(kinds: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(kinds):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(kinds[start:index])
            start = index + 1
    return [part.strip() for part in (*parts, kinds[start:]) if part.strip()]


def _type_name(kind: str) -> str:
    kind = kind if kind.count("(") == kind.count(")") else f"{kind})"
    return _NAMES.get(kind) or _NAMES.get(kind.lower()) or ("a list" if kind.lower().startswith("list") else kind)


def _near(word: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(word, list(known), 1, 0.65)
    return f"; did you mean `{nearest[0]}`?" if nearest else ""


def _converter(kind: cel.Type) -> Callable[[str], Any]:
    if kind == INT:
        return _whole
    if kind == DOUBLE:
        return float
    if kind == BOOL:
        return "true".__eq__
    return _midnight if kind == TIME else str


def _whole(value: str) -> int:
    """A whole number that CEL's 64 bits can hold: beyond them every bound of a rule is passed anyway."""
    return max(-_GREATEST, min(int(value), _GREATEST))


def _midnight(value: str) -> datetime:
    return datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC)
