"""`leadline lists` as a person runs it, against the real list service and the real packages."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from leadline.validation.v1.list_service_pb2_grpc import add_ListServiceServicer_to_server
from services.validation.desk import Desks
from services.validation.list_service import ListService
from services.validation.lists.kinds import KINDS
from services.validation.lists.listfile import compose, read
from services.validation.lists.reference import packaged
from services.validation.lists.shelf import Shelf
from shared.rpc.server import RpcServer
from shared.runtime.settings import RpcSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock
from tests.unit.validation.terms import reference

ROOT = Path(__file__).parents[2]
NAME = "free-mail-domains"
TODAY = datetime(2026, 11, 22, 10, tzinfo=UTC)


class World:
    """The command line, the one server that it asks, and that server's lists."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock(TODAY)
        self.shelf = Shelf(folder)
        self.desks = Desks(self.shelf, reference())
        self.port = 0

    async def leadline(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Runs `leadline lists` to its end: status, output, errors."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", "lists", *map(str, arguments)),
            cwd=ROOT,
            env={**os.environ, "LEADLINE_VALIDATION_TARGET": f"127.0.0.1:{self.port}"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(90):
            out, err = await process.communicate()
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path / "own")
    server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
    service = ListService(world.shelf, world.desks, world.clock)
    server.add(add_ListServiceServicer_to_server, service, "leadline.validation.v1.ListService")
    async with server:
        world.port = server.port
        yield world


async def test_every_list_is_shown_with_its_age_and_whether_that_is_too_much(world: World) -> None:
    status, out, _ = await world.leadline("--json")
    shown = {one["name"]: one for one in json.loads(out)}
    assert status == 0
    assert set(shown) == {kind.name for kind in KINDS} | {"numbering-plan"}
    zips = shown["zip-codes"]
    assert (zips["edition"]["version"], zips["edition"]["date"], zips["edition"]["entries"]) == (
        *("zipcodes 3.0.0", "2026-06-01", 42789),
    )
    assert (zips["age_days"], zips["stale"], zips["origin"], zips["kept"]) == (174, False, "packaged", 1)
    assert shown["numbering-plan"]["origin"] == "library"

    world.clock.advance(86400 * 365)
    _, out, _ = await world.leadline()
    line = next(line for line in out.splitlines() if line.startswith("zip-codes"))
    assert "STALE" in line


async def test_a_newer_file_is_tried_adopted_and_in_use_at_once(world: World, tmp_path: Path) -> None:
    lines = [*read(packaged()[NAME])[1], "new-mail.example"]
    file = tmp_path / f"{NAME}.txt"
    file.write_text("\n".join(lines))

    status, out, _ = await world.leadline("refresh", "--from", file, "--dry-run")
    assert (status, "would be replaced" in out) == (0, True)
    assert "new-mail.example" not in world.desks.current.reference.free_mail_domains

    status, out, _ = await world.leadline("refresh", "--from", file)
    assert (status, "replaced" in out) == (0, True)
    assert "new-mail.example" in world.desks.current.reference.free_mail_domains
    _, out, _ = await world.leadline("--json")
    shown = next(one for one in json.loads(out) if one["name"] == NAME)
    assert (shown["origin"], shown["kept"]) == ("refreshed", 2)


async def test_a_broken_file_is_refused_with_what_was_expected(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "offered"
    folder.mkdir()
    (folder / f"{NAME}.txt").write_text("gmail.com\n")
    heading, lines = read(packaged()["zip-codes"])
    content = compose(heading.name, "zipcodes 3.0.1", date(2026, 11, 1), lines[:-1])[1]
    (folder / "zips.txt.gz").write_bytes(content)

    status, out, err = await world.leadline("refresh", "--from", folder)
    assert status == 1
    assert f"{NAME}: 1 entries: expected 1000 to 50000" in err
    assert "zipcodes 3.0.1" in out
    assert world.desks.current.reference.versions["zip-codes"].startswith("zipcodes 3.0.1 of 2026-11-01")
    assert world.desks.current.reference.versions[NAME] == reference().versions[NAME]


async def test_one_command_builds_the_lists_from_their_packages(world: World) -> None:
    """The same packages as those that the packaged lists were built from give the same lists, to the byte."""
    status, out, _ = await world.leadline("refresh", "--json")
    outcomes = {one["name"]: one["outcome"] for one in json.loads(out)}
    assert status == 0
    # Three have a source that is not installed with the service.
    unavailable = {name for name, outcome in outcomes.items() if outcome == "unavailable"}
    assert unavailable <= {NAME, "data-centres", "top-level-domains"}
    assert {outcome for outcome in outcomes.values() if outcome != "unavailable"} == {"unchanged"}
    assert len(outcomes) == len(KINDS)


async def test_a_path_that_holds_no_list_is_told_so(world: World, tmp_path: Path) -> None:
    status, _, err = await world.leadline("refresh", "--from", tmp_path / "absent.txt")
    assert (status, "No such file" in err) == (1, True)
    (tmp_path / "empty").mkdir()
    status, _, err = await world.leadline("refresh", "--from", tmp_path / "empty")
    assert (status, "no list in this folder" in err) == (1, True)
