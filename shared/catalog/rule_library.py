"""What buyers' rules can call: some of CEL's own functions, and its operators with numbers of both kinds mixed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from math import copysign, inf, nan

from cel_expr_python import cel

BOOL, INT, DOUBLE, TEXT, TIME, SPAN = (
    cel.Type.BOOL, cel.Type.INT, cel.Type.DOUBLE, cel.Type.STRING, cel.Type.TIMESTAMP, cel.Type.DURATION,
)  # fmt: skip


def _divided(dividend: float, divisor: float) -> float:
    """As IEEE 754 and CEL's own `/` on two doubles have it: a division by zero is infinite."""
    dividend, divisor = float(dividend), float(divisor)
    if divisor:
        return dividend / divisor
    return copysign(inf, dividend) * copysign(1, divisor) if dividend else nan


_KINDS = {"bool": BOOL, "int64": INT, "double": DOUBLE, "string": TEXT, "timestamp": TIME, "duration": SPAN}
#: Whole numbers and fractions side by side.
_MIXED = (("int64", "double"), ("double", "int64"))
_OWN = (
    "_&&_", "_||_", "!_", "_?_:_", "-_", "_%_", "contains", "startsWith", "endsWith", "matches", "getFullYear",
    "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours",
)  # fmt: skip
_COMPARISONS = {
    "_==_": "equals", "_!=_": "not_equals", "_<_": "less", "_<=_": "less_equals", "_>_": "greater",
    "_>=_": "greater_equals",
}  # fmt: skip
_ARITHMETIC: dict[str, tuple[str, Callable[[float, float], float]]] = {
    "_+_": ("add", lambda a, b: float(a) + b),
    "_-_": ("subtract", lambda a, b: float(a) - b),
    "_*_": ("multiply", lambda a, b: float(a) * b),
    "_/_": ("divide", _divided),
}
_TIMES = {
    "_+_": (("timestamp", "duration", TIME),),
    "_-_": (("timestamp", "duration", TIME), ("timestamp", "timestamp", SPAN)),
}


@cache
def library() -> tuple[cel.EnvConfig, list[cel.FunctionDecl]]:
    """What an environment of rules is made with: the functions of CEL that are there, and the operators."""
    lines = "".join(f'    - name: "{name}"\n' for name in _OWN)
    lines += "    - {name: size, overloads: [{id: size_string}, {id: string_size}]}\n"
    lines += "    - {name: timestamp, overloads: [{id: string_to_timestamp}]}\n"
    lines += "    - {name: duration, overloads: [{id: string_to_duration}]}\n"
    config = cel.NewEnvConfigFromYaml(
        "name: rules\nstdlib:\n"
        "  exclude_macros: [all, exists, exists_one, map, filter, has]\n"
        f"  include_functions:\n{lines}"
    )
    return config, [*_comparisons(), *_arithmetic(), _membership()]


def _comparisons() -> Iterator[cel.FunctionDecl]:
    pairs = (*((kind, kind) for kind in _KINDS), *_MIXED)
    for sign, word in _COMPARISONS.items():
        yield cel.FunctionDecl(sign, [_overload(f"{word}_{a}_{b}", BOOL, _KINDS[a], _KINDS[b]) for a, b in pairs])


def _arithmetic() -> Iterator[cel.FunctionDecl]:
    for sign, (word, work) in _ARITHMETIC.items():
        overloads = [_overload(f"{word}_double", DOUBLE, DOUBLE, DOUBLE)]
        # CEL cuts off a quotient of whole numbers; nobody who writes `months / 12` means that, so it is not there.
        overloads += [_overload(f"{word}_int64", INT, INT, INT)] if sign != "_/_" else []
        overloads += [_overload(f"{word}_{a}_{b}", DOUBLE, _KINDS[a], _KINDS[b], work) for a, b in _MIXED]
        overloads += [_overload(f"{word}_{a}_{b}", kind, _KINDS[a], _KINDS[b]) for a, b, kind in _TIMES.get(sign, ())]
        yield cel.FunctionDecl(sign, overloads)


def _membership() -> cel.FunctionDecl:
    pairs = (("string", "string"), ("int64", "int64"), ("double", "double"), *_MIXED)
    return cel.FunctionDecl(
        "@in", [_overload(f"in_{a}_{b}", BOOL, _KINDS[a], cel.Type.List(_KINDS[b])) for a, b in pairs]
    )


def _overload(
    name: str, returns: cel.Type, left: cel.Type, right: cel.Type, work: Callable[[float, float], float] | None = None
) -> cel.Overload:
    if work is None:
        return cel.Overload(id=name, return_type=returns, parameters=[left, right])
    return cel.Overload(id=name, return_type=returns, parameters=[left, right], impl=work)
