"""The proof of the books: whoever changes what is written is found out, and told by name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from leadline.intake.v1 import ledger_service_pb2 as pb
from tests.clock import FakeClock
from tests.integration.books_world import CONTEXT, DECEMBER, NOVEMBER, Office, open_office
from tests.integration.intake_world import BUYER


@pytest.fixture
async def office(database_url: str, clock: FakeClock) -> AsyncIterator[Office]:
    async with open_office(database_url, clock) as opened:
        yield opened


_TAMPER = [
    ("UPDATE ledger.transfer SET amount_minor = 3100 WHERE kind = 'charge'", "is not charged at its price"),
    ("UPDATE ledger.transfer SET amount_minor = 3300 WHERE kind = 'credit'", "was charged 3200 and 3300 of it"),
    ("UPDATE ledger.transfer SET why = 'other' WHERE kind = 'credit'", "statement 1 of marco is not what was closed"),
    ("DELETE FROM ledger.transfer WHERE kind = 'credit'", "statement 1 of marco does not add up to its entries"),
    ("DELETE FROM ledger.transfer WHERE kind = 'charge'", "was bought and is not charged"),
    ("UPDATE ledger.statement SET closing_minor = 1, opening_minor = 1", "statement 1 of marco does not follow"),
    ("UPDATE ledger.statement SET closed_by = 'me'", "statement 1 of marco is not what was closed"),
    ("DELETE FROM ledger.statement_entry", "is in no statement"),
    ("UPDATE intake.lead SET outcome = 'rejected', price_minor = 0", "is charged and was not bought"),
    ("UPDATE intake.lead SET test = true", "is charged and was not bought"),
    ("UPDATE ledger.transfer SET seller = 'quickquote', credit_account = 'spend:marco-auto-2026', "
     "debit_account = 'payable:quickquote' WHERE kind = 'credit'", "is about no charge like it"),
]  # fmt: skip


@pytest.mark.parametrize(("tampering", "named"), _TAMPER, ids=[text for text, _ in _TAMPER])
async def test_whoever_changes_what_is_written_is_found_out(office: Office, tampering: str, named: str) -> None:
    lead = await office.buy(NOVEMBER + timedelta(days=2))
    await office.move(NOVEMBER + timedelta(days=3), "credit", lead, 3200, "return:1")
    await office.close(DECEMBER, month="2026-11")
    assert (await office.ledger.CheckBooks(pb.CheckBooksRequest(), CONTEXT)).balanced
    if "ledger." in tampering:
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await office.world.admin.execute(tampering)
    # With the rights of a superuser, past every trigger.
    await office.world.admin.execute(f"SET session_replication_role = replica; {tampering}")
    answer = await office.ledger.CheckBooks(pb.CheckBooksRequest(), CONTEXT)
    assert not answer.balanced
    assert any(named in defect for defect in answer.defects), answer.defects


async def test_a_closed_statement_takes_no_more_entries(office: Office) -> None:
    await office.buy(NOVEMBER + timedelta(days=2))
    await office.close(DECEMBER, month="2026-11")
    lead = await office.buy(DECEMBER + timedelta(days=2))
    with pytest.raises(asyncpg.PostgresError, match="takes no more entries"):
        await office.world.pool.execute("INSERT INTO ledger.statement_entry VALUES ($1, $2, 'marco', 1)", BUYER, lead)
