"""Teams, and what is agreed with them about the first attempt: parts of `shared.catalog.terms`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from shared.catalog.buying import Schedule
from shared.catalog.words import Positive, Slug, Term, Text

#: `wall`: every second counts. `business`: only seconds in which the team is open, by its schedule.
AgreedClock = Literal["wall", "business"]

#: Who gets a team's next task: whoever asks for it, or by weight, in turn, or to whoever has least.
Distribution = Literal["pull", "weighted", "round_robin", "shortest_queue"]

#: Where an order says nothing.
DEFAULT_SECONDS = 300
LONGEST_SECONDS = 2_592_000


class Team(Term, frozen=True, kw_only=True):
    """Sales people who call."""

    slug: Slug
    name: Text
    #: When its people work; its zone: the buyer's where it names none. The hours of a business clock.
    schedule: Schedule = Schedule()
    #: Where its people are told of reminders and breaches: an address, a receiver of the catalog, or both.
    alert_email: str = ""
    alert_receiver: Slug | None = None
    #: How its people come by their calls; see `services/routing/work/distribution.py`.
    distribution: Distribution = "pull"
    #: Who gets what none of its people could take for so long; left out: it waits, visibly.
    fallback: Slug | None = None
    fallback_seconds: Annotated[int, Meta(ge=1, le=604_800)] = 300


class Sla(Term, frozen=True, kw_only=True):
    """How soon after its purchase a lead is called, and what happens where it is not.

    Only a person's attempt stops the clock. Nothing pauses it but, on a business clock, the team's closed hours.
    """

    #: Seconds on the agreed clock from purchase to the first real attempt; at most 30 days.
    seconds: Annotated[int, Meta(ge=1, le=LONGEST_SECONDS)]
    clock: AgreedClock = "wall"
    #: Remind the team once so much of the time has gone, in per cent. Neither of the two: at 80 %.
    remind_at_percent: Annotated[int, Meta(ge=1, le=99)] | None = None
    #: Or so many seconds, on the agreed clock, before it runs out; 0: no reminder.
    remind_seconds_before: Annotated[int, Meta(ge=0, le=LONGEST_SECONDS)] | None = None
    #: A team that is also told of a breach.
    escalate_to: Slug | None = None
    #: At breach the task is taken from its agent, and goes to `escalate_to` where that is given.
    reassign: bool = False

    @property
    def remind_after_seconds(self) -> float | None:
        """Seconds on the agreed clock after which the team is reminded; None: it is not."""
        if self.remind_seconds_before is not None:
            return float(self.seconds - self.remind_seconds_before) if self.remind_seconds_before else None
        return self.seconds * (self.remind_at_percent or 80) / 100


class Agreements(Term, frozen=True, kw_only=True):
    """What an order agrees with the teams that follow its leads up."""

    #: Seconds from purchase to the first real attempt: short for `sla: {seconds: 300}`.
    sla_seconds: Positive = DEFAULT_SECONDS
    #: The agreement in full; and those of single teams, where they differ.
    sla: Sla | None = None
    sla_by_team: dict[Slug, Sla] = field(default_factory=dict)

    @property
    def escalates_to(self) -> tuple[Slug, ...]:
        """Teams that any of its agreements escalates to."""
        agreements = (self.sla, *self.sla_by_team.values())
        return tuple(one.escalate_to for one in agreements if one is not None and one.escalate_to is not None)

    def agreed(self, team: str) -> Sla:
        """What is agreed with a team; empty: with nobody in particular."""
        return self.sla_by_team.get(team) or self.sla or Sla(seconds=min(self.sla_seconds, LONGEST_SECONDS))
