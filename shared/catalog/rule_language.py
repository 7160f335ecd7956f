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
from functools import cache
from math import copysign, inf, nan
from typing import Any, Final

from cel_expr_python import cel

from shared.catalog.rule_text import RuleText, Slip, content, costly, read_rule
from shared.catalog.states import USPS_STATES
from shared.catalog.terms import DERIVED_FIELDS, STANDARD_FIELDS, ProductField

_BOOL, _INT, _DOUBLE, _TEXT, _TIME, _SPAN = (
    cel.Type.BOOL, cel.Type.INT, cel.Type.DOUBLE, cel.Type.STRING, cel.Type.TIMESTAMP, cel.Type.DURATION,
)  # fmt: skip
#: CEL's type of a field of a product; whatever is not here is a text.
_TYPES: Final = {
    "integer": _INT, "number": _DOUBLE, "money": _DOUBLE, "boolean": _BOOL, "date": _TIME, "date_of_birth": _TIME,
}  # fmt: skip
_STANDARD_TYPES: Final = {"date_of_birth": _TIME, "incentivized": _BOOL, "age": _INT}
_STANDARD_CHOICES: Final = {
    "state": tuple(sorted(USPS_STATES)), "form": ("long", "short"), "opt_in": ("single", "double", "none"),
    "exclusivity": ("exclusive", "shared"),
}  # fmt: skip
TODAY: Final = "today"

_NAMES: Final = {
    "string": "a text", "int": "a whole number", "double": "a number", "bool": "true or false", "uint": "a whole number",
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
        """`fields`: the product's own; a name that it shares with a derived field (`age`, `source`) is the product's."""
        self._kinds = dict.fromkeys(STANDARD_FIELDS | DERIVED_FIELDS, _TEXT) | _STANDARD_TYPES
        self._choices = dict(_STANDARD_CHOICES)
        for field in fields:
            self._kinds[field.name] = _TYPES.get(field.type, _TEXT)
            if field.type == "choice":
                self._choices[field.name] = field.choices
        variables = {f"lead.{name}": kind for name, kind in self._kinds.items()}
        variables |= {f"given.{name}": _BOOL for name in self._kinds}
        config, functions = _library()
        self._env = cel.NewEnv(variables=variables | {TODAY: _TIME}, config=config, functions=functions)

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
                if kind == _BOOL:
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
        hint = "; write one of them with a point, such as 12.0" if match[0].endswith("'_/_' applied to '(int, int)'") else ""
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
    if kind == _INT:
        return _whole
    if kind == _DOUBLE:
        return float
    if kind == _BOOL:
        return "true".__eq__
    return _midnight if kind == _TIME else str


def _whole(value: str) -> int:
    """A whole number that CEL's 64 bits can hold: beyond them every bound of a rule is passed anyway."""
    return max(-_GREATEST, min(int(value), _GREATEST))


def _midnight(value: str) -> datetime:
    return datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC)


def _divided(dividend: float, divisor: float) -> float:
    """As IEEE 754 and CEL's own `/` on two doubles have it: a division by zero is infinite."""
    dividend, divisor = float(dividend), float(divisor)
    if divisor:
        return dividend / divisor
    return copysign(inf, dividend) * copysign(1, divisor) if dividend else nan


@cache
def _library() -> tuple[cel.EnvConfig, list[cel.FunctionDecl]]:
    """All that rules can call: some of CEL's own, and its operators with numbers of both kinds mixed."""
    own = (
        "_&&_", "_||_", "!_", "_?_:_", "-_", "_%_", "contains", "startsWith", "endsWith", "matches", "getFullYear",
        "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours",
    )  # fmt: skip
    lines = "".join(f'    - name: "{name}"\n' for name in own)
    lines += '    - {name: size, overloads: [{id: size_string}, {id: string_size}]}\n'
    lines += '    - {name: timestamp, overloads: [{id: string_to_timestamp}]}\n'
    lines += '    - {name: duration, overloads: [{id: string_to_duration}]}\n'
    config = cel.NewEnvConfigFromYaml(
        "name: rules\nstdlib:\n"
        "  exclude_macros: [all, exists, exists_one, map, filter, has]\n"
        f"  include_functions:\n{lines}"
    )
    kinds = {"bool": _BOOL, "int64": _INT, "double": _DOUBLE, "string": _TEXT, "timestamp": _TIME, "duration": _SPAN}
    mixed = (("int64", "double"), ("double", "int64"))
    compare = {"_==_": "equals", "_!=_": "not_equals"}
    compare |= {"_<_": "less", "_<=_": "less_equals", "_>_": "greater", "_>=_": "greater_equals"}
    functions = [
        cel.FunctionDecl(sign, [
            _overload(f"{word}_{left}_{right}", _BOOL, kinds[left], kinds[right])
            for left, right in (*((kind, kind) for kind in kinds), *mixed)
        ])
        for sign, word in compare.items()
    ]  # fmt: skip
    arithmetic: dict[str, tuple[str, Callable[[float, float], float]]] = {
        "_+_": ("add", lambda a, b: float(a) + b),
        "_-_": ("subtract", lambda a, b: float(a) - b),
        "_*_": ("multiply", lambda a, b: float(a) * b),
        "_/_": ("divide", _divided),
    }
    spans = {
        "_+_": (("timestamp", "duration", _TIME),),
        "_-_": (("timestamp", "duration", _TIME), ("timestamp", "timestamp", _SPAN)),
    }
    for sign, (word, work) in arithmetic.items():
        overloads = [_overload(f"{word}_double", _DOUBLE, _DOUBLE, _DOUBLE)]
        # CEL cuts off a quotient of whole numbers; nobody who writes `months / 12` means that, so it is not there.
        overloads += [_overload(f"{word}_int64", _INT, _INT, _INT)] if sign != "_/_" else []
        overloads += [_overload(f"{word}_{a}_{b}", _DOUBLE, kinds[a], kinds[b], work) for a, b in mixed]
        overloads += [_overload(f"{word}_{a}_{b}", kind, kinds[a], kinds[b]) for a, b, kind in spans.get(sign, ())]
        functions.append(cel.FunctionDecl(sign, overloads))
    members = (("string", "string"), ("int64", "int64"), ("double", "double"), *mixed)
    functions.append(
        cel.FunctionDecl("@in", [_overload(f"in_{a}_{b}", _BOOL, kinds[a], cel.Type.List(kinds[b])) for a, b in members])
    )
    return config, functions


def _overload(
    name: str, returns: cel.Type, left: cel.Type, right: cel.Type, work: Callable[[float, float], float] | None = None
) -> cel.Overload:
    if work is None:
        return cel.Overload(id=name, return_type=returns, parameters=[left, right])
    return cel.Overload(id=name, return_type=returns, parameters=[left, right], impl=work)
