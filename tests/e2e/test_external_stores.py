"""Leadline on somebody else's Postgres and Redis, given by URL, also with a login that is no superuser."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import redis

from deploy.local.child import SuiteError
from deploy.local.launch import Suite
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.valkey import EmbeddedValkey
from tests.chaos.checker import violations
from tests.chaos.client import SellerClient
from tests.e2e.market import Market, environ, fresh_folder, open_market

pytestmark = pytest.mark.timeout(180)

DATABASE = "bought"
_PASSWORD = "p%40ss%2Fword"
_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Stores:
    """Servers that are not the suite's."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    #: `superuser`, or `ordinary`: one that may only make roles, and schemas in its database.
    login: str


# Roles belong to a whole server, and only who made them may hand them out: a server for each login.
@pytest.fixture(scope="module", params=["superuser", "ordinary"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    with (
        fresh_folder() as folder,
        EmbeddedPostgres(folder / "postgres", durable=False) as postgres,
        EmbeddedValkey(folder / "valkey") as valkey,
    ):
        yield Stores(postgres, valkey, request.param)


def administer(stores: Stores, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(stores.postgres.url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def as_login(url: str, user: str) -> str:
    address = urlsplit(url)
    return urlunsplit(address._replace(netloc=f"{user}:{_PASSWORD}@{address.hostname}:{address.port}"))


@pytest.fixture(scope="module")
def market(stores: Stores) -> Iterator[Market]:
    """A market in a database of its own."""
    administer(stores, f"CREATE DATABASE {DATABASE}")
    url = stores.postgres.url_of(DATABASE)
    if stores.login == "ordinary":
        administer(
            stores,
            "CREATE ROLE leads LOGIN NOSUPERUSER CREATEROLE PASSWORD 'p@ss/word'",
            f"GRANT CREATE, CONNECT ON DATABASE {DATABASE} TO leads",
        )
        url = as_login(url, "leads")
    with open_market(LEADLINE_POSTGRES_URL=url, LEADLINE_REDIS_URL=stores.valkey.url) as opened:
        yield opened


async def test_leads_are_bought_and_every_promise_is_kept(market: Market) -> None:
    client = SellerClient(market.suite.gateway_url, market.keys)

    history = await client.sell(islice(market.stream(600), 200))

    outcomes = Counter(sent.final["outcome"] for sent in history if sent.final)
    assert outcomes["accepted"] > 100
    assert outcomes["rejected"] > 10
    assert await violations(market.suite, history) == []


def test_everything_is_kept_in_the_stores_that_were_named(market: Market, stores: Stores) -> None:
    assert market.suite.redis_url == stores.valkey.url
    assert f":{stores.postgres.url_of('x').rpartition(':')[2].partition('/')[0]}/" in market.suite.postgres_url
    folder = market.suite.directory.path
    assert not (folder / "postgres").exists()
    assert not (folder / "valkey").exists()
    with pytest.raises(SuiteError, match="no member 'postgres'"):
        market.suite.pid("postgres")


def test_the_doorbells_ring_in_the_redis_that_was_named(market: Market, stores: Stores) -> None:
    # Not that a ring left something: a ring that would take too long is given up. But whoever waits, waits here.
    until = time.monotonic() + _WAIT_SECONDS
    with redis.from_url(stores.valkey.url) as client:
        while "cmdstat_xread" not in client.info("commandstats"):
            assert time.monotonic() < until, "no process of the suite waits there"
            time.sleep(0.05)


def test_a_database_that_is_not_there_is_told_before_any_service_starts(stores: Stores) -> None:
    with fresh_folder() as folder:
        url = stores.postgres.url_of("no_such_database")
        variables = environ(LEADLINE_POSTGRES_URL=url, LEADLINE_REDIS_URL=stores.valkey.url)
        suite = Suite(folder / "data", free=True, environ=variables)
        with pytest.raises(SuiteError, match=r"could not be migrated(.|\n)*no_such_database") as told:
            suite.start()
        assert "Traceback" not in str(told.value)
        assert not list((folder / "data" / "logs").iterdir())
