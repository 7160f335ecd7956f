"""Where books are kept in one process: real Postgres, leads to buy, money to move, statements and the read model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.intake.v1 import ledger_service_pb2 as pb
from services.intake.books.posting_store import post
from services.intake.books.proof_store import BooksProof
from services.intake.books.statement_store import StatementStore
from services.intake.books.transfer import Kind, Movement
from services.intake.ledger_service import LedgerService
from services.reporting.service import ReportingService
from services.reporting.store import Store
from shared.db.pool import Pool, open_pool
from shared.runtime.settings import DatabaseSettings
from tests.chaos.checker import ROWS
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, World, intake_world
from tests.integration.reporting_world import catch_up

CONTEXT = cast(grpc.aio.ServicerContext[Any, Any], None)
#: November 2026 begins and ends in New York.
NOVEMBER = datetime(2026, 11, 1, 4, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 5, tzinfo=UTC)


@dataclass
class Office:
    """Where books are kept and statements written."""

    world: World
    ledger: LedgerService
    reporting_pool: Pool
    bought: int = 0

    @property
    def reporting(self) -> ReportingService:
        return ReportingService(Store(self.reporting_pool))

    async def buy(self, at: datetime, price_minor: int = 3200, seller: str = "marco") -> str:
        self.bought += 1
        n = self.bought
        self.world.clock.jump(at)
        self.world.stages.price_minor = price_minor
        order = "marco-auto-2026" if seller == "marco" else ""
        (result,) = await self.world.submit(
            self.world.item(seller, order, external_id=f"m-{n}", phone=f"+1512{n:07d}", email=f"p{n}@x.org")
        )
        return result.answer.lead_id

    async def move(
        self, at: datetime, kind: Kind, lead_id: str, amount_minor: int, cause: str, undoes: str = ""
    ) -> None:
        movement = Movement(
            kind=kind, lead_id=lead_id, amount_minor=amount_minor, cause=cause, who="returns", why="agreed",
            undoes=undoes,
        )  # fmt: skip
        async with self.world.pool.acquire() as connection, connection.transaction():
            await post(connection, BUYER, [movement], at)

    async def statement(self, **words: Any) -> pb.GetStatementResponse:
        words = {"seller": "marco", **words}
        return await self.ledger.GetStatement(pb.GetStatementRequest(**words), CONTEXT)

    async def entries(self, page_size: int = 7, **words: Any) -> list[pb.StatementEntry]:
        named = pb.GetStatementRequest(**{"seller": "marco", **words})
        found: list[pb.StatementEntry] = []
        token = ""
        while True:
            request = pb.ListStatementEntriesRequest(statement=named, page_size=page_size, page_token=token)
            page = await self.ledger.ListStatementEntries(request, CONTEXT)
            found += page.entries
            token = page.next_page_token
            if not token:
                return found

    async def close(self, at: datetime, **words: Any) -> pb.ClosedStatement:
        self.world.clock.jump(at)
        request = pb.CloseStatementRequest(**{"seller": "marco", "closed_by": "fin", **words})
        return (await self.ledger.CloseStatement(request, CONTEXT)).statement

    async def project(self) -> None:
        await catch_up(self.reporting_pool)

    async def whole(self) -> None:
        """The books prove themselves, and the read model says the same by the hour."""
        answer = await self.ledger.CheckBooks(pb.CheckBooksRequest(), CONTEXT)
        assert list(answer.defects) == []
        assert answer.balanced
        await self.project()
        assert [row["what"] for row in await self.world.admin.fetch(ROWS["money"])] == []


@asynccontextmanager
async def open_office(database_url: str, clock: FakeClock) -> AsyncIterator[Office]:
    """Books on a migrated database, and the read model beside them."""
    async with (
        intake_world(database_url, clock) as world,
        open_pool(DatabaseSettings(url=database_url), role="leadline_reporting", name="test") as reporting_pool,
    ):
        ledger = LedgerService(
            statements=StatementStore(world.pool), proof=BooksProof(world.pool), directory=world.directory,
            clock=world.clock, ring=lambda: None,
        )  # fmt: skip
        yield Office(world, ledger, reporting_pool)


def stamp(instant: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(instant)
    return made
