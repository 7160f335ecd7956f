"""Brings alerts to people: deliveries to the addresses that teams name, and a line in the operators' log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

import structlog

from services.routing.accepted import AcceptedLead
from services.routing.delivery.delivery import ChannelName, Delivery
from services.routing.delivery.store import add_deliveries
from services.routing.follow_up import derived_id
from services.routing.sla.store import revision_in_force
from services.routing.sla.worker import Alert
from shared.catalog.sales import Team
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Connection
from shared.rpc.errors import Internal, NotFound

_log = structlog.get_logger(__name__)

#: What nobody could be told of for so long is known by then.
_GIVE_UP = timedelta(hours=4)


class Pager:
    """See `services.routing.sla.worker.Pager`. One message for each team and point of a look, however many leads."""

    def __init__(self, catalogs: CatalogReader) -> None:
        self._catalogs = catalogs

    async def tell(self, conn: Connection, alerts: Sequence[Alert], /) -> None:
        """Write the deliveries, with the look or not at all. A team that names no address is told by its queue only."""
        deliveries: list[Delivery] = []
        for (buyer_id, team, point), group in groupby(sorted(alerts, key=_order), key=lambda one: _order(one)[:3]):
            told = list(group)
            _log.warning("leads wait to be called", buyer_id=buyer_id, team=team, reason=point, count=len(told))
            known = await self._team(conn, buyer_id, team)
            if known is not None:
                deliveries += [_delivery(told[0], channel, to) for channel, to in _addresses(known)]
        if deliveries:
            await add_deliveries(conn, deliveries)

    async def _team(self, conn: Connection, buyer_id: str, team: str) -> Team | None:
        try:
            view = await self._catalogs.get(buyer_id, await revision_in_force(conn, buyer_id))
        except (NotFound, Internal):
            # One buyer's catalog must not keep the others' clocks from being told.
            return None
        return view.team(team)


def _order(alert: Alert) -> tuple[str, str, str, str]:
    return alert.clock.start.buyer_id, alert.team, alert.point, str(alert.clock.start.lead_id)


def _addresses(team: Team) -> list[tuple[ChannelName, str]]:
    """How a team is told: the channel, and what names the receiver there."""
    found: list[tuple[ChannelName, str]] = [("alert_email", team.slug)] if team.alert_email else []
    if team.alert_receiver is not None:
        found.append(("alert_webhook", team.alert_receiver))
    return found


def _delivery(first: Alert, channel: ChannelName, receiver: str) -> Delivery:
    start = first.clock.start
    return Delivery(
        # A clock passes each point once, so that this is the only message of this kind about its lead.
        delivery_id=derived_id(start.lead_id, f"sla:{first.point}:{first.team}:{channel}"),
        lead=AcceptedLead(
            buyer_id=start.buyer_id,
            lead_id=start.lead_id,
            seller=start.seller,
            source=start.source,
            order=start.order,
            catalog_revision=start.catalog_revision,
            team=first.team,
            submitted_at=None,
            received_at=start.started_at,
            decided_at=start.started_at,
            traceparent="",
        ),
        channel=channel,
        receiver=receiver,
        purpose="alert",
        # Which clocks it is about is told by the point and the instant at which they passed it.
        template=first.point,
        created_at=first.at,
        give_up_at=first.at + _GIVE_UP,
    )
