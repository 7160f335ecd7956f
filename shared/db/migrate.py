"""Migrations: plain SQL files, in order, each once, in one transaction, as the role that owns what it makes.

`python -m shared.db.migrate` brings the database of `LEADLINE_POSTGRES_URL` up to date. Running it twice, or
twice at once, does no harm. A file is named `NNNN_pre_name.sql`, or `NNNN_post_name.sql` where it takes away what
code of the release before still uses and therefore runs one release later.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from shared.db.roles import FOLDERS, PARTS, ROLES, SCHEMAS
from shared.runtime.settings import DatabaseSettings, SettingsError, load

#: Every part that has migrations, in the order in which they run.
ALL = PARTS

_ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"\d{4}_(pre|post)_[a-z0-9_]+\.sql")
_MINIMUM_VERSION = 16
#: "leadline" in ASCII: any other application in this database locks other numbers.
_LOCK = int.from_bytes(b"leadline")
_WAIT_SECONDS = 300

_RECORD = """
CREATE SCHEMA IF NOT EXISTS meta;
CREATE TABLE IF NOT EXISTS meta.leadline_migrations (
    part       text        NOT NULL,
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (part, name)
);
"""

# Another database of the same cluster may be migrated at this moment: roles are the cluster's, our lock is not.
_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        BEGIN
            CREATE ROLE {role} NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    -- Who makes a role administers it, and still may not become it (Postgres 16 and later).
    IF NOT pg_has_role(current_user, '{role}', 'SET') THEN
        GRANT {role} TO CURRENT_USER;
    END IF;
END
$$;
"""

# A function is anybody's to execute unless said otherwise; here it is nobody's until a migration grants it.
_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role};
SET LOCAL ROLE {role};
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
RESET ROLE;
"""


class MigrationError(RuntimeError):
    """The database cannot be brought up to date; the text names the file or the setting."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file.

    Attributes:
        part: Who owns it, one of `ALL`.
        name: The file's name.
        sql: Its text.
        checksum: SHA-256 of its text, hex.
    """

    part: str
    name: str
    sql: str
    checksum: str

    @property
    def title(self) -> str:
        """How people know it, such as `dedup/0001_pre_claims.sql`."""
        return f"{self.part}/{self.name}"


def discover(parts: Iterable[str] = ALL, root: Path = _ROOT) -> list[Migration]:
    """Read the files of these parts in the order in which they run.

    Services are found by their path and never imported.

    Raises:
        MigrationError: an unknown part, or a file with another kind of name.
    """
    wanted = set(parts)
    if unknown := wanted - set(ALL):
        raise MigrationError(f"unknown parts {sorted(unknown)}: expected some of {list(ALL)}")
    return [migration for part in ALL if part in wanted for migration in _read(part, root)]


def _read(part: str, root: Path) -> list[Migration]:
    folder = root / FOLDERS.get(part, f"services/{part}/migrations")
    found: list[Migration] = []
    for file in sorted(folder.glob("*.sql")):
        if not _NAME.fullmatch(file.name):
            raise MigrationError(f"{part}/{file.name}: expected a name such as 0001_pre_{part}.sql")
        if found and found[-1].name[:4] == file.name[:4]:
            raise MigrationError(f"{part}/{file.name}: expected a number of its own; {found[-1].name} has it")
        text = file.read_text(encoding="utf-8")
        found.append(Migration(part, file.name, text, hashlib.sha256(text.encode()).hexdigest()))
    return found


async def migrate(url: str, schemas: Sequence[str] = ALL, *, root: Path = _ROOT) -> list[str]:
    """Bring a database up to date.

    The login must be a superuser or have CREATEROLE and CREATE on the database. Files that the database has and
    this release does not are left alone: an older release may run on a newer schema.

    Args:
        url: The database.
        schemas: The parts to run.
        root: The folder that holds `services` and `shared`.

    Returns:
        Titles of what ran, in order; empty where everything had run.

    Raises:
        MigrationError: a file changed after it ran, is misnamed or failed; the server is older than 16.
    """
    migrations = discover(schemas, root)
    connection = await asyncpg.connect(url, server_settings={"application_name": "leadline-migrate"})
    try:
        if connection.get_server_version().major < _MINIMUM_VERSION:
            raise MigrationError(f"Postgres {_MINIMUM_VERSION} or later is required")
        await connection.fetchval("SELECT pg_advisory_lock($1)", _LOCK, timeout=_WAIT_SECONDS)
        await _prepare(connection)
        due = await _due(connection, migrations)
        for migration in due:
            await _run(connection, migration)
        return [migration.title for migration in due]
    finally:
        # Ends the session and with it the lock.
        await connection.close()


async def _prepare(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        await connection.execute(_RECORD)
        for role in ROLES.values():
            await connection.execute(_ROLE.format(role=role))
        for part, schemas in SCHEMAS.items():
            for schema in schemas:
                await connection.execute(_SCHEMA.format(schema=schema, role=ROLES[part]))


async def _due(connection: asyncpg.Connection, migrations: Sequence[Migration]) -> list[Migration]:
    rows = await connection.fetch("SELECT part, name, checksum FROM meta.leadline_migrations")
    applied = {(row["part"], row["name"]): row["checksum"] for row in rows}
    for migration in migrations:
        if applied.get((migration.part, migration.name), migration.checksum) != migration.checksum:
            raise MigrationError(
                f"{migration.title} changed after it ran: restore it and write the change as a new file"
            )
    return [migration for migration in migrations if (migration.part, migration.name) not in applied]


async def _run(connection: asyncpg.Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL ROLE {ROLES[migration.part]}")
            await connection.execute(migration.sql)
            await connection.execute("RESET ROLE")
            await connection.execute(
                "INSERT INTO meta.leadline_migrations (part, name, checksum) VALUES ($1, $2, $3)",
                migration.part, migration.name, migration.checksum,
            )  # fmt: skip
    except asyncpg.PostgresError as error:
        line = _line(migration.sql, error)
        raise MigrationError(f"{migration.title}{line}: {error}") from error


def _line(sql: str, error: asyncpg.PostgresError) -> str:
    position = getattr(error, "position", None)
    return f", line {sql.count(chr(10), 0, int(position) - 1) + 1}" if position else ""


def main() -> int:
    """Entry of the migration job; 0 when the database is up to date."""
    try:
        ran = asyncio.run(migrate(load(DatabaseSettings, service="migrate").url))
    except (MigrationError, SettingsError, OSError, asyncpg.PostgresError) as error:
        sys.stderr.write(f"migrations failed: {error}\n")
        return 1
    for title in ran:
        sys.stdout.write(f"ran {title}\n")
    sys.stdout.write("the database is up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
