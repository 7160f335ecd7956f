"""What `ParseFields` answers, and findings as messages: protobuf in, protobuf out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from leadline.common.v1.reason_pb2 import Finding as FindingMessage
from leadline.validation.v1.validation_service_pb2 import FieldToParse, ParsedField, ParseFieldsResponse
from services.validation.fieldtypes.fieldtype import Context, Parsed, Reader, parsed
from services.validation.fieldtypes.registry import FIELD_TYPES, field_type
from services.validation.lists.reference import Reference
from services.validation.verdict import NO_PARTS, Finding
from shared.rpc.verdict import REASONS

MOST_VALUES = 1000
_EXPECTED_TYPE = f"Expected a type of fields: {', '.join(FIELD_TYPES)}."
_UNKNOWN = Parsed(None, NO_PARTS, (Finding("field_invalid", "type", _EXPECTED_TYPE),), missing=False, suggestion="")


def answer_fields(fields: Iterable[FieldToParse], reference: Reference, today: date) -> ParseFieldsResponse:
    """Every value as its type reads it; a type that is not known is a fault of its value alone."""
    readers: dict[tuple[object, ...], Reader] = {}
    results = []
    for asked in fields:
        kind = field_type(asked.type)
        if kind is None:
            results.append(_message(_UNKNOWN, sensitive=False))
            continue
        minimum = asked.minimum if asked.HasField("minimum") else None
        maximum = asked.maximum if asked.HasField("maximum") else None
        key = (kind.name, *asked.choices, minimum, maximum)
        if key not in readers:
            readers[key] = kind.reader(
                Context(reference, kind.name, tuple(asked.choices), minimum=minimum, maximum=maximum, today=today)
            )
        results.append(_message(parsed(readers[key](asked.value)), sensitive=kind.sensitive))
    return ParseFieldsResponse(results=results)


def finding_messages(findings: Iterable[Finding]) -> list[FindingMessage]:
    """Findings as the seller's engineer gets them."""
    return [
        FindingMessage(
            reason=REASONS[finding.reason],
            field=finding.field,
            message=finding.message,
            suggestion=finding.suggestion,
            retryable=finding.reason == "try_again",
        )
        for finding in findings
    ]


def _message(value: Parsed, *, sensitive: bool) -> ParsedField:
    return ParsedField(
        canonical=value.value,
        parts=value.parts,
        valid=value.valid,
        missing=value.missing,
        faults=finding_messages(value.faults),
        suggestion=value.suggestion,
        sensitive=sensitive,
    )
