"""What people of a team are told, as an e-mail and as a webhook. Pure; ids and times, never who the person is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.routing.sla.clock import Point, RunningClock

#: Clocks that an e-mail names; the rest are counted.
MOST_NAMED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Clocks of one team that passed a point in the same look."""

    point: Point
    #: Of the team that is told.
    team: str
    team_name: str
    buyer_id: str
    #: In which times are shown.
    zone: str
    at: datetime
    clocks: Sequence[RunningClock]

    @property
    def subject(self) -> str:
        """One line."""
        count = len(self.clocks)
        leads = "1 lead" if count == 1 else f"{count} leads"
        match self.point:
            case "reminder":
                return f"{leads} to be called soon: {self.team_name}"
            case "escalated":
                return f"{leads} waited too long and {'is' if count == 1 else 'are'} now yours: {self.team_name}"
            case _:
                return f"{leads} waited too long: {self.team_name}"

    @property
    def text(self) -> str:
        """The body of an e-mail."""
        lines = [self.subject + ".", ""]
        lines += [self._line(clock) for clock in self.clocks[:MOST_NAMED]]
        if len(self.clocks) > MOST_NAMED:
            lines.append(f"and {len(self.clocks) - MOST_NAMED} more")
        of = sorted({clock.start.team for clock in self.clocks})[0]
        lines += ["", f"leadline sla --buyer {self.buyer_id} --team {of} --open"]
        return "\n".join(lines) + "\n"

    @property
    def document(self) -> bytes:
        """The body of a webhook, JSON."""
        data = {
            "buyer": self.buyer_id,
            "team": self.team,
            "clocks": [
                {
                    "lead_id": str(clock.start.lead_id),
                    "task_id": str(clock.start.task_id),
                    "order": clock.start.order,
                    "team": clock.start.team,
                    "clock": clock.start.clock,
                    "agreed_seconds": clock.start.agreed_seconds,
                    "started_at": clock.start.started_at.isoformat(),
                    "due_at": clock.start.due_at.isoformat(),
                }
                for clock in self.clocks
            ],
        }
        said = {"type": f"sla.{self.point}", "timestamp": self.at.isoformat(), "data": data}
        return json.dumps(said, separators=(",", ":")).encode()

    def _line(self, clock: RunningClock) -> str:
        start, zone = clock.start, ZoneInfo(self.zone)
        bought, due = (f"{at.astimezone(zone):%H:%M:%S}" for at in (start.started_at, start.due_at))
        since = "" if clock.attempt is None else ", called since"
        return f"{start.lead_id}  {start.order}  bought {bought}, to be called by {due} {self.zone}{since}"
