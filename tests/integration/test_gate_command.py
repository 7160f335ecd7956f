"""`leadline gate`, `opt-outs` and `dnc` as a person runs them, against the real service."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from leadline.routing.v1.gate_service_pb2_grpc import add_GateServiceServicer_to_server
from shared.rpc.server import RpcServer
from shared.runtime.settings import RpcSettings
from shared.telemetry.metrics import Metrics
from tests.integration.gate_world import GateWorld, contact, gate_world, person

ROOT = Path(__file__).parents[2]


@dataclass
class Shell:
    """The command line, and the server that it asks."""

    world: GateWorld
    port: int

    async def leadline(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Runs `leadline` to its end: status, output, errors."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", *map(str, arguments), "--buyer", self.world.buyer),
            cwd=ROOT,
            env={**os.environ, "LEADLINE_ROUTING_TARGET": f"127.0.0.1:{self.port}", "COLUMNS": "300"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(90):
            out, err = await process.communicate()
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def shell(shared_database_url: str) -> AsyncIterator[Shell]:
    async with gate_world(shared_database_url) as world:
        settings = RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0)
        server = RpcServer(settings, checks={}, metrics=Metrics())
        server.add(add_GateServiceServicer_to_server, world.service, "leadline.routing.v1.GateService")
        async with server:
            yield Shell(world, server.port)


async def test_whoever_opts_out_is_left_alone_until_consent_is_given_anew(shell: Shell) -> None:
    ann = person()
    lead = str(ann.lead_id)
    shell.world.people.known[ann.lead_id] = ann
    await shell.world.one(contact(ann))
    status, out, _ = await shell.leadline("gate", "check", lead, "--channel", "text", "--automatic")
    assert (status, out.splitlines()[0]) == (0, "allowed")
    assert "47 CFR 64.1200(c)(1)" in out

    shell.world.clock.advance(60)
    status, out, _ = await shell.leadline("opt-outs", "add", "--lead", lead, "--words", "leave me alone", "--by", "joe")
    assert (status, out.strip().endswith("ends all")) == (0, True)
    opt_out = out.split(":")[0]
    await shell.world.one(contact(ann))
    status, out, _ = await shell.leadline("gate", lead, "--json")
    assert [(one["allowed"], one.get("reason", "")) for one in json.loads(out)] == [(True, ""), (False, "opted_out")]

    _, _, err = await shell.leadline(
        "opt-outs", "withdraw", opt_out, "--consented-at", "2026-11-23T17:00", "--evidence", "form 7", "--by", "joe"
    )
    assert "older than this consent" in err
    shell.world.clock.advance(3600)
    status, _, _ = await shell.leadline(
        "opt-outs", "withdraw", opt_out, "--consented-at", "2026-11-23T17:30", "--evidence", "form 8", "--by", "joe"
    )
    assert status == 0
    assert (await shell.world.one(contact(ann))).allowed
    _, out, _ = await shell.leadline("opt-outs", "list", "--phone", ann.phone, "--json")
    (shown,) = json.loads(out)
    assert (shown["opt_out_id"], shown["withdrawn_by"], shown["evidence"]) == (opt_out, "joe", "form 8")
    assert ann.phone[2:] not in out


async def test_a_list_is_imported_whole_and_says_until_when_it_is_good(shell: Shell, tmp_path: Path) -> None:
    ann, bob = replace(person(), consent=None), replace(person(1), consent=None)
    file = tmp_path / "dnc.txt"
    file.write_text(f"phone\n{ann.phone[2:5]},{ann.phone[5:]}\n{bob.phone}\nnobody\n")
    status, out, err = await shell.leadline("dnc", "import", file, "--version", "2026-11-20")
    assert (status, "2 numbers on national" in out, f"{file}:4:" in err) == (1, True, True)
    _, out, _ = await shell.leadline("dnc", "list", "--json")
    older = next(one for one in json.loads(out) if one["version"] == "2026-11-20")
    assert (older["numbers"], older["usable"], older["usable_until"]) == (2, True, "2026-12-21")
    assert (await shell.world.one(contact(ann))).allowed, "the list of a later day, which is empty, counts"
    status, _, err = await shell.leadline("dnc", "import", file, "--version", "2026-12-01")
    assert (status, "not a later one" in err) == (1, True)
    await shell.leadline("dnc", "import", file, "--version", "2026-11-20", "--list", "internal")
    assert (await shell.world.one(contact(bob))).rules == ("list.internal",)
