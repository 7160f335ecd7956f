"""Many leads in one body: a JSON array, or NDJSON with a lead on each line. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from services.gateway.formats.json_text import read_json
from services.gateway.posted import BODY_BYTES, Fault, Position, Unreadable

#: Most leads of one batch.
LEADS = 1000
#: Most bytes of one batch.
BATCH_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One lead of a batch, still in bytes; `line` is its line in an NDJSON body, counted from 1, else 0."""

    body: bytes
    line: int = 0
    start: int = 0

    def value(self) -> Any:
        """Decode it.

        Raises:
            Unreadable: with positions that count from the beginning of the batch where it is NDJSON.
        """
        if len(self.body) > BODY_BYTES:
            raise Unreadable("The lead is too large.", Fault("", f"at most {BODY_BYTES} bytes a lead"))
        try:
            return read_json(self.body)
        except Unreadable as unreadable:
            at = unreadable.position
            if self.line and at is not None:
                unreadable.position = Position(self.line, at.column, self.start + at.byte)
            raise


def split_array(body: bytes) -> list[Part]:
    """The elements of a JSON array, undecoded, so that one bad element spoils no other.

    Raises:
        Unreadable: not a JSON array, or too many elements.
    """
    try:
        elements = _array.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        whole = read_json(body)
        if type(whole) is not list:
            raise Unreadable(
                "A batch is a JSON array of leads, or NDJSON.", Fault("", "a JSON array of objects")
            ) from None
        raise Unreadable("The JSON is malformed.") from None
    _check_count(len(elements))
    return [Part(bytes(element)) for element in elements]


def split_lines(body: bytes) -> list[Part]:
    """The lines of an NDJSON body; blank lines are passed over.

    Raises:
        Unreadable: no line, or too many.
    """
    parts = list(_lines(body))
    _check_count(len(parts))
    return parts


_array = msgspec.json.Decoder(list[msgspec.Raw])


def _lines(body: bytes) -> Iterator[Part]:
    start = 0
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            yield Part(line, number, start)
        start += len(line) + 1


def _check_count(count: int) -> None:
    if not 1 <= count <= LEADS:
        raise Unreadable("The batch has no lead or too many.", Fault("", f"1 to {LEADS} leads"))
