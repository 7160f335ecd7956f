"""A file of numbers that are not to be called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from services.cli.failure import CommandError

_HASH = re.compile(r"[0-9a-fA-F]{64}")
#: As the national registry's flat file has them: area code and number.
_REGISTRY = re.compile(r"(\d{3}),(\d{7})")

#: A line's number, from 1, and a phone as written or a SHA-256.
Line = tuple[int, str | bytes]


class NumberFile:
    """Numbers of an open file, a line each; what stands behind the first comma or tab is not read."""

    def __init__(self, handle: BinaryIO, name: str) -> None:
        self._handle = handle
        self._name = name

    def batches(self, size: int) -> Iterator[tuple[list[Line], bool]]:
        """The lines, so many at a time, each time with whether these are the last; at least one batch.

        Raises:
            CommandError: it is no text.
        """
        batch: list[Line] = []
        for line in self._lines():
            if len(batch) == size:
                yield batch, False
                batch = []
            batch.append(line)
        yield batch, True

    def _lines(self) -> Iterator[Line]:
        for number, raw in enumerate(self._handle, start=1):
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError:
                raise CommandError(f"{self._name}:{number}: expected UTF-8 text") from None
            said = _number(text)
            # The first line may say what stands below.
            if said and not (number == 1 and isinstance(said, str) and not any(sign.isdigit() for sign in said)):
                yield number, said


def _number(text: str) -> str | bytes:
    registered = _REGISTRY.fullmatch(text)
    if registered:
        return "".join(registered.groups())
    cell = re.split(r"[,;\t]", text, maxsplit=1)[0].strip().strip('"')
    return bytes.fromhex(cell) if _HASH.fullmatch(cell) else cell
