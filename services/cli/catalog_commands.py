"""`leadline apply`, `diff` and `keys`."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, clean, moment, plain, say, show_json, table, warn, word

if TYPE_CHECKING:
    from leadline.intake.v1 import catalog_service_pb2 as pb

File = Annotated[str, typer.Option("--file", "-f", help="The catalog file; - reads standard input.")]

Effective = Annotated[
    str, typer.Option("--effective", help="The instant from which it decides leads, such as 2026-12-01T00:00:00-05:00.")
]

keys = typer.Typer(no_args_is_help=True, help="Access keys, which tell sellers apart.")


def apply(
    file: File,
    by: Annotated[str, typer.Option("--by", help="Who approves the change.")] = "",
    note: Annotated[str, typer.Option("--note", help="Why; kept with every version made.")] = "",
    effective: Effective = "",
    supersede: Annotated[
        bool, typer.Option("--supersede", help="Drop changes that wait for a later instant than this one's.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a catalog file and put it in force, at once or at an instant.

    Every order that changed becomes its next version.
    """
    from leadline.intake.v1 import catalog_service_pb2 as pb

    request = pb.ApplyCatalogRequest(
        document=_read(file), approved_by=by or login(), note=note, supersede_waiting=supersede
    )
    _send(file, request, effective, as_json)


def diff(file: File, effective: Effective = "", as_json: Json = False) -> None:
    """Show what a catalog file would change, and change nothing."""
    from leadline.intake.v1 import catalog_service_pb2 as pb

    _send(file, pb.ApplyCatalogRequest(document=_read(file), dry_run=True), effective, as_json)


def _send(file: str, request: pb.ApplyCatalogRequest, effective: str, as_json: bool) -> None:
    from services.cli.client import run

    if effective:
        request.effective_time.FromDatetime(_instant(effective))
    answer = run(lambda services: services.ask(services.catalog.ApplyCatalog, request))
    if as_json:
        show_json(plain(answer))
    else:
        _show_changes(file, answer, dry_run=request.dry_run)
    if answer.errors:
        raise CommandError()


def _show_changes(file: str, answer: pb.ApplyCatalogResponse, *, dry_run: bool) -> None:
    from leadline.intake.v1.catalog_service_pb2 import CatalogAction

    name = "standard input" if file == "-" else file
    if answer.errors:
        for error in answer.errors:
            place = f"{name}:{error.line}:{error.column}" if error.line else name
            warn(clean(f"{place}: {error.field}: {error.message}" if error.field else f"{place}: {error.message}"))
        count = len(answer.errors)
        warn(f"{count} {'error' if count == 1 else 'errors'}; nothing was changed")
        return
    marks = {"create": "+", "update": "~", "remove": "-"}
    for change in answer.changes:
        version = f" (version {change.version})" if change.version else ""
        say(clean(f"{marks[word(CatalogAction.DESCRIPTOR, change.action)]} {change.kind} {change.name}{version}"))
        for detail in change.details:
            say(clean(f"    {detail}"))
    if not answer.changes:
        say(f"Nothing changes; revision {answer.revision} of {answer.buyer_id} stays in force.")
    elif dry_run:
        say(f"This would change revision {answer.revision} of {answer.buyer_id}; nothing was changed.")
    elif answer.HasField("effective_time"):
        say(f"Revision {answer.revision} of {answer.buyer_id} takes effect at {moment(answer, 'effective_time')}.")
    else:
        say(f"Revision {answer.revision} of {answer.buyer_id} is in force.")


@keys.command("create")
def create_key(
    seller: Annotated[str, typer.Argument(help="The seller that the key names.")],
    order: Annotated[list[str] | None, typer.Option("--order", help="Only this order; may be repeated.")] = None,
    label: Annotated[str, typer.Option("--label", help="What it is used for.")] = "",
    days: Annotated[int, typer.Option("--days", min=0, max=3650, help="Ends after so many days; 0: never.")] = 0,
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="Only this: post, ping, read, statement or returns; repeatable.")
    ] = None,
    per_minute: Annotated[int, typer.Option("--per-minute", min=0, help="Leads a minute at most; 0: any number.")] = 0,
    burst: Annotated[int, typer.Option("--burst", min=1, help="Of these, so many at once after a pause.")] = 60,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Make an access key. It is shown this once."""
    from leadline.intake.v1 import catalog_service_pb2 as pb
    from services.cli.client import run

    request = pb.CreateAccessKeyRequest(
        buyer_id=buyer,
        seller=seller,
        orders=order or (),
        label=label,
        scopes=scope or (),
        rate=pb.KeyRate(per_minute=per_minute, burst=burst) if per_minute else None,
    )
    if days:
        request.expire_time.FromDatetime(datetime.now(UTC) + timedelta(days=days))
    answer = run(lambda services: services.ask(services.catalog.CreateAccessKey, request))
    if as_json:
        show_json(plain(answer))
        return
    say(answer.access_key)
    warn(f"Key {answer.key.key_id} of {seller}. Keep it now: it is stored nowhere and cannot be shown again.")


@keys.command("list")
def list_keys(
    seller: Annotated[str, typer.Argument(help="Only this seller's.")] = "", buyer: Buyer = "", as_json: Json = False
) -> None:
    """List access keys, newest first, without their secrets."""
    from leadline.intake.v1 import catalog_service_pb2 as pb
    from services.cli.client import run

    request = pb.ListAccessKeysRequest(buyer_id=buyer, seller=seller)
    answer = run(lambda services: services.ask(services.catalog.ListAccessKeys, request))
    if as_json:
        show_json(plain(answer)["keys"])
        return
    rows = (
        (
            *(key.key_id, key.seller, ", ".join(key.orders) or "all", ", ".join(key.scopes) or "all"),
            f"{key.rate.per_minute} a minute, {key.rate.burst} at once" if key.HasField("rate") else "any number",
            *(key.label, moment(key, "create_time")[:16]),
            moment(key, "last_use_time")[:16] if key.HasField("last_use_time") else "never",
            _state(key),
        )
        for key in answer.keys
    )
    table(("Key", "Seller", "Orders", "May", "Leads", "Label", "Made", "Last used", "State"), rows)


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The key's id, or its beginning `ll_live_<id>`.")],
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """End an access key; in force everywhere within seconds."""
    from leadline.intake.v1 import catalog_service_pb2 as pb
    from services.cli.client import run

    bare = key_id.removeprefix("ll_live_").split("_", 1)[0]
    request = pb.RevokeAccessKeyRequest(buyer_id=buyer, key_id=bare)
    answer = run(lambda services: services.ask(services.catalog.RevokeAccessKey, request))
    if as_json:
        show_json(plain(answer)["key"])
    else:
        say(f"Key {answer.key.key_id} of {answer.key.seller} is revoked since {moment(answer.key, 'revoke_time')}.")


def _state(key: pb.AccessKey) -> str:
    if key.HasField("revoke_time"):
        return f"revoked {moment(key, 'revoke_time')[:16]}"
    if not key.HasField("expire_time"):
        return "live"
    ended = key.expire_time.ToDatetime(tzinfo=UTC) <= datetime.now(UTC)
    return f"{'expired' if ended else 'live until'} {moment(key, 'expire_time')[:16]}"


def _instant(text: str) -> datetime:
    """An instant to the microsecond; never one whose zone has to be guessed."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise CommandError(f"--effective {text}: expected a time with its offset, such as 2026-12-01T00:00:00-05:00")
    return instant.astimezone(UTC)


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError as error:
        raise CommandError(f"{file}: byte {error.start}: expected UTF-8 text") from None


def login() -> str:
    """Who sits at this computer; empty where it does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
