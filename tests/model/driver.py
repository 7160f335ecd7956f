"""Plays schedules to the real thing and to the model, and compares them after every step."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from tests.model.model import DUPLICATES, Answer, Item, Model, window_name
from tests.model.steps import FIRST_TERMS, Amend, Correct, Crash, Jump, Race, Send, Step, schedule
from tests.model.world import World, cause_of

_LEADS = (
    "SELECT lead_id::text, seller, outcome, coalesce(order_slug, ''), price_minor FROM intake.lead WHERE buyer_id = $1"
)
_SUBMISSIONS = "SELECT seller, lead_id::text FROM intake.submission WHERE buyer_id = $1"
_CLAIMS = "SELECT lead_id::text, kind, digest FROM dedup.identity_claim WHERE buyer_id = $1"
_CAPACITY = """
SELECT order_slug, window_kind, starts_at, leads, spend FROM routing.capacity
 WHERE buyer_id = $1 AND window_kind <> 'pace' AND leads + spend > 0
"""
_TRANSFERS = """
SELECT t.kind, t.lead_id::text, t.amount_minor, t.debit_account, t.credit_account, t.cause,
       coalesce(u.kind || ' ' || u.cause, '')
  FROM ledger.transfer AS t LEFT JOIN ledger.transfer AS u ON u.buyer_id = t.buyer_id AND u.transfer_id = t.undoes
 WHERE t.buyer_id = $1
"""
_BALANCES = "SELECT account, sum(balance_minor)::bigint FROM ledger.balance WHERE buyer_id = $1 GROUP BY account"
_OUTBOX = "SELECT consumer, topic, count(*) FROM outbox.message WHERE buyer_id = $1 GROUP BY consumer, topic"
#: Reasons that a lead may be given where its batch counted room for another that then was not bought.
_NO_ROOM = frozenset({"cap_reached", "budget_exhausted", "pacing"})


class Disagreement(AssertionError):  # noqa: N818 - it is what was found, not what failed
    """The real thing and the model differ."""


class Driver:
    """Plays one schedule after the other in one world. `seen`: how often what happened."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._model = Model([])
        self.seen: Counter[str] = Counter()

    async def play(self, steps: Sequence[Step]) -> None:
        """Raises Disagreement, naming the step."""
        world, terms = self._world, {one.order: one for one in FIRST_TERMS}
        await world.begin(terms)
        self._model = Model([(world.clock.now(), terms)])
        for n, step in enumerate(steps):
            # So that of two purchases one is the newer.
            world.clock.advance(1)
            try:
                await self._take(step)
                await self._compare()
            except AssertionError as wrong:
                raise Disagreement(f"step {n}, {step}: {wrong}") from wrong
            self.seen[type(step).__name__.lower()] += 1
        _same("defects of the books", await world.defects(), [])
        self.seen["schedules"] += 1

    async def _take(self, step: Step) -> None:
        match step:
            case Send(items):
                await self._send(items)
            case Race(items):
                self._accept_any_order(items, await self._world.race(items))
            case Crash():
                await self._crash(step)
            case Amend():
                await self._amend(step)
            case Jump(seconds) if seconds < 0:
                self._world.clock.jump(self._world.clock.now() + timedelta(seconds=seconds))
            case Jump(seconds):
                self._world.clock.advance(seconds)
            case Correct():
                await self._correct(step)

    async def _send(self, items: Sequence[Item]) -> None:
        now, first, spared = self._world.clock.now(), True, False
        for item, (told, lead) in zip(items, await self._world.send(items), strict=True):
            expected = self._model.expect(item, now)
            if not expected.explains(told) and (first or not self._is_careful(item, told, expected, spared)):
                raise AssertionError(f"answer to {item}: is {told}, must be {expected}")
            self._model.take(item, now, told, lead)
            first, spared = False, spared or told.what != "accepted" or bool(told.replay_of)
            self.seen["replayed" if told.replay_of else told.what] += 1

    def _is_careful(self, item: Item, told: Answer, expected: Answer, spared: bool) -> bool:
        """True where an answer can be justified by what came before it in its batch.

        A batch is looked at as a whole before any of it is bought. One that is turned down anyway may therefore not
        hear of a rival in its own batch. And where room was kept for a lead that then was not bought (`spared`), those
        behind it may find less room than there is: too careful, and never too much.
        """
        if told.replay_of or expected.replay_of or told.what not in ("accepted", "rejected") or not told.order:
            return False
        against = self._model.against(told.order, item, self._world.clock.now())
        if against & DUPLICATES:
            # Of two purchases it may hear of the one before the batch, or of the one in it.
            against |= DUPLICATES
        careful = spared and (told.reasons & _NO_ROOM or told.order != expected.order)
        if told.what == "accepted":
            justified = (
                bool(careful) and not against and told.price == self._model.price(told.order, self._world.clock.now())
            )
        else:
            justified = bool(told.reasons) and told.reasons <= against | (_NO_ROOM if careful else frozenset())
            justified = justified and (expected.what == "rejected" or bool(careful))
        self.seen["too careful in a batch"] += justified and expected.what == "accepted"
        return justified

    def _accept_any_order(self, items: Sequence[Item], told: Sequence[tuple[Answer, str]]) -> None:
        """Rivals may be served in any order, but it must be as if one after the other."""
        now = self._world.clock.now()
        for order in itertools.permutations(range(len(items))):
            model = self._model.copy()
            for n in order:
                answer, lead = told[n]
                if model.expect(items[n], now).decision != answer.decision:
                    break
                model.take(items[n], now, answer, lead)
            else:
                self._model = model
                return
        raise AssertionError(f"no order of the rivals explains {[answer for answer, _ in told]}")

    async def _crash(self, step: Crash) -> None:
        died = await self._world.crash(step)
        known = {lead for lead, _ in self._model.leads.items()}
        stored = [row for row in await self._rows(_LEADS) if row[0] not in known]
        if stored:
            # It was committed: then it has to be what was to come, and whole.
            expected = self._model.expect(step.item, self._world.clock.now())
            _same(
                "what a dead process left",
                [row[2:] for row in stored],
                [(expected.what, expected.order, expected.price)],
            )
            self._model.take(step.item, self._world.clock.now(), expected, stored[0][0])
        when = ("after" if stored else "before or without") if died else "too late for"
        self.seen[f"died {when} a commit"] += 1
        await self._compare()
        await self._send([step.item])

    async def _amend(self, step: Amend) -> None:
        at = self._world.clock.now() + timedelta(seconds=step.delay)
        before = self._model.terms(at)
        if before[step.terms.order] != step.terms:
            after = {**before, step.terms.order: step.terms}
            await self._world.apply(after, step.delay)
            self._model.amend(at, after)

    async def _correct(self, step: Correct) -> None:
        bought = [lead for lead, (_, answer) in self._model.leads.items() if answer.what == "accepted"]
        if not bought:
            return
        lead, amount, undone = bought[step.lead % len(bought)], step.amount, None
        if step.kind in ("reversal", "release"):
            wanted = "credit" if step.kind == "reversal" else "hold"
            there = [one for one in self._model.transfers if one.kind == wanted]
            if not there:
                return
            undone = there[step.undone % len(there)]
            lead, amount = undone.lead, undone.amount
        told = await self._world.correct(step, lead, amount, undone)
        undoes = f"{undone.kind} {undone.cause}" if undone else ""
        _same("the correction", told, self._model.correct(step.kind, lead, amount, cause_of(step), undoes))
        self.seen[f"correction {told}"] += 1

    async def _compare(self) -> None:
        """Every fact in Postgres against the model's."""
        model = self._model
        leads = {
            (lead, item.seller, answer.what, answer.order, answer.price) for lead, (item, answer) in model.leads.items()
        }
        _same("leads", set(await self._rows(_LEADS)), leads)
        _same(
            "submissions",
            set(await self._rows(_SUBMISSIONS)),
            {(key[0], lead) for key, (_, lead, _) in model.submissions.items()},
        )
        claims = await self._rows(_CLAIMS)
        _same("claims", {row[:2] for row in claims}, {(one.lead, one.kind) for one in model.claims})
        _same("claimed persons", len({row[1:] for row in claims}), len({(one.kind, one.value) for one in model.claims}))
        used = {}
        for order, kind, starts_at, count, spend in await self._rows(_CAPACITY):
            used[order, kind, window_name(kind, starts_at)] = (count, spend)
        _same("capacity used", used, model.used)
        _same("transfers", sorted(await self._rows(_TRANSFERS)), sorted(map(tuple, model.transfers)))
        balances = dict(await self._rows(_BALANCES))
        _same("balances", balances, model.balances())
        _same("the sum of the books", sum(balances.values()), 0)
        _same(
            "messages", {row[:2]: row[2] for row in await self._rows(_OUTBOX) if row[1] != "flagged"}, _messages(model)
        )

    async def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._world.admin.fetch(query, self._world.buyer)]


