"""One list in one file: a line that says what it is, then one entry a line.

The first line is `# ` and JSON: name, version, date, source, entries. Entries stand sorted by their key, the text
before the first tab, and no key stands twice; so a file is told by its content, and two builds of the same data are
the same file. The file is gzip where its name ends in `.gz`, made without a time stamp.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, cast


class ListError(Exception):
    """A list that cannot be used. The text says which and why."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a list says of itself."""

    name: str
    #: The version of its source, such as `zipcodes 3.0.0`.
    version: str
    #: The day its source was published or, where the source does not say, first seen here.
    date: date
    entries: int
    #: The first eight hexadecimal digits of the SHA-256 of its entries.
    digest: str

    @property
    def stamp(self) -> str:
        """What a receipt calls the list: source, day and content."""
        return f"{self.version} of {self.date} #{self.digest}"

    @property
    def file_name(self) -> str:
        """Under which it is kept beside other versions of the same list."""
        return f"{self.name}-{self.date}-{self.digest}.txt.gz"


def key_of(line: str) -> str:
    """What an entry is about: the text before the first tab."""
    return line.partition("\t")[0]


def compose(name: str, version: str, day: date, lines: Iterable[str]) -> tuple[Heading, bytes]:
    """The heading and the whole file, compressed, of entries in any order; of two with one key the first stays."""
    entries: dict[str, str] = {}
    for line in lines:
        entries.setdefault(key_of(line), line)
    body = "".join(f"{entries[key]}\n" for key in sorted(entries)).encode()
    heading = Heading(name, version, day, len(entries), hashlib.sha256(body).hexdigest()[:8])
    told = {"name": name, "version": version, "date": str(day), "entries": len(entries), "digest": heading.digest}
    return heading, gzip.compress(f"# {json.dumps(told)}\n".encode() + body, compresslevel=9, mtime=0)


def heading_of(path: Path) -> Heading:
    """The first line of a list's file.

    Raises:
        ListError: there is no such file, or it is no list.
    """
    with _opened(path) as file:
        return _heading(file.readline(), path)


def read(path: Path) -> tuple[Heading, list[str]]:
    """A whole list, its content held against its heading.

    Raises:
        ListError: it cannot be read, is cut off, or was changed after it was made.
    """
    with _opened(path) as file:
        heading = _heading(file.readline(), path)
        digest, lines = hashlib.sha256(), []
        for raw in file:
            digest.update(raw)
            lines.append(raw.decode().rstrip("\n"))
    if digest.hexdigest()[:8] != heading.digest or len(lines) != heading.entries:
        raise ListError(f"{path.name}: the entries are not those that its first line announces")
    return heading, lines


def _heading(line: bytes, path: Path) -> Heading:
    try:
        told = json.loads(line.removeprefix(b"# "))
        return Heading(
            str(told["name"]), str(told["version"]), date.fromisoformat(told["date"]), int(told["entries"]),
            str(told["digest"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        raise ListError(f"{path.name}: the first line does not say what list it is") from None


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield cast(IO[bytes], file)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ListError(f"{path.name}: cannot be read ({type(error).__name__})") from None
