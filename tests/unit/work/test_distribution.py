from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.work.agent import Agent, AgentNow
from services.routing.work.distribution import MOST_BEHIND, Distribution, Turns, give
from tests.unit.work.samples import START


def standing(name: str, weight: int = 1, holding: int = 0) -> AgentNow:
    return AgentNow(
        agent=Agent(buyer_id="big-bank", agent=name, team="east", weight=weight, capacity=100), holding=holding
    )


class Team:
    """A team that is given one task after the other."""

    def __init__(self, way: Distribution, agents: Sequence[AgentNow]) -> None:
        self.way = way
        self.agents = {one.agent.agent: one for one in agents}
        self.turns = Turns()
        self.given: list[str] = []

    def next(self, away: Sequence[str] = (), only: Sequence[str] | None = None) -> str:
        present = [one for name, one in self.agents.items() if name not in away]
        eligible = [one.agent.agent for one in present if only is None or one.agent.agent in only]
        now = START + timedelta(seconds=len(self.given))
        one = give(self.way, present, eligible, self.turns, now)
        assert one is not None
        self.turns = one.turns
        self.agents.update({stands.agent.agent: stands for stands in one.present})
        self.given.append(one.agent)
        return one.agent


weights = st.lists(st.integers(1, 20), min_size=1, max_size=8)


@given(weights, st.integers(1, 120))
@settings(max_examples=60)
def test_shares_by_weight_never_stray_by_more_than_one_turn(each: list[int], tasks: int) -> None:
    team = Team("weighted", [standing(f"a{at}", weight) for at, weight in enumerate(each)])
    got: Counter[str] = Counter()
    for _ in range(tasks):
        got[team.next()] += 1
        stood = [got[f"a{at}"] / weight for at, weight in enumerate(each)]
        assert max(stood) - min(stood) <= 1 / min(each) + 1e-9
    for one, weight in enumerate(each):
        for other, against in enumerate(each):
            apart = abs(got[f"a{one}"] / weight - got[f"a{other}"] / against)
            assert apart <= max(1 / weight, 1 / against) + 1e-9


@given(st.integers(1, 9), st.integers(1, 60))
@settings(max_examples=40)
def test_in_turn_everybody_gets_one_before_anybody_gets_two(agents: int, tasks: int) -> None:
    team = Team("round_robin", [standing(f"a{at}", weight=at + 1) for at in range(agents)])
    for _ in range(tasks):
        team.next()
    got = [team.given.count(f"a{at}") for at in range(agents)]
    assert max(got) - min(got) <= 1


@given(
    st.sampled_from(["weighted", "round_robin"]),
    st.integers(5, 80),
    st.lists(st.integers(1, 5), min_size=3, max_size=3),
)
@settings(max_examples=40)
def test_who_was_away_gets_no_burst_to_catch_up(way: Distribution, missed: int, each: list[int]) -> None:
    team = Team(way, [standing(f"a{at}", weight) for at, weight in enumerate(each)])
    for _ in range(missed):
        team.next(away=["a0"])
    back_at = len(team.given)
    share = each[0] / sum(each) if way == "weighted" else 1 / 3
    for more in range(1, 31):
        team.next()
        got = team.given[back_at:].count("a0")
        assert got <= more * share + 2, "as if it had always been there, and at most two more"


def test_who_could_not_take_what_came_catches_up_by_few_turns_only() -> None:
    team = Team("round_robin", [standing("licensed"), standing("texan")])
    for _ in range(50):
        team.next(only=["licensed"])
    back_at = len(team.given)
    for _ in range(20):
        team.next()
    in_a_row = team.given[back_at:].index("licensed")
    assert in_a_row <= MOST_BEHIND + 1


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(1, 60))
@settings(max_examples=40)
def test_the_shortest_queue_is_filled_first(held: list[int], tasks: int) -> None:
    team = Team("shortest_queue", [standing(f"a{at}", holding=count) for at, count in enumerate(held)])
    for _ in range(tasks):
        shortest = min(one.holding for one in team.agents.values())
        before = {name: one.holding for name, one in team.agents.items()}
        assert before[team.next()] == shortest


def test_of_equally_short_queues_the_one_that_has_waited_longest_is_next() -> None:
    team = Team("shortest_queue", [standing("a"), standing("b"), standing("c")])
    assert [team.next() for _ in range(6)] == ["a", "b", "c", "a", "b", "c"]


def test_nobody_eligible_gets_nothing() -> None:
    assert give("weighted", [standing("a")], [], Turns(), START) is None
