"""`leadline notices`: sellers' webhooks, and what became of what they were told."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.output import Buyer, Json, moment, plain, say, show_json, table, warn

notices = typer.Typer(no_args_is_help=True, help="What sellers are told by webhook.")

SellerName = Annotated[str, typer.Argument(metavar="SELLER", help="The seller.")]


@notices.command("secret")
def new_secret(seller: SellerName, buyer: Buyer = "", as_json: Json = False) -> None:
    """Make the secret that signs a seller's notices. It is shown this once; the one before it signs for a day more."""
    from leadline.intake.v1 import notice_service_pb2 as pb
    from services.cli.client import run

    request = pb.CreateWebhookSecretRequest(buyer_id=buyer, seller=seller)
    answer = run(lambda services: services.ask(services.notices.CreateWebhookSecret, request))
    if as_json:
        show_json(plain(answer))
        return
    say(answer.secret)
    if answer.webhook_url:
        warn(f"Hand it to {seller}, which is told at {answer.webhook_url}. It cannot be shown again.")
    else:
        warn(f"Hand it to {seller}, and give it a webhook_url in the catalog. It cannot be shown again.")


@notices.command("list")
def list_notices(
    seller: Annotated[str, typer.Argument(help="Only this seller's.")] = "",
    state: Annotated[str, typer.Option("--state", help="Only those waiting, delivered or dead.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 100,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Show what sellers were told, or could not be, newest first."""
    from leadline.intake.v1 import notice_service_pb2 as pb
    from services.cli.client import run

    request = pb.ListNoticesRequest(buyer_id=buyer, seller=seller, state=state, page_size=limit)
    answer = run(lambda services: services.ask(services.notices.ListNotices, request))
    if as_json:
        show_json(plain(answer)["notices"])
        return
    rows = (
        (
            *(one.notice_id, one.seller, one.type, moment(one, "create_time")[:19], one.state, str(one.attempts)),
            one.failure,
            moment(one, "due_time")[:19] if one.HasField("due_time") else "",
        )
        for one in answer.notices
    )
    table(("Notice", "Seller", "Type", "Made", "State", "Tried", "Last failure", "Next try"), rows)


@notices.command("resend")
def resend(
    seller: SellerName,
    notice: Annotated[str, typer.Argument(metavar="[NOTICE]", help="Only this one; else all dead ones.")] = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Have a seller's dead notices tried again, once its receiver is well."""
    from leadline.intake.v1 import notice_service_pb2 as pb
    from services.cli.client import run

    request = pb.ResendNoticesRequest(buyer_id=buyer, seller=seller, notice_id=notice)
    answer = run(lambda services: services.ask(services.notices.ResendNotices, request))
    if as_json:
        show_json(plain(answer))
    else:
        say(f"{answer.resent} {'is' if answer.resent == 1 else 'are'} sent again.")
