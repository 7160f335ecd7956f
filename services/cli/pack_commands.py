"""`leadline evidence pack`, `leadline evidence key` and `leadline verify`: evidence handed over, and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.catalog_commands import login
from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, clean, say, show_json, table, warn

if TYPE_CHECKING:
    from leadline.validation.v1 import pack_service_pb2 as pb
    from services.cli.client import Services

#: Larger files are not packs.
_MOST_BYTES = 128 * 1024 * 1024


def pack(
    lead_id: Annotated[str, typer.Argument(metavar="[LEAD]", help="The lead.")] = "",
    return_id: Annotated[str, typer.Option("--return", help="A return or dispute, whose lead is packed.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; else named by the lead, in this folder.")
    ] = None,
    why: Annotated[str, typer.Option("--why", help="What it is for, such as a complaint's number; stands in it.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who asks; stands in it.")] = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Write everything that is known of one lead into a signed archive: consent, receipt, contacts, attempts, money."""
    from leadline.validation.v1 import pack_service_pb2 as pb
    from services.cli.client import run

    if bool(lead_id) == bool(return_id):
        raise typer.BadParameter("expected a lead, or --return and a return")

    async def ask(services: Services) -> pb.MakePackResponse:
        request = pb.MakePackRequest(
            buyer_id=await services.buyer(buyer), lead_id=lead_id, return_id=return_id, asked_by=by or login(), why=why
        )
        return await services.ask(services.packs.MakePack, request, timeout=60.0)

    made = run(ask)
    file = out or Path(made.file_name)
    try:
        with file.open("xb") as into:
            into.write(made.archive)
    except FileExistsError:
        raise CommandError(f"{file} is there already: name another file with --out") from None
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}") from None
    if as_json:
        show_json({"file": str(file), "lead_id": made.lead_id, "sha256": made.sha256, "key": made.key})
        return
    say(f"{file}: lead {made.lead_id}, {len(made.archive):,} bytes, SHA-256 {made.sha256}")
    say(f"signed by {made.key}; whoever gets it checks it with `leadline verify {file.name} --key {made.key}`")


def key(as_json: Json = False) -> None:
    """Show the public key that packs are signed by. Tell it to others by another way than a pack."""
    from leadline.validation.v1 import pack_service_pb2 as pb
    from services.cli.client import run

    async def ask(services: Services) -> pb.GetPackKeyResponse:
        return await services.ask(services.packs.GetPackKey, pb.GetPackKeyRequest())

    answer = run(ask)
    if as_json:
        show_json({"key": answer.key})
    else:
        say(answer.key)


def verify(
    file: Annotated[Path, typer.Argument(help="The pack.", exists=True, dir_okay=False, readable=True)],
    expected: Annotated[
        str, typer.Option("--key", help="The buyer's public key, told by another way; else any key passes.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Check a pack of evidence, offline: it needs no running Leadline and asks nobody."""
    from shared.evidence.verify import verify as checked

    if file.stat().st_size > _MOST_BYTES:
        raise CommandError(f"{file} is larger than a pack can be")
    found = checked(file.read_bytes(), key=expected)
    manifest = found.manifest
    if as_json:
        show_json(
            {
                "holds": not found.faults,
                "faults": list(found.faults),
                "buyer_id": manifest.buyer_id if manifest else None,
                "lead_id": manifest.lead_id if manifest else None,
                "made_at": manifest.made_at if manifest else None,
                "asked_by": manifest.asked_by if manifest else None,
                "why": manifest.why if manifest else None,
                "key": manifest.key if manifest else None,
                "key_checked": bool(expected),
                "parts": [part.name for part in manifest.parts] if manifest else [],
            }
        )
    else:
        for fault in found.faults:
            warn(clean(fault))
        if manifest is not None and not found.faults:
            table(
                ("part", "bytes", "SHA-256"),
                [(clean(part.name), f"{part.size:,}", part.sha256) for part in manifest.parts],
            )
            say(
                clean(
                    f"Lead {manifest.lead_id} of {manifest.buyer_id}, packed {manifest.made_at} by {manifest.asked_by}."
                )
            )
            say(f"Nothing was changed since it was signed by {manifest.key}.")
            if not expected:
                say("Whose key that is was not checked: compare it with the buyer's, or give it with --key.")
    if found.faults:
        raise CommandError()
