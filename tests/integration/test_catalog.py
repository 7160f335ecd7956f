"""The catalog service on a real database: versions, keys, and how soon others know."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import msgspec
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from deploy.local.ports import free_port
from leadline.intake.v1 import catalog_service_pb2 as pb
from leadline.intake.v1.catalog_service_pb2_grpc import (
    CatalogServiceStub,
    add_CatalogServiceServicer_to_server,
)
from services.intake.catalog.directory import STALE_SECONDS, Directory
from services.intake.catalog.scope import Scope
from services.intake.catalog.service import CatalogService
from services.intake.catalog.store import CatalogStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Pool, open_pool
from shared.rpc.client import call, open_channel
from shared.rpc.errors import AppError, KeyInvalid, KeyMissing, KeyScope, Malformed, NotFound, Unavailable, WrongState
from shared.rpc.server import RpcServer
from shared.runtime.settings import DatabaseSettings, RpcSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock

CATALOG = (Path(__file__).parents[1] / "big_bank.yaml").read_text()
AMENDED = CATALOG.replace("{window: day, leads: 5}", "{window: day, leads: 10}")
SECONDS = 10.0

if TYPE_CHECKING:
    from leadline.intake.v1.catalog_service_pb2_grpc import CatalogServiceAsyncStub


@dataclass
class House:
    """The catalog service of one process, its client, and what is behind both."""

    stub: CatalogServiceAsyncStub
    directory: Directory
    pool: Pool
    clock: FakeClock

    async def apply(self, text: str = CATALOG, *, dry_run: bool = False) -> pb.ApplyCatalogResponse:
        """Apply a document as Tracey."""
        request = pb.ApplyCatalogRequest(document=text, dry_run=dry_run, approved_by="tracey", note="more leads")
        return await call(self.stub.ApplyCatalog, request, timeout=SECONDS)

    async def create_key(self, **words: object) -> pb.CreateAccessKeyResponse:
        """Make a key, by default Marco's."""
        request = pb.CreateAccessKeyRequest(**{"seller": "marco", **words})  # type: ignore[arg-type]
        return await call(self.stub.CreateAccessKey, request, timeout=SECONDS)

    def another_directory(self) -> Directory:
        """What another process would know."""
        return Directory(CatalogStore(self.pool), CatalogReader(self.pool), self.clock)


@pytest.fixture
async def house(database_url: str, clock: FakeClock) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            open_pool(DatabaseSettings(url=database_url), role="leadline_intake", name="test")
        )
        store = CatalogStore(pool)
        directory = Directory(store, CatalogReader(pool), clock)
        service = CatalogService(store, clock, directory=directory, random_bytes=secrets.token_bytes)
        server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
        server.add(add_CatalogServiceServicer_to_server, service, "leadline.intake.v1.CatalogService")
        await stack.enter_async_context(server)
        channel = await stack.enter_async_context(open_channel(f"127.0.0.1:{server.port}"))
        yield House(CatalogServiceStub(channel), directory, pool, clock)


async def refused(answer: Awaitable[object], kind: type[AppError]) -> AppError:
    with pytest.raises(kind) as caught:
        await answer
    return caught.value


async def test_applying_writes_a_revision_and_every_order_version_with_who_approved_it(house: House) -> None:
    answer = await house.apply()
    assert (answer.revision, answer.buyer_id, list(answer.errors)) == (1, "big-bank", [])
    rows = await house.pool.fetch("SELECT order_slug, version, approved_by, note FROM catalog.order_version")
    orders = {(change.name, change.version) for change in answer.changes if change.kind == "order"}
    assert {(row["order_slug"], row["version"]) for row in rows} == orders
    assert {(row["approved_by"], row["note"]) for row in rows} == {("tracey", "more leads")}


