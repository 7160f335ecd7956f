"""What a report is about, as people say it, and how it is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.output import set_period, warn

if TYPE_CHECKING:
    from leadline.reporting.v1 import reporting_service_pb2 as pb
    from services.cli.client import Services

_INSTANTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
From = Annotated[
    datetime | None, typer.Option("--from", formats=_INSTANTS, help="First hour, UTC; else the beginning.")
]
To = Annotated[datetime | None, typer.Option("--to", formats=_INSTANTS, help="End, exclusive, UTC; else now.")]
OfSeller = Annotated[str, typer.Option("--seller", help="Only this seller.")]
OfSource = Annotated[str, typer.Option("--source", help="Only this source.")]


def ask_report(
    ask: Callable[[Services, pb.ReportScope], Awaitable[Any]],
    buyer: str,
    since: datetime | None,
    to: datetime | None,
    seller: str,
    source: str,
) -> Any:
    """Ask for a report, and say on standard error where it is behind.

    Raises:
        CommandError: it cannot be had; says why in words.
    """
    from leadline.reporting.v1 import reporting_service_pb2 as pb
    from services.cli.client import run

    async def work(services: Services) -> Any:
        scope = pb.ReportScope(buyer_id=await services.buyer(buyer), seller=seller, source=source)
        set_period(scope, since, to)
        answer = await ask(services, scope)
        fresh = await services.ask(services.reporting.GetFreshness, pb.GetFreshnessRequest(buyer_id=scope.buyer_id))
        if fresh.events_behind:
            warn(f"Reports are {fresh.events_behind:,} events ({fresh.seconds_behind:.1f} s) behind.")
        return answer

    return run(work)
