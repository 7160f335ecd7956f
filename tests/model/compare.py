"""Every fact in Postgres against the model's."""

from __future__ import annotations

from typing import Any

from leadline.intake.v1 import intake_service_pb2 as pb
from tests.model.facts import Answer, window_name
from tests.model.model import Model
from tests.model.world import World, said

_LEADS = (
    "SELECT lead_id::text, seller, outcome, coalesce(order_slug, ''), price_minor FROM intake.lead WHERE buyer_id = $1"
)
_ANSWERS = "SELECT lead_id::text, answer FROM intake.lead WHERE buyer_id = $1 AND outcome <> 'pending'"
_PENDING = "SELECT lead_id::text FROM intake.pending WHERE buyer_id = $1"
_SUBMISSIONS = "SELECT seller, lead_id::text FROM intake.submission WHERE buyer_id = $1"
_CLAIMS = "SELECT lead_id::text, kind, digest FROM dedup.identity_claim WHERE buyer_id = $1"
_CAPACITY = """
SELECT order_slug, window_kind, starts_at, leads, spend FROM routing.capacity
 WHERE buyer_id = $1 AND window_kind <> 'pace' AND leads + spend > 0
"""
_PINGS = """
SELECT ping_id::text, seller, outcome, coalesce(order_slug, ''), price_minor FROM intake.ping WHERE buyer_id = $1
"""
_TAKERS = "SELECT ping_id::text, lead_id::text FROM intake.ping WHERE buyer_id = $1 AND lead_id IS NOT NULL"
_HOLDS = "SELECT ping_id::text, price_minor, coalesce(lead_id::text, '') FROM intake.hold WHERE buyer_id = $1"
_RETURNS = """
SELECT return_id::text, lead_id::text, state, amount_minor, steps FROM intake.return_request WHERE buyer_id = $1
"""
_TRANSFERS = """
SELECT t.kind, t.lead_id::text, t.amount_minor, t.debit_account, t.credit_account, t.cause,
       coalesce(u.kind || ' ' || u.cause, '')
  FROM ledger.transfer AS t LEFT JOIN ledger.transfer AS u ON u.buyer_id = t.buyer_id AND u.transfer_id = t.undoes
 WHERE t.buyer_id = $1
"""
_BALANCES = "SELECT account, sum(balance_minor)::bigint FROM ledger.balance WHERE buyer_id = $1 GROUP BY account"
_OUTBOX = "SELECT consumer, topic, count(*) FROM outbox.message WHERE buyer_id = $1 GROUP BY consumer, topic"


class Facts:
    """What is in Postgres of the world's buyer."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def compare(self, model: Model) -> None:
        """Raise AssertionError where a fact is another than the model's; holds that are over may be given back."""
        await self._leads(model)
        await self._bids(model)
        used = {}
        for order, kind, starts_at, count, spend in await self.rows(_CAPACITY):
            used[order, kind, window_name(kind, starts_at)] = (count, spend)
        same("capacity used", used, {row: of for row, of in model.used.items() if any(of)})
        await self._money(model)
        told = {row[:2]: row[2] for row in await self.rows(_OUTBOX) if row[1] != "flagged"}
        same("messages", told, _messages(model))

    async def new_leads(self, model: Model) -> dict[str, Answer]:
        """Leads that the model does not know, or not decided, as they are kept."""
        known = {lead for lead in model.leads if lead not in model.pending}
        found = {
            row[0]: Answer(row[2], row[3], row[4])
            for row in await self.rows(_LEADS)
            if row[0] not in known and (row[2] != "pending" or row[0] not in model.leads)
        }
        answers = await self.rows(_ANSWERS) if found else []
        told = {lead: said(pb.LeadAnswer.FromString(answer)) for lead, answer in answers if lead in found}
        return {lead: answer._replace(reasons=told[lead].reasons if lead in told else frozenset())
                for lead, answer in found.items()}  # fmt: skip

    async def new_pings(self, model: Model) -> dict[str, Answer]:
        """Pings that the model does not know."""
        rows = await self.rows(_PINGS)
        return {row[0]: Answer(row[2], row[3], row[4]) for row in rows if row[0] not in model.pings}

    async def returns(self) -> dict[str, tuple[str, str, int, int]]:
        """Returns by id: lead, state, amount and steps."""
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in await self.rows(_RETURNS)}

    async def _leads(self, model: Model) -> None:
        leads = {
            (lead, item.seller, answer.what, answer.order, answer.price) for lead, (item, answer) in model.leads.items()
        }
        same("leads", set(await self.rows(_LEADS)), leads)
        same("pending leads", {row[0] for row in await self.rows(_PENDING)}, set(model.pending))
        same(
            "submissions",
            set(await self.rows(_SUBMISSIONS)),
            {(key[0], lead) for key, (_, lead, _) in model.submissions.items()},
        )
        claims = await self.rows(_CLAIMS)
        same("claims", {row[:2] for row in claims}, {(one.lead, one.kind) for one in model.claims})
        same("claimed persons", len({row[1:] for row in claims}), len({(one.kind, one.value) for one in model.claims}))

    async def _bids(self, model: Model) -> None:
        pings = {
            (ping, item.seller, answer.what, answer.order, answer.price)
            for ping, (item, answer, _) in model.pings.items()
        }
        same("pings", set(await self.rows(_PINGS)), pings)
        takers = {ping: lead for ping, lead in model.takers.items() if ping in model.pings}
        same("takers", dict(await self.rows(_TAKERS)), takers)
        holds = {row[0]: row[1:] for row in await self.rows(_HOLDS)}
        for ping in [ping for ping, hold in model.holds.items() if ping not in holds]:
            # Whoever looks gives back what is over.
            assert model.holds[ping].ends <= self._world.clock.now(), f"hold of {ping} is gone before its time"
            model.give_back(ping)
        same("holds", holds, {ping: (hold.price, hold.lead) for ping, hold in model.holds.items()})

    async def _money(self, model: Model) -> None:
        books = model.books
        same("transfers", sorted(await self.rows(_TRANSFERS)), sorted(map(tuple, books.transfers)))
        balances = dict(await self.rows(_BALANCES))
        same("balances", balances, books.balances())
        same("the sum of the books", sum(balances.values()), 0)
        wanted = {name: (one.lead, one.state, one.amount, one.steps) for name, one in books.returns.items()}
        same("returns", await self.returns(), wanted)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query says of the buyer."""
        return [tuple(row) for row in await self._world.admin.fetch(query, self._world.buyer)]


def same(what: str, real: object, expected: object) -> None:
    """Raise AssertionError unless they are equal."""
    if real != expected:
        raise AssertionError(f"{what}: is {real}, must be {expected}")


def _messages(model: Model) -> dict[tuple[str, str], int]:
    """How many messages of which topic each consumer must have got."""
    bought = sum(answer.what == "accepted" for _, answer in model.leads.values())
    counts = {
        ("reporting", "decided"): len(model.leads) - len(model.pending),
        ("routing", "decided"): bought,
        ("validation", "decided"): bought,
        ("reporting", "transferred"): sum(one.kind != "charge" for one in model.books.transfers),
        # What is taken back is not followed up any more.
        ("routing", "transferred"): sum(
            one.kind == "credit" and one.cause.startswith("return:") for one in model.books.transfers
        ),
    }
    return {topic: count for topic, count in counts.items() if count}