def _messages(model: Model) -> dict[tuple[str, str], int]:
    """How many messages of which topic each consumer must have got."""
    bought = sum(answer.what == "accepted" for _, answer in model.leads.values())
    counts = {
        ("reporting", "decided"): len(model.leads),
        ("routing", "decided"): bought,
        ("validation", "decided"): bought,
        ("reporting", "transferred"): sum(one.kind != "charge" for one in model.transfers),
    }
    return {topic: count for topic, count in counts.items() if count}


def _same(what: str, real: object, expected: object) -> None:
    if real != expected:
        raise AssertionError(f"{what}: is {real}, must be {expected}")


async def run(world: World, seeds: Iterable[str], length: int, *, shrink: bool = True) -> Driver:
    """Play the schedules of these seeds.

    Raises:
        Disagreement: names the seed, and the fewest steps found that still go wrong; all steps unless `shrink`.
    """
    driver = Driver(world)
    for seed in seeds:
        steps = schedule(seed, length)
        try:
            await driver.play(steps)
        except Disagreement as wrong:
            fewest, last = await _shrunk(driver, steps, wrong) if shrink else (steps, wrong)
            listed = "\n".join(f"  {step}" for step in fewest)
            raise Disagreement(f"seed {seed!r}, {length} steps; these are enough:\n{listed}\n{last}") from wrong
    return driver


async def _shrunk(driver: Driver, steps: list[Step], wrong: Disagreement) -> tuple[list[Step], Disagreement]:
    """Leave out whatever the disagreement can do without, the last steps first."""
    for n in reversed(range(len(steps))):
        fewer = steps[:n] + steps[n + 1 :]
        try:
            await driver.play(fewer)
        except Disagreement as still:
            steps, wrong = fewer, still
    return steps, wrong
