"""Statements over real Postgres: a month of buying, returning and disputing closes to the cent, and stays closed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, timedelta
from itertools import pairwise
from typing import Any

import pytest

from leadline.common.v1 import transfer_pb2
from leadline.intake.v1 import ledger_service_pb2 as pb
from leadline.reporting.v1 import reporting_service_pb2 as reporting_pb
from services.intake.books.transfer import transfer_id
from shared.rpc.errors import KeyInvalid, Malformed, NotFound, WrongState
from tests.clock import FakeClock
from tests.integration.books_world import CONTEXT, DECEMBER, NOVEMBER, Office, open_office, stamp
from tests.integration.intake_world import BUYER


@pytest.fixture
async def office(database_url: str, clock: FakeClock) -> AsyncIterator[Office]:
    async with open_office(database_url, clock) as opened:
        yield opened


def minor(line: pb.StatementLine) -> dict[str, int]:
    names = ("charged", "credited", "reversed", "fees", "adjusted", "held", "released", "total")
    return {name: getattr(line, name).amount_minor for name in names if getattr(line, name).amount_minor}


async def a_month(office: Office) -> dict[str, int]:
    """Sixty leads from two sellers, returns in full and in part, a dispute lost and one that stands, an adjustment."""
    chance = random.Random(7)
    leads = [
        await office.buy(
            NOVEMBER + timedelta(hours=12 * n, minutes=chance.randrange(600)),
            chance.choice([1850, 3200, 4400]),
            "marco" if n % 3 else "quickquote",
        )
        for n in range(58)
    ]
    rows = await office.world.admin.fetch("SELECT * FROM ledger.transfer WHERE kind = 'charge'")
    charge = {str(row["transfer_id"]): row for row in rows}
    mine = [lead for lead in leads if charge[lead]["seller"] == "marco"]
    at = {lead: charge[lead]["posted_at"] + timedelta(days=1) for lead in mine}
    price = {lead: charge[lead]["amount_minor"] for lead in mine}
    for n, lead in enumerate(mine[:8]):
        # Every other return is for a part, with odd cents.
        amount = price[lead] if n % 2 else price[lead] * 37 // 100
        await office.move(at[lead], "credit", lead, amount, f"return:{n}")
        await office.move(at[lead], "fee", lead, 250, f"return:{n}")
    # The seller disputes two; it wins the first, the second still stands at the month's end.
    for n in (1, 3):
        undone = transfer_id("credit", f"return:{n}")
        when = at[mine[n]] + timedelta(days=1)
        await office.move(when, "reversal", mine[n], price[mine[n]], f"dispute:{n}", undone)
        await office.move(when, "hold", mine[n], price[mine[n]], f"dispute:{n}")
    won = transfer_id("hold", "dispute:1")
    await office.move(at[mine[1]] + timedelta(days=3), "release", mine[1], price[mine[1]], "decision:1", won)
    office.world.clock.jump(NOVEMBER + timedelta(days=29))
    for amount, to_seller in ((1234, True), (99, False)):
        request = pb.AdjustRequest(
            order="marco-auto-2026", amount_minor=amount, to_seller=to_seller, who="tracey", why="counted by hand",
            key=f"k-{amount}",
        )  # fmt: skip
        await office.ledger.Adjust(request, CONTEXT)
    return {
        "leads": len(mine),
        "charged": sum(price.values()),
        "credited": sum(price[lead] if n % 2 else price[lead] * 37 // 100 for n, lead in enumerate(mine[:8])),
        "reversed": price[mine[1]] + price[mine[3]],
        "fees": 8 * 250,
        "adjusted": 1234 - 99,
        "held": price[mine[1]] + price[mine[3]],
        "released": price[mine[1]],
        "standing": price[mine[3]],
    }


async def test_a_month_closes_into_a_statement_equal_to_ledger_and_read_model_to_the_cent(office: Office) -> None:
    right = await a_month(office)
    await office.whole()
    office.world.clock.jump(DECEMBER - timedelta(hours=1))
    open_one = await office.statement(month="2026-11")
    closed = await office.close(DECEMBER + timedelta(hours=9), month="2026-11")
    statement = await office.statement(month="2026-11")

    total = (
        right["charged"] - right["credited"] + right["reversed"] + right["fees"] + right["adjusted"]
        - right["held"] + right["released"]
    )  # fmt: skip
    assert statement.sums.leads == right["leads"] == closed.leads
    assert minor(statement.sums) == {
        **{name: right[name] for name in right if name not in ("leads", "standing")}, "total": total
    }  # fmt: skip
    assert (statement.opening.amount_minor, statement.closing.amount_minor) == (0, total)
    assert statement.closing_held.amount_minor == right["standing"] == closed.closing_held.amount_minor
    assert (closed.number, closed.closing.amount_minor, closed.total.amount_minor) == (1, total, total)
    assert statement.closed == closed
    # Closing changed no figure of it.
    assert list(open_one.lines) == list(statement.lines)

    balance = {
        row["account"]: row["minor"]
        for row in await office.world.admin.fetch(
            "SELECT account, sum(balance_minor)::bigint AS minor FROM ledger.balance WHERE seller = 'marco' GROUP BY 1"
        )
    }
    assert balance["payable:marco"] == total
    assert balance["held:marco"] == right["standing"]
    assert sum(balance.values()) == 0

    await office.whole()
    scope = reporting_pb.ReportScope(buyer_id=BUYER, seller="marco", to=stamp(DECEMBER))
    getattr(scope, "from").FromDatetime(NOVEMBER)
    told = await office.reporting.GetSellerStatement(reporting_pb.GetSellerStatementRequest(scope=scope), CONTEXT)
    assert told.total.amount_minor == total + right["standing"]
    assert sum(line.charged.amount_minor for line in told.lines) == right["charged"]
    assert sum(line.credited.amount_minor for line in told.lines) == right["credited"] - right["reversed"]
    assert sum(line.held.amount_minor for line in told.lines) == right["standing"]

    entries = await office.entries(month="2026-11")
    assert sum(entry.amount.amount_minor for entry in entries) == total
    assert len({entry.transfer_id for entry in entries}) == len(entries)
    assert [entry.posted_at.ToDatetime() for entry in entries] == sorted(
        entry.posted_at.ToDatetime() for entry in entries
    )
    credits_ = [entry for entry in entries if entry.kind == transfer_pb2.TRANSFER_KIND_CREDIT]
    assert {entry.cause for entry in credits_} == {f"return:{n}" for n in range(8)}
    assert all(entry.lead_id and entry.external_id.startswith("m-") for entry in credits_)


async def test_what_moves_after_the_closing_is_in_the_next_statement_and_names_its_lead(office: Office) -> None:
    lead = await office.buy(NOVEMBER + timedelta(days=2))
    first = await office.close(DECEMBER + timedelta(days=1), month="2026-11")
    await office.move(DECEMBER + timedelta(days=2), "credit", lead, 1200, "return:late")
    # A charge of November whose transaction came through only after the closing.
    late = await office.buy(DECEMBER - timedelta(seconds=1), 4400)

    november = await office.statement(month="2026-11")
    assert (november.closing.amount_minor, november.sums.leads) == (3200, 1)
    office.world.clock.jump(DECEMBER + timedelta(days=3))
    december = await office.statement(month="2026-12")
    assert (december.opening.amount_minor, december.closing.amount_minor) == (3200, 3200 - 1200 + 4400)
    assert {entry.lead_id for entry in await office.entries(month="2026-12")} == {lead, late}

    second = await office.close(DECEMBER + timedelta(days=40), month="2026-12")
    assert (second.number, second.total.amount_minor, second.leads) == (2, 3200, 1)
    assert (await office.statement(number=1)).closed == first
    closed = await office.statement(number=2)
    assert (closed.closed.digest, minor(closed.sums)) == (second.digest, minor(december.sums))
    # Any period counts it where the statements do.
    across = await office.statement(to=stamp(DECEMBER))
    assert across.closing.amount_minor == 3200
    await office.whole()


async def test_any_two_instants_make_a_statement_that_begins_where_the_one_before_ends(office: Office) -> None:
    await a_month(office)
    cuts = [NOVEMBER + timedelta(days=day, hours=7) for day in (0, 3, 4, 11, 22, 40)]
    before = await office.statement(to=stamp(cuts[0]))
    for start, end in pairwise(cuts):
        part = await office.statement(to=stamp(end), **{"from": stamp(start)})
        assert (part.opening, part.opening_held) == (before.closing, before.closing_held)
        before = part
    assert before.closing == (await office.statement(to=stamp(cuts[-1]))).closing
    await office.close(DECEMBER + timedelta(days=1), month="2026-11")
    inside = await office.statement(to=stamp(cuts[4]), **{"from": stamp(cuts[3])})
    office.world.clock.jump(DECEMBER + timedelta(days=60))
    assert inside == await office.statement(to=stamp(cuts[4]), **{"from": stamp(cuts[3])})


async def test_a_period_that_cannot_be_closed_is_refused_in_words(office: Office) -> None:
    await office.buy(NOVEMBER - timedelta(days=3))
    await office.buy(NOVEMBER + timedelta(days=3))
    with pytest.raises(WrongState, match="has not ended"):
        await office.close(DECEMBER - timedelta(hours=1), month="2026-11")
    with pytest.raises(WrongState, match="close that period first"):
        await office.close(DECEMBER, month="2026-11")
    await office.close(DECEMBER, month="2026-10")
    await office.close(DECEMBER, month="2026-11")
    with pytest.raises(WrongState, match="statement 2 of marco is closed and covers this period"):
        await office.close(DECEMBER, month="2026-11")
    with pytest.raises(WrongState, match="statement 2 of marco"):
        await office.close(DECEMBER, month="2026-10")
    with pytest.raises(NotFound):
        await office.close(DECEMBER, seller="nobody", month="2026-11")
    with pytest.raises(Malformed, match="closed_by"):
        await office.close(DECEMBER, month="2026-11", closed_by=" ")
    with pytest.raises(Malformed, match="month"):
        await office.close(DECEMBER, month="November")
    # From the last closing on, where no beginning is told.
    january = await office.close(DECEMBER + timedelta(days=9), to=stamp(DECEMBER + timedelta(days=8)))
    assert (january.number, getattr(january, "from").ToDatetime(tzinfo=UTC)) == (3, DECEMBER)
    listed = await office.ledger.ListStatements(pb.ListStatementsRequest(seller="marco"), CONTEXT)
    assert [one.number for one in listed.statements] == [1, 2, 3]


async def test_sixty_four_closings_among_credits_make_one_chain_that_holds_everything_once(office: Office) -> None:
    leads = [await office.buy(NOVEMBER + timedelta(days=n)) for n in range(8)]
    office.world.clock.jump(DECEMBER)
    closings: list[pb.ClosedStatement] = []

    async def close() -> None:
        request = pb.CloseStatementRequest(seller="marco", closed_by="fin", month="2026-11")
        with suppress(WrongState):
            closings.append((await office.ledger.CloseStatement(request, CONTEXT)).statement)

    async def credit(n: int) -> None:
        await office.move(DECEMBER - timedelta(minutes=n), "credit", leads[n % 8], 100, f"return:{n}")

    await asyncio.gather(*[close() if n % 2 else credit(n) for n in range(64)])
    assert [one.number for one in closings] == [1]
    office.world.clock.jump(DECEMBER + timedelta(days=40))
    await office.close(DECEMBER + timedelta(days=40), month="2026-12")
    assert await office.world.count("ledger.statement_entry") == await office.world.count("ledger.transfer") == 40
    assert (await office.statement(number=2)).closing.amount_minor == 8 * 3200 - 32 * 100
    await office.whole()


async def test_a_seller_sees_its_own_statement_only_and_not_who_decided(office: Office) -> None:
    lead = await office.buy(NOVEMBER + timedelta(days=2))
    await office.move(NOVEMBER + timedelta(days=3), "credit", lead, 3200, "return:1")
    office.world.clock.jump(NOVEMBER + timedelta(days=4))
    words: dict[str, Any] = {"month": "2026-11", "seller": "marco"}
    theirs = await office.statement(access_key=office.world.keys["quickquote"], **words)
    assert (theirs.seller, len(theirs.lines), theirs.closing.amount_minor) == ("quickquote", 0, 0)
    own = await office.entries(access_key=office.world.keys["marco"], **words)
    assert [(entry.why, entry.who) for entry in own] == [("", ""), ("agreed", "")]
    assert [entry.who for entry in await office.entries(**words)] == ["", "returns"]
    with pytest.raises(KeyInvalid):
        await office.statement(access_key="ll_live_nothing", **words)


async def test_an_adjustment_names_who_and_why_and_is_made_once(office: Office) -> None:
    lead = await office.buy(NOVEMBER + timedelta(days=2))
    request = pb.AdjustRequest(lead_id=lead, amount_minor=500, who="tracey", why="wrong price", key="k")
    first = await office.ledger.Adjust(request, CONTEXT)
    again = await office.ledger.Adjust(request, CONTEXT)
    assert (first.seller, first.payable.amount_minor, first.repeated) == ("marco", 2700, False)
    assert (again.transfer_id, again.payable, again.repeated) == (first.transfer_id, first.payable, True)
    request.amount_minor = 600
    with pytest.raises(WrongState, match="posted before, with other content"):
        await office.ledger.Adjust(request, CONTEXT)
    for fault, field in (
        ({"who": ""}, "who"), ({"why": " "}, "why"), ({"key": ""}, "key"), ({"amount_minor": 0}, "amount_minor"),
        ({"order": "marco-auto-2026"}, "lead_id"), ({"lead_id": "x"}, "lead_id"),
    ):  # fmt: skip
        broken = pb.AdjustRequest()
        broken.CopyFrom(request)
        for name, value in fault.items():
            setattr(broken, name, value)
        with pytest.raises(Malformed, match=field):
            await office.ledger.Adjust(broken, CONTEXT)
    with pytest.raises(NotFound):
        await office.ledger.Adjust(pb.AdjustRequest(order="nobody", amount_minor=1, who="t", why="w", key="x"), CONTEXT)
    await office.whole()
