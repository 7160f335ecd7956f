"""`leadline lists` and `lists refresh`: the facts about the world that age."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.failure import CommandError
from services.cli.output import Json, clean, plain, say, show_json, table, warn

if TYPE_CHECKING:
    from leadline.validation.v1 import list_service_pb2 as pb

lists = typer.Typer(
    help="Show the lists that validation consults, or put newer ones in place.", invoke_without_command=True
)

#: Building all lists from their packages takes some ten seconds.
_REFRESH_SECONDS = 150.0


@lists.callback()
def show(context: typer.Context, as_json: Json = False) -> None:
    """Show every list: version, day, entries, age, and whether it is too old."""
    if context.invoked_subcommand is not None:
        return
    from leadline.validation.v1 import list_service_pb2 as pb
    from services.cli.client import run

    answer = run(lambda services: services.ask(services.lists.GetLists, pb.GetListsRequest()))
    if as_json:
        show_json([plain(one) for one in answer.lists])
        return
    rows = ((*_edition(one.edition), one.name, one) for one in answer.lists)
    table(
        ("List", "Version", "Day", "Entries", "Age", "Good for", "", "Origin", "Holds"),
        [(name, version, day, entries, *_age(one), one.origin, one.holds) for version, day, entries, name, one in rows],
        right=["Entries", "Age", "Good for"],
    )


@lists.command()
def refresh(
    source: Annotated[
        Path | None,
        typer.Option("--from", help="A list's file, or a folder of them; else the installed packages are asked."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    accept_change: Annotated[
        bool, typer.Option("--accept-change", help="Take a list although it grew or shrank by a lot.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build the lists anew, verify them, and put those that hold in use; the others stay as they are."""
    from leadline.validation.v1 import list_service_pb2 as pb
    from services.cli.client import run

    files = [] if source is None else _files(source)
    request = pb.RefreshListsRequest(files=files, dry_run=dry_run, accept_change=accept_change)
    answer = run(lambda services: services.ask(services.lists.RefreshLists, request, timeout=_REFRESH_SECONDS))
    if as_json:
        show_json([plain(one) for one in answer.outcomes])
    else:
        _show_outcomes(answer, dry_run=dry_run)
    if any(one.outcome == "refused" for one in answer.outcomes):
        raise CommandError()


def _files(source: Path) -> list[pb.ListFile]:
    from leadline.validation.v1 import list_service_pb2 as pb

    try:
        paths = sorted(source.glob("*.txt*")) if source.is_dir() else [source]
        if not paths:
            raise CommandError(f"{source}: no list in this folder; lists are called NAME.txt or NAME.txt.gz")
        return [
            pb.ListFile(
                file_name=path.name,
                content=path.read_bytes(),
                date=str(datetime.fromtimestamp(path.stat().st_mtime, UTC).date()),
            )
            for path in paths
        ]
    except OSError as error:
        raise CommandError(f"{source}: {error.strerror or 'cannot be read'}") from None


def _show_outcomes(answer: pb.RefreshListsResponse, *, dry_run: bool) -> None:
    rows = (
        (
            *(one.name, f"would be {one.outcome}" if dry_run and one.outcome == "replaced" else one.outcome),
            *(one.before.stamp, one.before.entries or "", one.after.stamp, one.after.entries or ""),
        )
        for one in answer.outcomes
    )
    table(("List", "Outcome", "Before", "Entries", "After", "Entries"), rows, right=["Entries"])
    for one in answer.outcomes:
        for fault in one.faults:
            (warn if one.outcome == "refused" else say)(clean(f"{one.name}: {fault}"))


def _edition(edition: pb.ListEdition) -> tuple[str, str, str]:
    return edition.version, edition.date or "", f"{edition.entries:,}" if edition.entries else ""


def _age(one: pb.ListInfo) -> tuple[str, str, str]:
    if not one.edition.date:
        return "", "", ""
    return f"{one.age_days} days", f"{one.good_for_days} days", "STALE" if one.stale else "ok"
