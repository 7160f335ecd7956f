"""One sign that a lead may not be a person's, and what all of them add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.validation.verdict import Finding, Notes

_SCORE = "bots.score"
#: The scale's end; a certain sign alone reaches it.
HIGHEST = 100
#: Most points that the signs of one kind bring together, so that one odd thing seen in three ways counts once. No kind
#: reaches the usual threshold of 60 alone: people share networks, paste from password managers and move to other
#: states, each of them for good reasons, but hardly ever all at once.
MOST: Mapping[str, int] = {"agent": 25, "network": 40, "input": 40, "pattern": 25, "identity": 20}


class Sign(NamedTuple):
    """A sign that proves nothing by itself. What was not told gives no sign."""

    #: In lower case with underscores, such as `paste_only`.
    name: str
    #: From 1 to 100.
    points: int
    #: What was seen, in a few words, never personal data: "a machine of Hetzner".
    explanation: str


class Score(NamedTuple):
    """What the signs add up to, from 0 to 100."""

    points: int
    #: Every sign with its points.
    told: str


NOTHING = Score(0, "no sign of a program")


def add_up(signs: Iterable[tuple[str, Sequence[Sign]]]) -> Score:
    """The score of signs by kind: their sum, each kind at most its share and all of it at most 100.

    One more sign never lowers it.
    """
    points, told = 0, []
    for kind, of_kind in signs:
        if not of_kind:
            continue
        together = 0
        for sign in of_kind:
            together += sign.points
            told.append(f"{sign.name} {sign.points}")
        if together > MOST[kind]:
            told.append(f"{kind} together {MOST[kind]}")
            together = MOST[kind]
        points += together
    if not told:
        return NOTHING
    points = min(points, HIGHEST)
    return Score(points, f"{points}: {', '.join(told)}")


def judge_score(score: Score, threshold: int, notes: Notes) -> None:
    """Holds what the signs add up to against an order's threshold."""
    if score.points < threshold:
        notes.passed(_SCORE, "signals", score.told, f"below {threshold}")
        return
    message = f"Expected signs of a program that add up to less than {threshold} of 100; these do not: {score.told}."
    notes.failed(_SCORE, Finding("bot_detected", "signals", message), score.told, f"below {threshold}")
