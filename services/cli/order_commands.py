"""`leadline orders`: what is left of each order, who changed it, and stop or go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.catalog_commands import login
from services.cli.output import Buyer, Json, clean, moment, plain, say, show_json, table

if TYPE_CHECKING:
    from leadline.intake.v1 import order_service_pb2 as pb
    from leadline.routing.v1 import routing_service_pb2 as routing_pb

orders = typer.Typer(
    help="Show insertion orders with what is used and left of them, or change their state.", invoke_without_command=True
)

Order = Annotated[str, typer.Argument(help="The order.")]
By = Annotated[str, typer.Option("--by", help="Who approves the change.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept with the version made.")]


@orders.callback()
def show(
    context: typer.Context,
    seller: Annotated[str, typer.Option("--seller", help="Only this seller's.")] = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Show every order in force: state, price, and what is used and left of each cap."""
    if context.invoked_subcommand is not None:
        return
    from leadline.intake.v1 import order_service_pb2 as pb
    from services.cli.client import run

    request = pb.ListOrdersRequest(buyer_id=buyer, seller=seller)
    answer = run(lambda services: services.ask(services.orders.ListOrders, request))
    if as_json:
        show_json(plain(answer))
        return
    rows = [row for order in answer.orders for row in _rows(order, answer.currency)]
    columns = ("Order", "Seller", "State", "Pays", "Cap", "Used", "Of", "Left", "Until")
    table(columns, rows, right=("Used", "Of", "Left"))


@orders.command()
def history(order: Order, buyer: Buyer = "", as_json: Json = False) -> None:
    """Show every version of an order: who approved it, when it took effect, why, and what it changed."""
    from leadline.intake.v1 import order_service_pb2 as pb
    from services.cli.client import run

    request = pb.ListOrderVersionsRequest(buyer_id=buyer, order=order)
    answer = run(lambda services: services.ask(services.orders.ListOrderVersions, request))
    if as_json:
        show_json(plain(answer)["versions"])
        return
    for version in answer.versions:
        never = ", superseded before" if version.superseded else ""
        by = f" by {version.approved_by}" if version.approved_by else ""
        say(clean(f"{order}@{version.version}  {version.state}, from {moment(version, 'effective_time')}{never}{by}"))
        if version.note:
            say(clean(f"    {version.note}"))
        for change in version.changes:
            say(clean(f"    {change}"))


@orders.command()
def pause(order: Order, by: By = "", note: Note = "", buyer: Buyer = "", as_json: Json = False) -> None:
    """Stop buying for a while; what was bought stays bought."""
    _amend(order, "paused", by, note, buyer, as_json)


@orders.command()
def resume(order: Order, by: By = "", note: Note = "", buyer: Buyer = "", as_json: Json = False) -> None:
    """Buy again, or for the first time."""
    _amend(order, "active", by, note, buyer, as_json)


@orders.command()
def end(order: Order, by: By = "", note: Note = "", buyer: Buyer = "", as_json: Json = False) -> None:
    """Stop buying for ever: an order that has ended never comes back."""
    _amend(order, "ended", by, note, buyer, as_json)


def _amend(order: str, state: str, by: str, note: str, buyer: str, as_json: bool) -> None:
    from leadline.intake.v1 import order_service_pb2 as pb
    from services.cli.client import run

    request = pb.AmendOrderRequest(buyer_id=buyer, order=order, state=state, approved_by=by or login(), note=note)
    answer = run(lambda services: services.ask(services.orders.AmendOrder, request))
    if as_json:
        show_json(plain(answer))
        return
    name = f"{answer.order.order}@{answer.order.version}"
    say(clean(f"{name} is {state}." if answer.changed else f"{name} was {state} already; nothing changes."))


def _rows(order: pb.OrderInForce, currency: str) -> Iterator[tuple[object, ...]]:
    """A line for each limit; what is about the order as a whole stands on the first."""
    capacity = order.capacity
    state = order.state
    if state == "active" and not capacity.open:
        state = f"closed until {moment(capacity, 'next_opening')[:16] or 'further notice'}"
    elif capacity.HasField("next_turn"):
        state = f"next lead {moment(capacity, 'next_turn')[:19]}"
    name = f"{order.order.order}@{order.order.version}"
    head: tuple[object, ...] = (name, order.seller, state, "\n".join(capacity.prices))
    limits = [row for window in capacity.windows for row in _limits(window, currency)]
    for row in limits or [("no cap", "", "", "any number", "")]:
        yield (*head, *row)
        head = ("", "", "", "")


def _limits(window: routing_pb.WindowCapacity, currency: str) -> Iterator[tuple[object, ...]]:
    name = f"{window.window} of {window.source}" if window.source else window.window
    until = moment(window, "ends_at")[:16]
    if window.HasField("max_leads"):
        by_now = min(window.max_leads, window.paced_leads if window.HasField("paced_leads") else window.max_leads)
        left = max(window.max_leads - window.used_leads, 0)
        now = max(by_now - window.used_leads, 0)
        yield name, window.used_leads, f"{window.max_leads} leads", left if now == left else f"{now} now, {left}", until
    if window.HasField("max_spend_minor"):
        left_minor = max(window.max_spend_minor - window.used_spend_minor, 0)
        amounts = [_amount(minor) for minor in (window.used_spend_minor, window.max_spend_minor, left_minor)]
        yield name, amounts[0], f"{amounts[1]} {currency}", amounts[2], until


def _amount(minor: int) -> str:
    return f"{minor // 100:,}.{minor % 100:02d}"
