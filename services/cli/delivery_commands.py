"""`leadline deliveries`: messages and leads on their way to their receivers, and what to do about those that failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.output import Buyer, Json, moment, plain, say, show_json, table, warn, word

if TYPE_CHECKING:
    from leadline.routing.v1 import follow_up_service_pb2

deliveries = typer.Typer(help="Deliveries to people and to the buyer's systems.")

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID…", help="The deliveries.")]
_STATES = ("waiting", "handed_off", "dead", "blocked", "discarded")


@deliveries.callback(invoke_without_command=True)
def list_deliveries(
    context: typer.Context,
    state: Annotated[str, typer.Option("--state", help=f"Only those {', '.join(_STATES)}.")] = "",
    dead: Annotated[bool, typer.Option("--dead", help="Only dead ones.")] = False,
    receiver: Annotated[str, typer.Option("--receiver", help="Only those to this receiver.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 100,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Show deliveries, the newest lead's first."""
    if context.invoked_subcommand is not None:
        return
    from leadline.routing.v1 import delivery_service_pb2 as pb
    from leadline.routing.v1 import follow_up_service_pb2 as shown
    from services.cli.client import Services, run

    wanted = "dead" if dead else state
    if wanted and wanted not in _STATES:
        raise typer.BadParameter(f"expected one of {', '.join(_STATES)}", param_hint="--state")
    number = shown.DeliveryState.Value(f"DELIVERY_STATE_{wanted.upper() or 'UNSPECIFIED'}")

    async def ask(services: Services) -> pb.ListDeliveriesResponse:
        request = pb.ListDeliveriesRequest(
            buyer_id=await services.buyer(buyer), state=number, receiver=receiver, page_size=limit
        )
        return await services.ask(services.deliveries.ListDeliveries, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer)["deliveries"])
    else:
        _show(answer.deliveries)


@deliveries.command("show")
def show(
    delivery: Annotated[str, typer.Argument(metavar="ID", help="The delivery.")],
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Show one delivery with every try."""
    from leadline.routing.v1 import delivery_service_pb2 as pb
    from services.cli.client import Services, run

    async def ask(services: Services) -> pb.GetDeliveryResponse:
        request = pb.GetDeliveryRequest(buyer_id=await services.buyer(buyer), delivery_id=delivery)
        return await services.ask(services.deliveries.GetDelivery, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer))
        return
    _show([answer.delivery])
    rows = ((str(one.attempt), moment(one, "ended_at")[:19], one.outcome, one.error) for one in answer.tries)
    table(("Try", "Ended", "Outcome", "Why"), rows)


@deliveries.command("replay")
def replay(
    ids: Ids = None,
    receiver: Annotated[str, typer.Option("--receiver", help="Every dead one to this receiver instead.")] = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Have deliveries that are dead, blocked or discarded tried again for three days, under the same ids."""
    from leadline.routing.v1 import delivery_service_pb2 as pb
    from services.cli.client import Services, run

    async def ask(services: Services) -> list[str]:
        request = pb.ReplayDeliveriesRequest(
            buyer_id=await services.buyer(buyer), delivery_ids=ids or (), receiver=receiver
        )
        replayed: list[str] = []
        while True:
            answer = await services.ask(services.deliveries.ReplayDeliveries, request)
            replayed += answer.delivery_ids
            if ids or len(answer.delivery_ids) < 500:
                return replayed

    _tell(run(ask), ids, "tried again", as_json)


@deliveries.command("discard")
def discard(ids: Ids, buyer: Buyer = "", as_json: Json = False) -> None:
    """Put dead and blocked deliveries away."""
    from leadline.routing.v1 import delivery_service_pb2 as pb
    from services.cli.client import Services, run

    async def ask(services: Services) -> list[str]:
        request = pb.DiscardDeliveriesRequest(buyer_id=await services.buyer(buyer), delivery_ids=ids or ())
        return list((await services.ask(services.deliveries.DiscardDeliveries, request)).delivery_ids)

    _tell(run(ask), ids, "put away", as_json)


@deliveries.command("receivers")
def receivers(buyer: Buyer = "", as_json: Json = False) -> None:
    """Show whether receivers answer, and what waits for them."""
    from leadline.routing.v1 import delivery_service_pb2 as pb
    from services.cli.client import Services, run

    async def ask(services: Services) -> pb.ListReceiversResponse:
        request = pb.ListReceiversRequest(buyer_id=await services.buyer(buyer))
        return await services.ask(services.deliveries.ListReceivers, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer)["receivers"])
        return
    rows = (
        (
            *(one.receiver, one.channel, one.breaker, str(one.waiting), str(one.dead), one.last_error),
            moment(one, "next_try_at")[:19] if one.HasField("next_try_at") else "",
        )
        for one in answer.receivers
    )
    table(("Receiver", "Channel", "Breaker", "Waiting", "Dead", "Last failure", "Next try"), rows)


def _show(found: Iterable[follow_up_service_pb2.Delivery]) -> None:
    from leadline.routing.v1.follow_up_service_pb2 import DeliveryState

    rows = (
        (
            *(one.delivery_id, one.lead_id, one.receiver, one.purpose),
            word(DeliveryState.DESCRIPTOR, one.state),
            *(str(one.attempts), one.last_error),
            moment(one, "due_time")[:19] if one.HasField("due_time") else "",
        )
        for one in found
    )
    table(("Delivery", "Lead", "Receiver", "Purpose", "State", "Tried", "Last failure", "Next try"), rows)


def _tell(done: list[str], asked: list[str] | None, what: str, as_json: bool) -> None:
    if as_json:
        show_json({"delivery_ids": done})
        return
    say(f"{len(done)} {'is' if len(done) == 1 else 'are'} {what}.")
    if missed := sorted({*(asked or ())} - {*done}):
        warn(f"Not in a state for that, or unknown: {', '.join(missed)}.")
