"""`leadline field`: what a value is read as."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.failure import CommandError
from services.cli.output import say, table, word

if TYPE_CHECKING:
    from leadline.validation.v1 import validation_service_pb2 as pb
    from services.cli.client import Services

#: Values such as `-5` or `-` are values, not options.
TAKES_SIGNS = {"ignore_unknown_options": True}
_BATCH = 500
_WITHHELD = "(withheld)"
_EXPECTED_LINE = 'expected an object such as {"type": "phone", "value": "(512) 627-4199"}'


@dataclass(frozen=True, slots=True)
class _Question:
    """One value and where it stands."""

    place: str
    type: str
    value: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    #: What else the line says, handed back as it is.
    also: dict[str, Any] | None = None


def field(
    kind: Annotated[
        str, typer.Argument(metavar="[TYPE]", help="The type, such as phone, email or date_of_birth.")
    ] = "",
    values: Annotated[list[str] | None, typer.Argument(metavar="[VALUE]...", help="The values.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help='A file of lines {"type": …, "value": …}; `-`: standard input.')
    ] = None,
    choice: Annotated[list[str] | None, typer.Option("--choice", help="An allowed value, for the type choice.")] = None,
    minimum: Annotated[float | None, typer.Option("--minimum", help="The least that is allowed.")] = None,
    maximum: Annotated[float | None, typer.Option("--maximum", help="The most that is allowed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each value.")] = False,
) -> None:
    """Say what values are read as, exactly as decisions read them."""
    from services.cli.client import run

    if file is not None and not kind:
        questions = _from_file(file)
    elif file is None and values:
        bounds = (tuple(choice or ()), minimum, maximum)
        questions = [
            _Question(f"value {i}", kind, _sendable(value), *bounds) for i, value in enumerate(values, start=1)
        ]
    else:
        raise CommandError("expected a type and its values, or --file alone: leadline field phone '(512) 627-4199'")
    results = run(lambda services: _parse(services, questions))
    if as_json:
        for question, result in zip(questions, results, strict=True):
            say(json.dumps(_as_json(question, result), ensure_ascii=False))
    else:
        _show(questions, results)
    strange = [
        f"{question.place}: {result.faults[0].message} Found `{question.type}`."
        for question, result in zip(questions, results, strict=True)
        if any(fault.field == "type" for fault in result.faults)
    ]
    if strange:
        raise CommandError(*strange)


def _from_file(file: Path) -> list[_Question]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file}: expected text in UTF-8") from None
    questions, faults = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                questions.append(_question(f"{file}:{number}", json.loads(line)))
            except (ValueError, RecursionError):
                faults.append(f"{file}:{number}: {_EXPECTED_LINE}")
    if faults:
        raise CommandError(*faults)
    return questions


def _question(place: str, line: Any) -> _Question:
    """Raises ValueError for a line that asks nothing."""
    if not isinstance(line, dict) or not isinstance(line.get("type"), str) or "value" not in line:
        raise ValueError
    value, choices = line["value"], line.get("choices", [])
    if isinstance(value, dict | list) or not isinstance(choices, list):
        raise ValueError
    if not isinstance(value, str):
        value = "" if value is None else json.dumps(value)
    bounds = {name: float(line[name]) for name in ("minimum", "maximum") if line.get(name) is not None}
    return _Question(place, _sendable(line["type"]), _sendable(value), tuple(map(str, choices)), **bounds, also=line)


def _sendable(text: str) -> str:
    """Text without halves of characters, which JSON and shells can hold and UTF-8 cannot."""
    return text.encode(errors="replace").decode()


async def _parse(services: Services, questions: Sequence[_Question]) -> list[pb.ParsedField]:
    from google.protobuf.timestamp_pb2 import Timestamp

    from leadline.validation.v1 import validation_service_pb2 as pb

    now = Timestamp()
    now.GetCurrentTime()
    results: list[pb.ParsedField] = []
    for batch in _batches(questions):
        request = pb.ParseFieldsRequest(
            as_of=now,
            fields=[
                pb.FieldToParse(
                    type=one.type, value=one.value, choices=one.choices, minimum=one.minimum, maximum=one.maximum
                )
                for one in batch
            ],
        )
        answer = await services.ask(services.validation.ParseFields, request)
        results += answer.results
    return results


def _batches(questions: Sequence[_Question]) -> Iterator[Sequence[_Question]]:
    return (questions[start : start + _BATCH] for start in range(0, len(questions), _BATCH))


def _as_json(question: _Question, result: pb.ParsedField) -> dict[str, Any]:
    from leadline.common.v1.reason_pb2 import Reason

    return {
        **(question.also or {}),
        "type": question.type,
        "value": _WITHHELD if result.sensitive else question.value,
        "canonical": result.canonical if result.HasField("canonical") else None,
        "parts": dict(sorted(result.parts.items())),
        "valid": result.valid,
        "missing": result.missing,
        "faults": [
            {"reason": word(Reason.DESCRIPTOR, fault.reason), "message": fault.message, "suggestion": fault.suggestion}
            for fault in result.faults
        ],
        "suggestion": result.suggestion or None,
    }


def _show(questions: Sequence[_Question], results: Sequence[pb.ParsedField]) -> None:
    from leadline.common.v1.reason_pb2 import Reason

    rows = []
    for question, result in zip(questions, results, strict=True):
        verdict = "valid" if result.valid else "missing" if result.missing else "NOT VALID"
        told = [f"{word(Reason.DESCRIPTOR, fault.reason)}: {fault.message}" for fault in result.faults]
        if result.suggestion:
            told.append(f"Did you mean {result.suggestion}?")
        if result.valid:
            told = [f"{name}={value}" for name, value in sorted(result.parts.items()) if value] + told
        value = _WITHHELD if result.sensitive else question.value
        rows.append((question.type, value, verdict, result.canonical, " ".join(told)))
    table(("Type", "Value", "", "Read as", "Its parts, or what was expected"), rows)
