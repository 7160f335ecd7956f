"""Stories and parts of them, for the tests of this folder. Instants are seconds after the purchase."""

from __future__ import annotations

from services.reporting.story import Assigned, Attempt, Handed, Said, Story, Task

#: 2026-11-23 15:00 UTC, a Monday.
BOUGHT_AT = 1_795_446_000_000_000


def at(seconds: float) -> int:
    """An instant."""
    return BOUGHT_AT + round(seconds * 1_000_000)


def bought(**more: object) -> Story:
    """A bought lead, submitted three seconds before it was received."""
    told = {
        "bought": True, "seller": "marco", "source": "best.example", "order": "auto", "team": "east",
        "submitted": at(-3.015), "received": at(-0.015), "decided": at(0),
    }  # fmt: skip
    return Story(**{**told, **more})  # type: ignore[arg-type]  # whatever a test says


def attempt(seconds: float, *, name: str = "", live: bool = False, **more: object) -> Story:
    """A real attempt."""
    told = {"channel": "call", "team": "east", "agent": "ann", "at": at(seconds), "live": live, **more}
    return Story(bought=True, decided=at(0), attempts={name or f"a{seconds}": Attempt(**told)})  # type: ignore[arg-type]


def automatic(seconds: float) -> Story:
    """A message that a program sent, and that somebody even answered."""
    return attempt(seconds, name=f"robot{seconds}", live=True, automatic=True, agent="")


def reply(seconds: float) -> Story:
    """The person wrote back."""
    return attempt(seconds, name=f"reply{seconds}", live=True, inbound=True, agent="", channel="text")


def task(seconds: float, name: str = "t1") -> Story:
    """A task was written."""
    return Story(bought=True, tasks={name: Task(team="east", at=at(seconds))})


def assigned(seconds: float, agent: str = "ann") -> Story:
    """It went to an agent."""
    return Story(bought=True, assigned={f"t1 {seconds}": Assigned(team="east", agent=agent, at=at(seconds))})


def handed(seconds: float, channel: str = "email") -> Story:
    """A message was handed over."""
    return Story(bought=True, handed={f"d{seconds}": Handed(channel=channel, at=at(seconds))})


def said(disposition: str, seconds: float) -> Story:
    """An agent's word."""
    return Story(bought=True, said={disposition: Said(at=at(seconds), agent="ann")})


def joined(*told: Story) -> Story:
    """All of it."""
    story = Story()
    for part in told:
        story = story.joined(part)
    return story
