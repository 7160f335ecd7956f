"""Real servers for every test that needs one, started once a session and clean for every test."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from deploy.local.postgres import EmbeddedPostgres
from deploy.local.valkey import EmbeddedValkey
from shared.db.migrate import migrate
from tests.clock import FakeClock

_TEMPLATE = "template_leadline"

#: Tests that kill parts of the whole suite: one after the other, beside all the rest.
_KILLING = "chaos"


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Where tests run on several workers: a file is one worker's, and so is everything that kills."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return _KILLING if Path(file).parts[1] == _KILLING else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """How xdist hands tests out. Its own groups by mark are not seen by this pytest."""
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder for servers; pytest's own are closed to the user that Postgres runs as under root."""
    folder = Path(tempfile.mkdtemp(prefix="leadline-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(server_folder: Path) -> Iterator[EmbeddedPostgres]:
    """One Postgres for all tests of this process. Not for tests that crash it: its disk writes are not synced."""
    with EmbeddedPostgres(server_folder / "postgres", durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres_server: EmbeddedPostgres) -> str:
    """The name of a database with every migration applied, to be cloned and never used."""
    asyncio.run(_administer(postgres_server, f"CREATE DATABASE {_TEMPLATE}"))
    asyncio.run(migrate(postgres_server.url_of(_TEMPLATE)))
    return _TEMPLATE


@pytest.fixture
def empty_database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A fresh database without any schema of ours."""
    yield from _database(postgres_server, "template1")


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres, migrated_template: str) -> Iterator[str]:
    """A fresh, fully migrated database for this test alone. The login is a superuser; services take their role."""
    yield from _database(postgres_server, migrated_template)


@pytest.fixture(scope="module")
def shared_database_url(postgres_server: EmbeddedPostgres, migrated_template: str) -> Iterator[str]:
    """One database for all tests of a file, where each test is another buyer."""
    yield from _database(postgres_server, migrated_template)


@pytest.fixture(scope="session")
def valkey_server(server_folder: Path) -> Iterator[EmbeddedValkey]:
    """One Valkey for all tests of this process."""
    with EmbeddedValkey(server_folder / "valkey") as server:
        yield server


@pytest.fixture
def redis_url(valkey_server: EmbeddedValkey) -> str:
    """The session's Valkey, emptied."""
    asyncio.run(_flush(valkey_server))
    return valkey_server.url


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still until told to move."""
    return FakeClock()


def _database(server: EmbeddedPostgres, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    asyncio.run(_administer(server, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield server.url_of(name)
    asyncio.run(_administer(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _administer(server: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _flush(server: EmbeddedValkey) -> None:
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"FLUSHALL\r\n")
    await reader.readline()
    writer.close()
    await writer.wait_closed()
