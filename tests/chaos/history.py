"""What a seller's client did and was told: the outside half of what the checker compares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deploy.demo.bodies import Body
from deploy.demo.lead import DemoLead

DECIDED = frozenset({"accepted", "rejected"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what came of it."""

    #: HTTP status; 0 where no answer came.
    status: int
    #: From the request until the whole answer was there, or until it was plain that none comes.
    seconds: float
    #: Error code of a problem document, or the exception's type; empty for an answer.
    fault: str = ""


@dataclass(slots=True)
class Sent:
    """One submission with everything that its client saw of it."""

    lead: DemoLead
    body: Body
    posts: list[Attempt] = field(default_factory=list)
    looks: list[Attempt] = field(default_factory=list)
    #: Every answer with an outcome, in the order they came.
    answers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def final(self) -> dict[str, Any] | None:
        """The decision, once there is one."""
        return next((answer for answer in self.answers if answer["outcome"] in DECIDED), None)

    @property
    def acknowledged(self) -> bool:
        """Whether the client was promised that its lead is kept."""
        return bool(self.answers)


def contradictions(sent: Sent) -> list[str]:
    """What is wrong with the answers to one submission, by themselves."""
    name = sent.lead.external_id
    if sent.final is None:
        statuses = [attempt.status for attempt in sent.posts]
        return [f"submission {name} was never decided: HTTP {statuses}, {len(sent.answers)} answers"]
    found = []
    if len({answer["lead_id"] for answer in sent.answers}) > 1:
        found.append(f"submission {name} was given several lead ids")
    decided = [answer for answer in sent.answers if answer["outcome"] in DECIDED]
    if any(_promise(answer) != _promise(decided[0]) for answer in decided):
        found.append(f"submission {name} was answered differently when it was sent again")
    if any(attempt.status == 409 for attempt in sent.posts):
        found.append(f"submission {name} was called another one's copy, HTTP 409")
    return found


def _promise(answer: dict[str, Any]) -> tuple[Any, ...]:
    reasons = sorted(reason["code"] for reason in answer["reasons"])
    return answer["outcome"], answer["price"], answer["order"], reasons, answer["trace_id"], answer["decision_ms"]
