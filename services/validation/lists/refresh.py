"""Newer lists in place of those in use: read, verified, and only then adopted; a list that fails leaves the old one."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from services.validation.lists.kinds import KINDS, kind_of
from services.validation.lists.listfile import Heading, ListError, compose, heading_of, read
from services.validation.lists.shelf import Shelf

#: Longest that building all lists from their packages may take, in seconds.
BUILD_SECONDS = 120.0
#: The most bytes that an offered list may have once it is unpacked.
MOST_BYTES = 64 * 1024 * 1024


class Offer(NamedTuple):
    """A list from a file."""

    file_name: str
    content: bytes
    #: Its day, where it has no heading that tells it.
    day: date


class Outcome(NamedTuple):
    """What became of one list."""

    name: str
    #: `replaced`, `unchanged`, `refused` or `unavailable`.
    what: str
    before: Heading | None = None
    after: Heading | None = None
    faults: tuple[str, ...] = ()


async def built(today: date) -> tuple[list[Offer], list[Outcome]]:
    """All lists whose packages are installed, built in a process of its own; and those whose packages are not.

    Raises:
        ListError: the build failed.
    """
    with tempfile.TemporaryDirectory(prefix="leadline-lists-") as folder:
        build = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.validation.lists.sources", folder),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(BUILD_SECONDS):
                _, told = await build.communicate()
        except TimeoutError:
            build.kill()
            await build.wait()
            raise ListError(f"building the lists took more than {BUILD_SECONDS:.0f} seconds") from None
        if build.returncode != 0:
            last = (told.decode(errors="replace").strip().splitlines() or ["no word why"])[-1]
            raise ListError(f"the lists could not be built: {last}")
        offers = _offers(Path(folder), today)
    given = {offer.file_name.partition(".")[0] for offer in offers}
    absent = [
        Outcome(kind.name, "unavailable", faults=("its source is not installed: offer it as a file",))
        for kind in KINDS
        if kind.name not in given
    ]
    return offers, absent


def _offers(folder: Path, today: date) -> list[Offer]:
    return [Offer(path.name, path.read_bytes(), today) for path in sorted(folder.iterdir())]


def refresh(shelf: Shelf, offers: Sequence[Offer], *, dry_run: bool, accept_change: bool = False) -> list[Outcome]:
    """Verifies every offer and adopts those that hold, all at one moment.

    Raises:
        OSError: the lists' folder cannot be written.
        ListError: there is no such folder.
    """
    in_use = {name: heading_of(path) for name, path in shelf.files().items()}
    outcomes, adopted = [], {}
    for offer in offers:
        outcome, content = _judged(offer, in_use, accept_change=accept_change)
        outcomes.append(outcome)
        if outcome.what == "replaced" and outcome.after is not None:
            adopted[outcome.after] = content
    if adopted and not dry_run:
        shelf.adopt(adopted)
    return outcomes


def _judged(offer: Offer, in_use: dict[str, Heading], *, accept_change: bool) -> tuple[Outcome, bytes]:
    try:
        heading, lines, content = _opened(offer)
        kind = kind_of(heading.name)
    except ListError as error:
        return Outcome(offer.file_name, "refused", faults=(str(error),)), b""
    before = in_use.get(heading.name)
    if before is not None and before.stamp == heading.stamp:
        return Outcome(heading.name, "unchanged", before, heading), b""
    faults = kind.check(lines, before.entries if before is not None and not accept_change else None)
    if before is not None and heading.date < before.date:
        faults.append(f"of {heading.date}, which is older than the edition in use")
    return Outcome(heading.name, "refused" if faults else "replaced", before, heading, tuple(faults)), content


def _opened(offer: Offer) -> tuple[Heading, list[str], bytes]:
    """Heading, entries and the file as it is kept."""
    text = _unpacked(offer)
    if not text.startswith(b"# {"):
        return _bare(offer, text)
    with tempfile.TemporaryDirectory(prefix="leadline-list-") as folder:
        path = Path(folder) / "list.txt"
        path.write_bytes(text)
        heading, lines = read(path)
    again, content = compose(heading.name, heading.version, heading.date, lines)
    if again != heading:
        raise ListError(f"{offer.file_name}: the entries are not sorted, or some stand twice")
    return heading, lines, content


def _bare(offer: Offer, text: bytes) -> tuple[Heading, list[str], bytes]:
    """A file of nothing but entries, known by its name."""
    name = Path(offer.file_name).name.partition(".")[0]
    kind_of(name)
    try:
        lines = list(_entries(text.decode().splitlines()))
    except UnicodeDecodeError:
        raise ListError(f"{offer.file_name}: expected text in UTF-8") from None
    if name.endswith("-domains"):
        lines = [line.lower() for line in lines]
    heading, content = compose(name, f"file {Path(offer.file_name).name}", offer.day, lines)
    return heading, sorted(set(lines)), content


def _entries(lines: Iterable[str]) -> Iterable[str]:
    return (line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _unpacked(offer: Offer) -> bytes:
    if not offer.content.startswith(b"\x1f\x8b"):
        return offer.content
    try:
        # Bounded: a file of a few kilobytes may unpack to gigabytes.
        opened = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        text = opened.decompress(offer.content, MOST_BYTES)
        if not opened.eof:
            raise ListError(f"{offer.file_name}: cut off, or longer than {MOST_BYTES // 1024 // 1024} MiB")
        return text
    except zlib.error:
        raise ListError(f"{offer.file_name}: not the gzip file that it begins as") from None
