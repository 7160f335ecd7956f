"""`leadline message`: what is said to people."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.output import Buyer, Json, clean, plain, say, show_json, warn

messages = typer.Typer(no_args_is_help=True, help="What is said to people.")


@messages.command("preview")
def preview(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="A template of the catalog in force.")],
    lead: Annotated[str, typer.Option("--lead", help="The bought lead whose person it is for.")],
    html: Annotated[bool, typer.Option("--html", help="Show an e-mail's HTML instead of its text.")] = False,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Print what a template would say to the person of a lead. Sends nothing."""
    from leadline.routing.v1 import message_service_pb2 as pb
    from services.cli.client import Services, run

    async def ask(services: Services) -> pb.PreviewMessageResponse:
        request = pb.PreviewMessageRequest(buyer_id=await services.buyer(buyer), template=template, lead_id=lead)
        return await services.ask(services.messages.PreviewMessage, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer))
        return
    head = {"From": getattr(answer, "from"), "To": answer.to, "Subject": answer.subject, **dict(answer.headers)}
    for name, value in head.items():
        if value:
            say(clean(f"{name}: {value}"))
    say()
    say(clean(answer.html if html else answer.text))
    if answer.encoding:
        say()
        say(f"{answer.segments} {'segment' if answer.segments == 1 else 'segments'} of {answer.encoding.upper()}")
    for fault in answer.faults:
        warn(clean(f"Not sent as it is: {fault}"))