async def test_an_amendment_is_a_new_revision_and_the_old_one_stays_readable(house: House) -> None:
    await house.apply()
    answer = await house.apply(AMENDED)
    (change,) = answer.changes
    assert (change.name, change.version, list(change.details)) == ("marco-pilot-2026", 2, ["caps.day.leads: 5 -> 10"])
    assert answer.revision == 2
    for revision, leads in ((1, 5), (2, 10), (0, 10)):
        got = await call(house.stub.GetCatalog, pb.GetCatalogRequest(revision=revision), timeout=SECONDS)
        assert (got.buyer_id, got.revision) == ("big-bank", revision or 2)
        orders = {order["slug"]: order for order in msgspec.json.decode(got.document)["orders"]}
        assert orders["marco-pilot-2026"]["caps"] == [{"window": "day", "leads": leads}]


async def test_nothing_changed_writes_nothing(house: House) -> None:
    await house.apply()
    answer = await house.apply()
    assert (answer.revision, list(answer.changes)) == (1, [])
    assert await house.pool.fetchval("SELECT count(*) FROM catalog.snapshot") == 1


async def test_a_dry_run_tells_the_same_and_writes_nothing(house: House) -> None:
    shown = await house.apply(dry_run=True)
    assert shown.revision == 0
    assert await house.pool.fetchval("SELECT count(*) FROM catalog.head") == 0
    assert list((await house.apply()).changes) == list(shown.changes)


async def test_a_document_with_errors_changes_nothing_and_names_every_line(house: House) -> None:
    await house.apply()
    answer = await house.apply(AMENDED.replace("priority: 900", "priorty: 900").replace("seller: marco}", "seller: m}"))
    assert (answer.revision, answer.buyer_id, list(answer.changes)) == (1, "big-bank", [])
    assert [error.field for error in answer.errors][-1] == "orders[1].priorty"
    assert len(answer.errors) > 2
    assert all(error.line and error.column and error.message for error in answer.errors)
    assert await house.pool.fetchval("SELECT revision FROM catalog.head") == 1


async def test_what_may_not_change_is_an_error_at_its_line(house: House) -> None:
    await house.apply()
    answer = await house.apply(AMENDED.replace("currency: USD", "currency: EUR"))
    (error,) = answer.errors
    assert (AMENDED.splitlines()[error.line - 1].strip(), error.field) == ("currency: USD", "buyer.currency")
    assert answer.revision == 1
    assert await house.pool.fetchval("SELECT count(*) FROM catalog.snapshot") == 1


async def test_many_applies_at_once_each_see_the_one_before(house: House) -> None:
    texts = [CATALOG.replace("{window: day, leads: 5}", f"{{window: day, leads: {leads}}}") for leads in range(1, 13)]
    answers = await asyncio.gather(*(house.apply(text) for text in texts))
    assert sorted(answer.revision for answer in answers) == list(range(1, 13))
    versions = await house.pool.fetch(
        "SELECT version, terms FROM catalog.order_version WHERE order_slug = 'marco-pilot-2026' ORDER BY version"
    )
    assert [row["version"] for row in versions] == list(range(1, 13))
    assert len({row["terms"] for row in versions}) == 12


async def test_who_approves_is_required_and_nothing_can_be_smuggled_in(house: House) -> None:
    for words in ({}, {"approved_by": " "}, {"approved_by": "a", "note": "\x00"}, {"approved_by": "a" * 201}):
        request = pb.ApplyCatalogRequest(document=CATALOG, **words)  # type: ignore[arg-type]
        error = await refused(call(house.stub.ApplyCatalog, request, timeout=SECONDS), Malformed)
        assert error.violations[0].field in ("approved_by", "note")


async def test_before_the_first_catalog_there_is_nothing_to_get_and_no_key_to_make(house: House) -> None:
    await refused(call(house.stub.GetCatalog, pb.GetCatalogRequest(), timeout=SECONDS), NotFound)
    await refused(house.create_key(), NotFound)


async def test_a_key_is_known_at_once_and_only_its_hash_is_stored(house: House) -> None:
    await house.apply()
    made = await house.create_key(orders=["marco-auto-2026"], label="post")
    key = house.directory.authenticate(made.access_key, house.clock.now(), "post")
    assert (key.buyer_id, key.seller, key.orders) == ("big-bank", "marco", ("marco-auto-2026",))
    assert key.key_id == made.key.key_id
    assert house.directory.authenticate(made.access_key, house.clock.now(), "post") is key
    dump = str(await house.pool.fetch("SELECT * FROM catalog.access_key"))
    assert made.access_key[-20:] not in dump


