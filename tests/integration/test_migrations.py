"""Migrations: once, in order, as the owner, whoever runs them and however often."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import asyncpg
import pytest

from shared.db.migrate import MigrationError, discover, migrate
from shared.db.roles import ROLES, SCHEMAS

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release of one's own to change: the real outbox, and a table of dedup's."""
    shutil.copytree(_ROOT / "shared/db/migrations", tmp_path / "shared/db/migrations")
    _write(tmp_path, "dedup", "0001_pre_things.sql", "CREATE TABLE dedup.thing (buyer_id text PRIMARY KEY);")
    return tmp_path


def _write(root: Path, part: str, name: str, sql: str) -> None:
    folder = root / f"services/{part}/migrations"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(sql)


async def test_every_migration_of_this_release_runs_on_an_empty_database(empty_database_url: str) -> None:
    ran = await migrate(empty_database_url)
    assert ran == [migration.title for migration in discover()]


async def test_a_second_run_does_nothing(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    assert await migrate(empty_database_url) == []


async def test_concurrent_runs_do_each_file_once(empty_database_url: str) -> None:
    runs = await asyncio.gather(*(migrate(empty_database_url) for _ in range(3)))
    assert sorted(title for ran in runs for title in ran) == sorted(migration.title for migration in discover())


async def test_a_file_changed_after_it_ran_is_refused_by_name(empty_database_url: str, release: Path) -> None:
    await migrate(empty_database_url, root=release)
    _write(release, "dedup", "0001_pre_things.sql", "CREATE TABLE dedup.other (buyer_id text PRIMARY KEY);")
    with pytest.raises(MigrationError, match=r"dedup/0001_pre_things\.sql changed after it ran"):
        await migrate(empty_database_url, root=release)


async def test_a_failing_file_leaves_nothing_and_names_its_line(empty_database_url: str, release: Path) -> None:
    _write(release, "dedup", "0002_pre_broken.sql", "CREATE TABLE dedup.half ();\nSELECT no_such_column;")
    with pytest.raises(MigrationError, match=r"dedup/0002_pre_broken\.sql, line 2"):
        await migrate(empty_database_url, root=release)
    connection = await asyncpg.connect(empty_database_url)
    try:
        assert await connection.fetchval("SELECT to_regclass('dedup.half')") is None
        assert await connection.fetchval("SELECT to_regclass('dedup.thing')") is not None
    finally:
        await connection.close()


async def test_a_file_of_a_newer_release_does_not_stop_an_older_one(empty_database_url: str, release: Path) -> None:
    newer = release / "services/dedup/migrations/0002_pre_more.sql"
    newer.write_text("CREATE TABLE dedup.more (buyer_id text PRIMARY KEY);")
    await migrate(empty_database_url, root=release)
    newer.unlink()
    assert await migrate(empty_database_url, root=release) == []


def test_a_misnamed_file_is_refused(release: Path) -> None:
    _write(release, "dedup", "2_things.sql", "")
    with pytest.raises(MigrationError, match=r"dedup/2_things\.sql"):
        discover(root=release)


def test_two_files_of_one_number_are_refused(release: Path) -> None:
    _write(release, "dedup", "0001_pre_more.sql", "SELECT 1")
    with pytest.raises(MigrationError, match=r"dedup/0001_pre_\w+\.sql: expected a number of its own"):
        discover(root=release)


async def test_a_login_that_is_no_superuser_can_migrate(empty_database_url: str) -> None:
    """As the administrator of a managed Postgres: makes roles, owns the database, and is nothing more."""
    name = empty_database_url.rsplit("/", 1)[1]
    owner = f"admin_{name}"
    connection = await asyncpg.connect(empty_database_url)
    try:
        await connection.execute(f"CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD 'x'")
        await connection.execute(f"ALTER DATABASE {name} OWNER TO {owner}")
        for role in ROLES.values():
            exists = await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role)
            if exists:
                await connection.execute(f"GRANT {role} TO {owner} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
        at = empty_database_url.rsplit("@", 1)[1]
        assert await migrate(f"postgresql://{owner}:x@{at}") == [migration.title for migration in discover()]
    finally:
        await connection.execute(f"ALTER DATABASE {name} OWNER TO CURRENT_USER")
        await connection.execute(f"DROP OWNED BY {owner} CASCADE")
        await connection.close()


@pytest.mark.parametrize("part", SCHEMAS)
async def test_a_role_reaches_its_own_schemas_and_no_table_of_the_outbox(database_url: str, part: str) -> None:
    connection = await asyncpg.connect(database_url, server_settings={"role": ROLES[part]})
    try:
        for schema in SCHEMAS[part]:
            await connection.execute(f"CREATE TABLE {schema}.probe (); DROP TABLE {schema}.probe")
        if part != "outbox":
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("SELECT FROM outbox.message")
    finally:
        await connection.close()


async def test_a_table_is_closed_to_every_other_service_unless_granted(empty_database_url: str, release: Path) -> None:
    await migrate(empty_database_url, root=release)
    for part, role in ROLES.items():
        connection = await asyncpg.connect(empty_database_url, server_settings={"role": role})
        try:
            if part == "dedup":
                await connection.execute("INSERT INTO dedup.thing VALUES ('b')")
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute("SELECT FROM dedup.thing")
        finally:
            await connection.close()


async def test_a_function_is_nobodys_to_execute_until_granted(empty_database_url: str, release: Path) -> None:
    _write(
        release, "dedup", "0002_pre_function.sql",
        "CREATE FUNCTION dedup.seven() RETURNS int LANGUAGE sql AS 'SELECT 7'; GRANT USAGE ON SCHEMA dedup TO PUBLIC;",
    )  # fmt: skip
    await migrate(empty_database_url, root=release)
    connection = await asyncpg.connect(empty_database_url, server_settings={"role": "leadline_routing"})
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchval("SELECT dedup.seven()")
    finally:
        await connection.close()
