"""A file of people to suppress: CSV with a header, or one detail a line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Literal, NamedTuple

from leadline.dedup.v1 import suppression_service_pb2 as pb
from services.cli.failure import CommandError

Detail = Literal["phone", "email"]

_HASH = re.compile(r"[0-9a-fA-F]{64}")
_SQUASHED = re.compile(r"[^a-z0-9]")
_PHONES = frozenset("phone phonenumber telephone mobile cell homephone primaryphone".split())
_EMAILS = frozenset("email emailaddress mail".split())
_HASHES = ("sha256", "hash", "hashed", "hex", "digest")


class Column(NamedTuple):
    """Where details stand, and which; None: each cell shows what it is."""

    place: int
    detail: Detail | None


class Row(NamedTuple):
    """One detail of the file, or why there is none. `number`: the line, from 1."""

    number: int
    entry: pb.SuppressionEntry | None
    fault: str = ""


class SuppressionFile:
    """Details of an open file. `position` of `size` bytes have been read so far."""

    def __init__(self, handle: BinaryIO, name: str, size: int, hashes_of: Detail | None) -> None:
        """`hashes_of`: what hashes are of where their column does not say."""
        self._handle = handle
        self._name = name
        self._hashes_of = hashes_of
        self.size = size

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._handle.tell()

    def rows(self) -> Iterator[Row]:
        """The details, in order; one that cannot be read does not end the file.

        Raises:
            CommandError: the file as a whole cannot be read.
        """
        text = io.TextIOWrapper(self._handle, encoding="utf-8-sig", newline="")
        try:
            reader = csv.reader(text)
            first = next(reader, [])
            columns = _columns(first)
            if columns:
                yield from self._details(reader.line_num, columns, ())
            else:
                columns = [Column(0, None)]
                yield from self._details(reader.line_num, columns, first)
            for cells in reader:
                yield from self._details(reader.line_num, columns, cells)
        except UnicodeDecodeError:
            raise CommandError(f"{self._name}: expected UTF-8 text") from None
        except csv.Error as error:
            raise CommandError(f"{self._name}: {error}") from None
        finally:
            text.detach()

    def _details(self, number: int, columns: Sequence[Column], cells: Sequence[str]) -> Iterator[Row]:
        for column in columns:
            value = cells[column.place].strip() if column.place < len(cells) else ""
            if value:
                yield self._detail(number, column.detail, value)

    def _detail(self, number: int, detail: Detail | None, value: str) -> Row:
        if _HASH.fullmatch(value):
            of = detail or self._hashes_of
            if of is None:
                raise CommandError(
                    f"{self._name}:{number}: a SHA-256 of what? name its column phone_sha256 or email_sha256, "
                    "or give --hashes-of"
                )
            hashed = bytes.fromhex(value)
            entry = (
                pb.SuppressionEntry(phone_sha256=hashed) if of == "phone" else pb.SuppressionEntry(email_sha256=hashed)
            )
            return Row(number, entry)
        if (detail or ("email" if "@" in value else "phone")) == "email":
            return Row(number, pb.SuppressionEntry(email=value))
        return Row(number, pb.SuppressionEntry(phone=value))


def _columns(header: Sequence[str]) -> list[Column]:
    """The columns that hold details, by their names; none: the first line is no header."""
    found = []
    for index, name in enumerate(header):
        word = _SQUASHED.sub("", name.lower())
        bare = word
        for mark in _HASHES:
            bare = bare.replace(mark, "")
        if bare in _PHONES:
            found.append(Column(index, "phone"))
        elif bare in _EMAILS:
            found.append(Column(index, "email"))
        elif word and not bare:
            found.append(Column(index, None))
    return found
