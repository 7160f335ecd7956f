"""The whole suite with the demo catalog and a key for every seller: where end-to-end tests buy and sell."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import grpc

from deploy.demo.bodies import Body, body_of
from deploy.demo.lead import DemoLead
from deploy.demo.stream import Stream
from deploy.local.child import ROOT
from deploy.local.launch import Suite
from deploy.local.up import CATALOG
from deploy.local.welcome import prepare
from leadline.intake.v1 import catalog_service_pb2 as catalog_pb
from leadline.intake.v1.catalog_service_pb2_grpc import CatalogServiceStub
from leadline.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from leadline.intake.v1.ledger_service_pb2_grpc import LedgerServiceStub
from shared.catalog.terms import Catalog

CALL_SECONDS = 20.0
POST_SECONDS = 30.0
BUYER = "big-bank"


def environ(**more: str) -> dict[str, str]:
    """Our environment without any setting of Leadline's or of a trace exporter, and with `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEADLINE_", "OTEL_"))}
    return {**kept, **more}


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder that Postgres' own user can reach, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="leadline-e2e-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def open_market(*, replicas: int = 1, **variables: str) -> Iterator[Market]:
    """Start everything on free ports in a fresh folder, with `variables` in the processes' environment."""
    with (
        fresh_folder() as folder,
        Suite(folder / "data", free=True, environ=environ(**variables), replicas=replicas) as suite,
    ):
        ready = prepare(suite.target("intake"), CATALOG, folder / "demo.key")
        with grpc.insecure_channel(
            suite.target("intake"), options=[("grpc.initial_reconnect_backoff_ms", 100)]
        ) as channel:
            market = Market(suite, ready.catalog, channel)
            market.make_keys()
            yield market


@dataclass(frozen=True, slots=True)
class Answer:
    """What HTTP said."""

    status: int
    body: Any
    text: str
    headers: Mapping[str, str]

    @property
    def reasons(self) -> set[str]:
        """Codes of the reasons of a decided lead."""
        return {reason["code"] for reason in self.body["reasons"]}

    @property
    def promise(self) -> dict[str, Any]:
        """The answer without what may differ when the same submission is answered again."""
        return {name: value for name, value in self.body.items() if name != "replayed"}


class Market:
    """A running suite that buys.

    Args:
        suite: Everything, started.
        catalog: What was applied.
        channel: To intake.
    """

    def __init__(self, suite: Suite, catalog: Catalog, channel: grpc.Channel) -> None:
        self.suite = suite
        self.catalog = catalog
        self.channel = channel
        self.catalogs = CatalogServiceStub(channel)
        self.intake = IntakeServiceStub(channel)
        self.ledger = LedgerServiceStub(channel)
        self.keys: dict[str, str] = {}
        self.purposes = 0

    def make_keys(self) -> None:
        """A key for every seller."""
        self.keys = {seller.slug: self.key(seller.slug) for seller in self.catalog.sellers}

    def key(self, seller: str, *orders: str) -> str:
        """A new key of a seller, for a purpose of its own: of one purpose there are no more than two."""
        self.purposes += 1
        request = catalog_pb.CreateAccessKeyRequest(seller=seller, orders=orders, label=f"test {self.purposes}")
        return str(self.catalogs.CreateAccessKey(request, timeout=CALL_SECONDS).access_key)

    def apply(self, document: str) -> int:
        """Put a catalog in force; returns its revision."""
        request = catalog_pb.ApplyCatalogRequest(document=document, approved_by="test", note="test")
        answer = self.catalogs.ApplyCatalog(request, timeout=CALL_SECONDS)
        assert not answer.errors, answer.errors
        return int(answer.revision)

    @cached_property
    def wordings(self) -> dict[str, str]:
        """Each seller's approved disclosure, as the stream wants it."""
        texts = {item.slug: item.text for item in self.catalog.disclosures}
        return {seller: item.text for item in self.catalog.disclosures for seller in item.sellers} | {
            "lead-form": texts["big-bank-lead-form-2026"],
            "big-bank-web": texts["big-bank-tcpa-2026"],
        }

    def stream(self, seed: int) -> list[DemoLead]:
        """The labelled stream of a seed, with ids of its own so that several streams can be played."""
        leads = Stream(seed, self.wordings).leads()
        for lead in leads:
            lead.external_id = f"{seed}-{lead.external_id}"
        return leads

    def good(self, seed: int, *, seller: str = "marco") -> Iterator[DemoLead]:
        """Leads of distinct people that are all to be bought, and are not the cap's or a duplicate's."""
        for lead in self.stream(seed):
            if lead.good and lead.turn == 0 and lead.seller == seller and lead.order != "marco-pilot-2026":
                yield lead

    async def rows(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask Postgres, as its superuser."""
        connection = await asyncpg.connect(self.suite.postgres_url)
        try:
            return await connection.fetch(sql, *arguments)
        finally:
            await connection.close()

    async def stored(self) -> list[int]:
        """Rows of everything that a submission may leave."""
        tables = ("intake.lead", "intake.person", "intake.submission", "intake.pending", "ledger.transfer")
        return [(await self.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in tables]


class Poster:
    """Sellers' HTTP client: posts once, retries nothing.

    Args:
        market: Where to.
        connections: How many posts are under way at once.
        gateway: Which replica of it, where there are several.
    """

    def __init__(self, market: Market, *, connections: int = 64, gateway: str = "gateway") -> None:
        self._market = market
        self._session = aiohttp.ClientSession(
            f"http://{market.suite.target(gateway)}",
            connector=aiohttp.TCPConnector(limit=connections),
            timeout=aiohttp.ClientTimeout(total=POST_SECONDS),
        )

    async def __aenter__(self) -> Poster:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._session.close()

    async def sell(self, lead: DemoLead, *, key: str = "", **headers: str) -> Answer:
        """Post a lead as its seller does."""
        return await self.post(body_of(lead, datetime.now(UTC)), key or self._market.keys[lead.seller], **headers)

    async def post(self, body: Body, key: str, **headers: str) -> Answer:
        """Post a body; an underscore in a header's name means a dash."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Content-Type": body.content_type, "Authorization": f"Bearer {key}", **named}
        async with self._session.post(body.path, data=BytesIO(body.content), headers=sent) as response:
            return await _answer(response)

    async def get(self, path: str, key: str) -> Answer:
        """Ask something with a key."""
        async with self._session.get(path, headers={"Authorization": f"Bearer {key}"}) as response:
            return await _answer(response)


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    text = await response.text()
    body = await response.json(content_type=None) if response.content_type.endswith(("/json", "+json")) else None
    return Answer(response.status, body, text, dict(response.headers))


async def leadline(market: Market, *arguments: str | Path) -> tuple[int, str, str]:
    """Runs the command line against the market: status, output, errors."""
    targets = {
        f"LEADLINE_{name.upper()}_TARGET": market.suite.target(name)
        for name in ("intake", "validation", "routing", "reporting")
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", *map(str, arguments)),
        cwd=ROOT, env=environ(**targets), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