async def test_two_keys_of_a_seller_live_side_by_side_until_one_is_revoked(house: House) -> None:
    await house.apply()
    old, new = await house.create_key(), await house.create_key()
    revoke = pb.RevokeAccessKeyRequest(key_id=old.key.key_id)
    now = house.clock.now()
    assert house.directory.authenticate(old.access_key, now, "post").key_id == old.key.key_id
    assert house.directory.authenticate(new.access_key, now, "post").key_id == new.key.key_id
    first = await call(house.stub.RevokeAccessKey, revoke, timeout=SECONDS)
    house.clock.advance(5)
    again = await call(house.stub.RevokeAccessKey, revoke, timeout=SECONDS)
    assert first.key.revoke_time == again.key.revoke_time
    with pytest.raises(KeyInvalid, match="revoked"):
        house.directory.authenticate(old.access_key, now, "post")
    house.directory.authenticate(new.access_key, now, "post")
    listed = await call(house.stub.ListAccessKeys, pb.ListAccessKeysRequest(seller="marco"), timeout=SECONDS)
    assert {key.key_id for key in listed.keys if key.HasField("revoke_time")} == {old.key.key_id}
    assert len(listed.keys) == 2


async def test_a_key_ends_at_its_hour(house: House) -> None:
    await house.apply()
    expires = Timestamp()
    expires.FromDatetime(house.clock.now() + timedelta(seconds=30))
    made = await house.create_key(expire_time=expires)
    house.clock.advance(29)
    await house.directory.refresh()
    house.directory.authenticate(made.access_key, house.clock.now(), "post")
    house.clock.advance(1)
    await house.directory.refresh()
    with pytest.raises(KeyInvalid, match="expired"):
        house.directory.authenticate(made.access_key, house.clock.now(), "post")
    error = await refused(house.create_key(expire_time=expires), Malformed)
    assert error.violations[0].field == "expire_time"


async def test_a_third_live_key_for_one_purpose_is_refused_until_one_is_revoked(house: House) -> None:
    await house.apply()
    old = await house.create_key()
    await house.create_key()
    error = await refused(house.create_key(), WrongState)
    assert old.key.key_id in error.message
    await house.create_key(label="the call centre's")
    await call(house.stub.RevokeAccessKey, pb.RevokeAccessKeyRequest(key_id=old.key.key_id), timeout=SECONDS)
    await house.create_key()


async def test_of_many_keys_asked_for_at_once_two_are_made(house: House) -> None:
    await house.apply()
    asked = await asyncio.gather(*(house.create_key() for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(answer, pb.CreateAccessKeyResponse) for answer in asked) == 2


async def test_a_key_does_only_what_it_was_given(house: House) -> None:
    await house.apply()
    made = await house.create_key(scopes=["statement", "post"])
    now = house.clock.now()
    house.directory.authenticate(made.access_key, now, "post")
    house.directory.authenticate(made.access_key, now, "statement")
    refused_scopes: tuple[Scope, ...] = ("ping", "read", "returns")
    for scope in refused_scopes:
        with pytest.raises(KeyScope, match=f"may post, statement, but not {scope}"):
            house.directory.authenticate(made.access_key, now, scope)


async def test_when_a_key_was_last_used_is_told(house: House) -> None:
    await house.apply()
    made, idle = await house.create_key(), await house.create_key()
    house.directory.authenticate(made.access_key, house.clock.now(), "post")
    house.clock.advance(3)
    house.directory.authenticate(made.access_key, house.clock.now(), "post")
    used_at = house.clock.now()
    await house.directory.note_use()
    listed = await call(house.stub.ListAccessKeys, pb.ListAccessKeysRequest(seller="marco"), timeout=SECONDS)
    told = {key.key_id: key for key in listed.keys}
    assert told[made.key.key_id].last_use_time.ToDatetime(tzinfo=UTC) == used_at
    assert not told[idle.key.key_id].HasField("last_use_time")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"scopes": ["everything"]}, "scopes"),
        ({"rate": pb.KeyRate(per_minute=0, burst=1)}, "rate.per_minute"),
        ({"rate": pb.KeyRate(per_minute=60, burst=0)}, "rate.burst"),
        ({"seller": "nobody"}, "seller"),
        ({"orders": ["own-auto-2026"]}, "orders"),
        ({"label": "\x00"}, "label"),
    ],
)
async def test_a_key_for_something_that_is_not_there_is_refused(
    house: House, words: dict[str, object], field: str
) -> None:
    await house.apply()
    assert (await refused(house.create_key(**words), Malformed)).violations[0].field == field


