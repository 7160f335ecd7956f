"""`leadline suppress`: people whom the buyer does not want to buy."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, clean, moment, plain, say, show_json, table, warn, word

if TYPE_CHECKING:
    from leadline.dedup.v1 import suppression_service_pb2 as pb
    from services.cli.client import Services
    from services.cli.suppression_file import Row, SuppressionFile

suppress = typer.Typer(help="Customers, people who are not to be contacted, and others whom the buyer does not buy.")

_BATCH = 5000
_FAULTS_SHOWN = 20
_SECONDS = 60.0
_KINDS = ("existing_customer", "suppressed", "do_not_contact")

List = Annotated[str, typer.Argument(metavar="LIST", help="The list, a lower-case name such as customers.")]
File = Annotated[
    Path, typer.Option("--file", "-f", help="CSV with columns such as phone, email, email_sha256; or a detail a line.")
]
HashesOf = Annotated[str, typer.Option("--hashes-of", help="phone or email, where no column says what hashes are of.")]


@suppress.command("import")
def import_(
    name: List,
    file: File,
    kind: Annotated[str, typer.Option("--kind", help=f"What a new list is for: {', '.join(_KINDS)}.")] = "",
    expires_days: Annotated[
        int, typer.Option("--expires-days", min=0, max=36_500, help="Days until they are off the list; 0: never.")
    ] = 0,
    effective_from: Annotated[
        datetime | None, typer.Option("--effective-from", formats=["%Y-%m-%d"], help="Day (UTC) from which it counts.")
    ] = None,
    hashes_of: HashesOf = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Put people on a list, by phone, e-mail or the SHA-256 of one; again is safe, and renews them.

    Hashes are of +15125550123 and of ann.lee@example.com: E.164, and the address in lower case. Only keyed digests are
    kept.
    """
    from leadline.dedup.v1 import suppression_service_pb2 as pb

    if kind not in ("", *_KINDS):
        raise typer.BadParameter(f"expected {', '.join(_KINDS)}", param_hint="--kind")
    request = pb.AddSuppressionsRequest(list=name, expires_days=expires_days)
    if kind:
        request.kind = pb.SuppressionKind.Value(f"SUPPRESSION_KIND_{kind.upper()}")
    if effective_from is not None:
        request.effective_from.FromDatetime(effective_from.replace(tzinfo=UTC))

    async def send(services: Services, entries: Sequence[pb.SuppressionEntry]) -> Sequence[pb.RefusedEntry]:
        del request.entries[:]
        request.entries.extend(entries)
        done = await services.ask(services.suppressions.AddSuppressions, request, timeout=_SECONDS)
        counts["added"] += done.added
        counts["renewed"] += done.renewed
        return done.refused

    counts = {"added": 0, "renewed": 0}
    refused = _each_batch(file, hashes_of, buyer, request, send)
    _show(counts, refused, file, as_json=as_json)


@suppress.command("list")
def list_(buyer: Buyer = "", as_json: Json = False) -> None:
    """Show every list: what it is for, how many are on it, from when it counts and when they age out."""
    from leadline.dedup.v1 import suppression_service_pb2 as pb
    from services.cli.client import run

    async def ask(services: Services) -> pb.ListSuppressionsResponse:
        request = pb.ListSuppressionsRequest(buyer_id=await services.buyer(buyer))
        return await services.ask(services.suppressions.ListSuppressions, request, timeout=_SECONDS)

    answer = run(ask)
    if as_json:
        show_json([plain(one) for one in answer.lists])
        return
    rows = (
        (
            *(one.list, word(pb.SuppressionKind.DESCRIPTOR, one.kind), one.entries - one.expired, one.expired or ""),
            *(moment(one, name)[:10] for name in ("effective_from", "next_expiry", "updated_at")),
        )
        for one in answer.lists
    )
    columns = ("List", "Told as", "On it", "Aged out", "Counts from", "Next ages out", "Added to")
    table(columns, rows, right=["On it", "Aged out"])


@suppress.command()
def remove(
    name: List,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Only these people; else the list ends.")] = None,
    hashes_of: HashesOf = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Take people off a list, or end it."""
    from leadline.dedup.v1 import suppression_service_pb2 as pb
    from services.cli.client import run

    request = pb.RemoveSuppressionsRequest(list=name)
    counts = {"removed": 0}

    async def send(services: Services, entries: Sequence[pb.SuppressionEntry]) -> Sequence[pb.RefusedEntry]:
        del request.entries[:]
        request.entries.extend(entries)
        done = await services.ask(services.suppressions.RemoveSuppressions, request, timeout=_SECONDS)
        counts["removed"] += done.removed
        return done.refused

    async def end(services: Services) -> None:
        request.buyer_id = await services.buyer(buyer)
        await send(services, [])

    if file is None:
        run(end)
        _show(counts, [], Path(), as_json=as_json)
    else:
        refused = _each_batch(file, hashes_of, buyer, request, send)
        _show(counts, refused, file, as_json=as_json)


Send = Callable[["Services", "Sequence[pb.SuppressionEntry]"], Awaitable["Sequence[pb.RefusedEntry]"]]


def _each_batch(file: Path, hashes_of: str, buyer: str, request: Any, send: Send) -> list[tuple[int, str]]:
    """Send the file's details; returns the lines that were refused."""
    from services.cli.client import run
    from services.cli.suppression_file import SuppressionFile

    if hashes_of not in ("", "phone", "email"):
        raise typer.BadParameter("expected phone or email", param_hint="--hashes-of")
    of = {"phone": "phone", "email": "email"}.get(hashes_of)
    try:
        with file.open("rb") as handle:
            people = SuppressionFile(handle, str(file), file.stat().st_size, of)  # type: ignore[arg-type]
            return run(lambda services: _send(services, people, buyer, request, send))
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or 'cannot be read'}") from None


async def _send(
    services: Services, people: SuppressionFile, buyer: str, request: Any, send: Send
) -> list[tuple[int, str]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    request.buyer_id = await services.buyer(buyer)
    refused: list[tuple[int, str]] = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[sent]:,}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task, sent = bar.add_task("Sending", total=people.size, sent=0), 0
        for batch in _batches(people.rows()):
            refused += [(row.number, row.fault) for row in batch if row.entry is None]
            rows = [row for row in batch if row.entry is not None]
            faults = await send(services, [row.entry for row in rows if row.entry is not None])
            refused += [(rows[fault.index].number, fault.message) for fault in faults]
            sent += len(batch)
            bar.update(task, completed=people.position, sent=sent)
    return refused


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _show(counts: dict[str, int], refused: Sequence[tuple[int, str]], file: Path, *, as_json: bool) -> None:
    """Raises CommandError where a line was refused."""
    if as_json:
        show_json({**counts, "refused": [{"line": number, "message": why} for number, why in refused]})
    else:
        say(", ".join(f"{count:,} {what}" for what, count in counts.items()))
        for number, why in refused[:_FAULTS_SHOWN]:
            warn(clean(f"{file}:{number}: {why}"))
        if len(refused) > _FAULTS_SHOWN:
            warn(f"… and {len(refused) - _FAULTS_SHOWN:,} more")
    if refused:
        raise CommandError()
