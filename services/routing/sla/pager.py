"""Tells the operators' log what people of a team should know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import structlog

from services.routing.sla.worker import Alert
from shared.db.pool import Connection

_log = structlog.get_logger(__name__)


class LogPager:
    """Logs alerts; see `services.routing.sla.worker.Pager`."""

    async def tell(self, _conn: Connection, alerts: Sequence[Alert]) -> None:
        """One line for each team and point."""
        told = Counter((alert.clock.start.buyer_id, alert.team, alert.point) for alert in alerts)
        for (buyer_id, team, point), count in sorted(told.items()):
            _log.warning("leads wait to be called", buyer_id=buyer_id, team=team, reason=point, count=count)