async def test_a_bad_key_is_told_apart_from_none(house: House) -> None:
    await house.apply()
    made = await house.create_key()
    now = house.clock.now()
    with pytest.raises(KeyMissing):
        house.directory.authenticate("", now, "post")
    with pytest.raises(KeyInvalid, match="typing error"):
        house.directory.authenticate(made.access_key[:-1], now, "post")
    await house.pool.execute("DELETE FROM catalog.access_key")
    await house.pool.execute("UPDATE catalog.head SET keys_revision = keys_revision + 1")
    await house.directory.refresh()
    with pytest.raises(KeyInvalid, match="no such"):
        house.directory.authenticate(made.access_key, now, "post")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110 - another loop's state has no event
            await asyncio.sleep(0.01)


async def test_another_process_hears_of_catalogs_and_revocations_by_itself(house: House) -> None:
    other, stop = house.another_directory(), asyncio.Event()
    running = asyncio.create_task(other.run(stop))
    with pytest.raises(Unavailable):
        other.current("big-bank")
    await house.apply()
    made = await house.create_key()
    await until(lambda: "big-bank" in other.buyers)
    await house.apply(AMENDED)
    await until(lambda: other.current("big-bank").revision == 2)
    now = house.clock.now()
    other.authenticate(made.access_key, now, "post")
    await call(house.stub.RevokeAccessKey, pb.RevokeAccessKeyRequest(key_id=made.key.key_id), timeout=SECONDS)

    def is_refused() -> bool:
        try:
            other.authenticate(made.access_key, now, "post")
        except KeyInvalid:
            return True
        return False

    await until(is_refused)
    stop.set()
    await running


async def test_keys_that_cannot_be_confirmed_are_not_believed_for_longer_than_a_revocation_may_take(
    house: House,
) -> None:
    await house.apply()
    made = await house.create_key()
    house.clock.advance(STALE_SECONDS)
    house.directory.authenticate(made.access_key, house.clock.now(), "post")
    house.clock.advance(1)
    with pytest.raises(Unavailable):
        house.directory.authenticate(made.access_key, house.clock.now(), "post")
    with pytest.raises(Unavailable):
        await house.directory.check()
    await house.directory.refresh()
    house.directory.authenticate(made.access_key, house.clock.now(), "post")


async def test_other_services_read_snapshots_and_nothing_else_of_the_catalog(house: House, database_url: str) -> None:
    await house.apply()
    for role in ("leadline_validation", "leadline_dedup", "leadline_routing", "leadline_reporting"):
        async with open_pool(DatabaseSettings(url=database_url), role=role, name="test") as pool:
            reader = CatalogReader(pool)
            view = await reader.get("big-bank", 1)
            assert view.order("marco-auto-2026") is not None
            assert await reader.get("big-bank", 1) is view
            with pytest.raises(NotFound):
                await reader.get("big-bank", 2)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.fetch("SELECT * FROM catalog.access_key")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute("DELETE FROM catalog.snapshot")


async def test_a_database_that_is_away_is_said_to_be_unavailable_and_what_was_read_is_still_known(house: House) -> None:
    await house.apply()
    reader = CatalogReader(house.pool)
    view = await reader.get("big-bank", 1)
    away = DatabaseSettings(url=f"postgresql://nobody:x@127.0.0.1:{free_port()}/none")

    async with open_pool(away, role="leadline_validation", name="test") as pool:
        with pytest.raises(Unavailable):
            await CatalogReader(pool).get("big-bank", 1)
    await house.pool.close()

    with pytest.raises(Unavailable):
        await reader.get("big-bank", 2)
    assert await reader.get("big-bank", 1) is view
