"""Plays schedules to the real thing and to the model, and compares them after every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from tests.model.compare import Facts, same
from tests.model.facts import BID_REASONS, DUPLICATES, OWN, SOME_DUPLICATE, Answer, Item
from tests.model.model import Model
from tests.model.steps import (
    FIRST_TERMS,
    Act,
    Amend,
    Ask,
    Correct,
    Crash,
    Jump,
    Keep,
    Ping,
    Post,
    Race,
    Send,
    Step,
    Sweep,
)
from tests.model.world import World, cause_of

#: Reasons that a lead may be given where its batch counted room for another that then was not bought.
_NO_ROOM = frozenset({"cap_reached", "budget_exhausted", "pacing"})
Told = tuple[Answer, str]


class Disagreement(AssertionError):  # noqa: N818 - it is what was found, not what failed
    """The real thing and the model differ."""


class Driver:
    """Plays one schedule after the other in one world. `seen`: how often what happened."""

    def __init__(self, world: World) -> None:
        self._world, self._facts = world, Facts(world)
        self._model = Model([])
        self.seen: Counter[str] = Counter()

    async def play(self, steps: Sequence[Step]) -> None:
        """Raises Disagreement, naming the step."""
        world, terms = self._world, {one.order: one for one in FIRST_TERMS}
        await world.begin(terms)
        self._model = Model([(world.clock.now(), terms)])
        for n, step in enumerate([*steps, Sweep()]):
            # So that of two purchases one is the newer.
            world.clock.advance(1)
            try:
                await self._take(step)
                await self._facts.compare(self._model)
            except AssertionError as wrong:
                raise Disagreement(f"step {n}, {step}: {wrong}") from wrong
            self.seen[type(step).__name__.lower()] += 1
        same("defects of the books", await world.defects(), [])
        self.seen["schedules"] += 1

    async def _take(self, step: Step) -> None:
        match step:
            case Send(items):
                await self._send(items)
            case Race(items):
                await self._race(items)
            case Keep(items):
                await self._keep(items)
            case Ping(items):
                self._accept_pings(items, await self._world.ping(items))
            case Post():
                await self._post(step)
            case Sweep():
                await self._sweep(step)
            case Ask():
                await self._ask(step)
            case Act():
                await self._act(step)
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

    # Leads -----------------------------------------------------------------------------------------------------------

    async def _send(self, items: Sequence[Item]) -> None:
        now, first, spared = self._world.clock.now(), True, False
        for item, (told, lead) in zip(items, await self._world.send(items), strict=True):
            expected = self._model.expect(item, now)
            careful = self._is_tied(self._model, item, told, expected)
            careful = careful or (not first and self._is_careful(self._model, item, told, expected, spared))
            if not expected.explains(told) and not careful:
                raise AssertionError(f"answer to {item}: is {told}, must be {expected}")
            self.seen["too careful in a batch"] += careful and expected.what == "accepted" != told.what
            self._model.take(item, now, told, lead)
            first = False
            # One that names no order may have gone to another than the batch kept room in for it.
            spared = spared or told.what != "accepted" or bool(told.replay_of) or not item.order
            self.seen["replayed" if told.replay_of else told.what] += 1

    async def _keep(self, items: Sequence[Item]) -> None:
        now, self._world.away = self._world.clock.now(), True
        try:
            answers = await self._world.send(items)
        finally:
            self._world.away = False
        for item, (told, lead) in zip(items, answers, strict=True):
            expected = self._model.expect_kept(item, now)
            same(f"answer to {item}, which nobody can decide,", told.decision, expected.decision)
            self._model.take(item, now, told, lead)
            self.seen["replayed" if told.replay_of else told.what] += 1

    async def _race(self, items: Sequence[Item]) -> None:
        """Rivals may be served in any order, but it must be as if one after the other."""
        now, told = self._world.clock.now(), await self._world.race(items)

        def take(model: Model, n: int) -> bool:
            (answer, lead), expected = told[n], model.expect(items[n], now)
            # Which order comes nearest depends on how much of a rival was seen.
            refused = expected.what == answer.what == "rejected" and not items[n].order and not answer.replay_of
            if expected.decision != answer.decision and not refused:
                return False
            model.take(items[n], now, answer, lead)
            return True

        self._in_some_order(len(items), take, f"rivals with {[answer for answer, _ in told]}")

    def _in_some_order(self, count: int, take: Callable[[Model, int], bool], what: str) -> None:
        """Have the model take things in an order that explains them; `take`: False where it does not."""

        def tried(model: Model, left: tuple[int, ...]) -> Model | None:
            if not left:
                return model
            for n in left:
                for further in (model.copy(), model.given_back(self._world.clock.now())):
                    if take(further, n) and (done := tried(further, tuple(m for m in left if m != n))):
                        return done
            return None

        found = tried(self._model, tuple(range(count)))
        if found is None:
            raise AssertionError(f"no order explains {what}")
        self._model = found

    def _is_tied(self, model: Model, item: Item, told: Answer, expected: Answer) -> bool:
        """True where several sold the person at one instant, so that nobody can say which order comes nearest."""
        orders = [one.order for one in FIRST_TERMS if one.seller == item.seller]
        tied = any(SOME_DUPLICATE in model.against(order, item, self._world.clock.now()) for order in orders)
        return tied and told.what == "rejected" and self._is_careful(model, item, told, expected, spared=False)

    def _is_careful(self, model: Model, item: Item, told: Answer, expected: Answer, spared: bool) -> bool:
        """True where an answer can be justified by what came before it in its batch.

        A batch is looked at as a whole before any of it is bought. One that is turned down anyway may therefore not
        hear of a rival in its own batch. And where room was kept for a lead that then was not bought (`spared`), those
        behind it may find less room than there is: too careful, and never too much.
        """
        if told.replay_of or expected.replay_of or told.what not in ("accepted", "rejected") or not told.order:
            return False
        now = self._world.clock.now()
        # What is wrong with a bid, nothing in its batch can change.
        against = model.against(told.order, item, now) | (expected.reasons & BID_REASONS)
        if against & DUPLICATES:
            # Of two purchases it may hear of the one before the batch, or of the one in it.
            against |= DUPLICATES
        careful = spared and bool(told.reasons & _NO_ROOM or told.order != expected.order)
        if told.what == "accepted":
            return careful and not against and told.price == model.price(told.order, now)
        justified = bool(told.reasons) and told.reasons <= against | (_NO_ROOM if careful else frozenset())
        return justified and (expected.what == "rejected" or careful)

    # Bids ------------------------------------------------------------------------------------------------------------

    def _accept_pings(self, items: Sequence[Item], told: Sequence[Told]) -> None:
        now = self._world.clock.now()

        def take(model: Model, n: int) -> bool:
            (answer, ping), expected = told[n], model.expect_ping(items[n], now)
            if not (expected.explains(answer) if len(items) == 1 else expected.decision == answer.decision):
                return False
            model.take_ping(items[n], now, answer, ping)
            return True

        wanted = [self._model.expect_ping(item, now) for item in items]
        self._in_some_order(len(items), take, f"pings with {told}; alone each must be {wanted}")
        for answer, _ in told:
            self.seen["ping replayed" if answer.replay_of else answer.what] += 1

    def _taken_up(self, step: Post) -> Item | None:
        """The lead that a post sends; None: there is no bid yet."""
        bids = list(self._model.bids.items())
        if not bids:
            return None
        ping, bid = bids[-1 - step.bid % len(bids)]
        pinged, person = bid.item, step.person
        seller = next(name for name in ("a", "b", OWN) if name != pinged.seller) if step.foreign else pinged.seller
        return Item(
            seller,
            bid.terms.order if person.order and not step.foreign else "",
            pinged.phone or person.phone if step.right else person.phone,
            pinged.email or person.email if step.right else person.email,
            person.external_id,
            ping,
        )

    async def _post(self, step: Post) -> None:
        item = self._taken_up(step)
        if item is None:
            return
        await self._world.token_of(item.bid)
        if step.how == "kept":
            await self._keep([item])
        elif step.how == "alone":
            await self._send([item])
        else:
            rival = item._replace(phone=step.person.phone[:-1] + "9", email="", external_id=f"{item.external_id}-rival")
            await (self._send if step.how == "batch" else self._race)([item, rival])
        self.seen[f"post {step.how}"] += 1

    # What replicas do by themselves ----------------------------------------------------------------------------------

    async def _sweep(self, step: Sweep) -> None:
        await self._world.wait_until_due()
        await self._world.sweep(2 if step.both else 1)
        await self._accept_sweep()
        same("leads that still wait", set(self._model.pending), set())
        self._lapse()
        over = [ping for ping, hold in self._model.holds.items() if hold.ends <= self._world.clock.now()]
        for ping in over:
            self._model.give_back(ping)
        self.seen["given back"] += len(over)

    async def _accept_sweep(self) -> None:
        """Leads that were kept may be decided in any order, as a batch is."""
        now, told = self._world.clock.now(), list((await self._facts.new_leads(self._model)).items())

        def take(model: Model, n: int) -> bool:
            lead, answer = told[n]
            if lead not in model.pending:
                return False
            item, expected = model.leads[lead][0], model.expect_late(lead, now)
            careful = self._is_careful(model, item, answer, expected, spared=len(told) > 1)
            if expected.decision != answer.decision and not careful:
                return False
            model.take(item, now, answer, lead)
            return True

        wanted = {lead: self._model.expect_late(lead, now) for lead in self._model.pending}
        self._in_some_order(len(told), take, f"late decisions {told}; alone each must be {wanted}")
        self._model.forget_pings(now)
        for _, answer in told:
            self.seen[f"{answer.what} late"] += 1

    def _lapse(self) -> None:
        now = self._world.clock.now()
        for name in self._model.books.unanswered(now):
            self.seen[f"lapse {self._model.books.act(name, 'lapse', now)}"] += 1

    # Returns ---------------------------------------------------------------------------------------------------------

    def _bought(self, number: int) -> str:
        bought = list(self._model.books.sold)
        return bought[number % len(bought)] if bought else ""

    async def _ask(self, step: Ask) -> None:
        if not (lead := self._bought(step.lead)):
            return
        names = await self._world.ask(lead, step.amount, 2 if step.both else 1)
        for name in sorted(names, reverse=True):
            state = self._model.books.ask(name or "none", lead, step.amount or None, self._world.clock.now())
            same("a return of the lead", bool(name), state != "impossible")
            self.seen[f"return {state}"] += 1

    def _return(self, number: int) -> str:
        names = list(self._model.books.returns)
        return names[-1 - number % len(names)] if names else ""

    async def _act(self, step: Act) -> None:
        if not (name := self._return(step.which)):
            return
        told = await self._world.act(name, step.action, step.amount, 2 if step.both else 1)
        for possible in sorted(told, reverse=True):
            state = self._model.books.act(name, step.action, self._world.clock.now(), step.amount or None)
            same(f"{step.action} of the return", possible, state != "impossible")
            self.seen[f"{step.action} {state}"] += 1

    # Deaths ----------------------------------------------------------------------------------------------------------

    async def _crash(self, step: Crash) -> None:
        world, died, before = self._world, False, await self._progress()
        match step.step:
            case Send((item,)):
                died = await world.crash(world.send([item]), step.how, step.at)
                await self._accept_dead(item)
            case Post():
                item_of_bid = self._taken_up(step.step)
                if item_of_bid is None:
                    return
                await world.token_of(item_of_bid.bid)
                died = await world.crash(world.send([item_of_bid]), step.how, step.at)
                await self._accept_dead(item_of_bid)
            case Ping((pinged,)):
                died = await world.crash(world.ping_once(pinged), step.how, step.at)
                for ping, answer in (await self._facts.new_pings(self._model)).items():
                    expected = self._model.expect_ping(pinged, world.clock.now())
                    same("a ping that a dead process left", answer, expected.decision)
                    self._model.take_ping(pinged, world.clock.now(), expected, ping)
                    await world.token_of(ping) if expected.what == "bid" else None
            case Sweep():
                await world.wait_until_due()
                died = await world.crash(world.sweep_once(), step.how, step.at)
                await self._accept_part_of_sweep()
            case Ask() | Act():
                died = await self._crash_of_return(step)
        after = await self._progress()
        when = ("after" if before != after else "before or without") if died else "too late for"
        self.seen[f"{type(step.step).__name__.lower()} died {when} a commit"] += 1
        await self._facts.compare(self._model)
        if not isinstance(step.step, Ask | Act) or before == after:
            await self._take(step.step)

    async def _progress(self) -> tuple[int, ...]:
        """What tells whether anything was committed."""
        query = """
        SELECT (SELECT count(*) FROM intake.lead WHERE buyer_id = $1 AND outcome <> 'pending'),
               (SELECT count(*) FROM intake.ping WHERE buyer_id = $1),
               (SELECT count(*) + coalesce(sum(steps), 0) FROM intake.return_request WHERE buyer_id = $1)
        """
        return (await self._facts.rows(query))[0]

    async def _accept_dead(self, item: Item) -> None:
        now = self._world.clock.now()
        for lead, answer in (await self._facts.new_leads(self._model)).items():
            # It was committed: then it has to be what was to come, and whole.
            expected = self._model.expect(item, now)
            if not self._is_tied(self._model, item, answer, expected):
                same("what a dead process left", answer.decision, expected.decision)
            self._model.take(item, now, answer, lead)

    async def _accept_part_of_sweep(self) -> None:
        pings = {row[0] for row in await self._facts.rows("SELECT ping_id::text FROM intake.ping WHERE buyer_id = $1")}
        before = dict(self._model.pings)
        await self._accept_sweep()
        # What it had no time for is left to the next one.
        self._model.pings |= {ping: before[ping] for ping in pings if ping in before}
        kept = await self._facts.returns()
        for name in self._model.books.unanswered(self._world.clock.now()):
            if kept[name][1] != "open":
                self._model.books.act(name, "lapse", self._world.clock.now())

    async def _crash_of_return(self, step: Crash) -> bool:
        world, now, died = self._world, self._world.clock.now(), False
        before = await self._facts.returns()
        if isinstance(step.step, Ask):
            lead = self._bought(step.step.lead)
            if lead:
                died = await world.crash(world.ask_once(lead, step.step.amount), step.how, step.at)
            for name in (await self._facts.returns()).keys() - before.keys():
                self._model.books.ask(name, lead, step.step.amount or None, now)
        elif isinstance(step.step, Act) and (name := self._return(step.step.which)):
            doing = world.act_once(name, step.step.action, step.step.amount)
            died = await world.crash(doing, step.how, step.at)
            if (await self._facts.returns())[name] != before[name]:
                self._model.books.act(name, step.step.action, now, step.step.amount or None)
        return died

    # Terms and money -------------------------------------------------------------------------------------------------

    async def _amend(self, step: Amend) -> None:
        at = self._world.clock.now() + timedelta(seconds=step.delay)
        before = self._model.terms(at)
        if before[step.terms.order] != step.terms:
            after = {**before, step.terms.order: step.terms}
            await self._world.apply(after, step.delay)
            self._model.amend(at, after)

    async def _correct(self, step: Correct) -> None:
        lead, amount, undone, books = self._bought(step.lead), step.amount, None, self._model.books
        if not lead:
            return
        if step.kind in ("reversal", "release"):
            wanted = "credit" if step.kind == "reversal" else "hold"
            there = [one for one in books.transfers if one.kind == wanted]
            if not there:
                return
            undone = there[step.undone % len(there)]
            lead, amount = undone.lead, undone.amount
        told = await self._world.correct(step, lead, amount, undone)
        undoes = f"{undone.kind} {undone.cause}" if undone else ""
        same("the correction", told, books.post(step.kind, lead, amount, cause_of(step), undoes))
        self.seen[f"correction {told}"] += 1
