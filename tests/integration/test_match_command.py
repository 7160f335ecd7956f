"""`leadline match` as a person runs it, against the real PersonService."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from leadline.dedup.v1.person_service_pb2_grpc import add_PersonServiceServicer_to_server
from services.dedup.person_service import PersonService
from shared.rpc.server import RpcServer
from shared.runtime.settings import RpcSettings
from shared.telemetry.metrics import Metrics

ROOT = Path(__file__).parents[2]


async def run(*arguments: str, stdin: str) -> tuple[int, str, str]:
    """Status, output and errors of one command beside a running service."""
    server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
    server.add(add_PersonServiceServicer_to_server, PersonService(), "leadline.dedup.v1.PersonService")
    async with server, asyncio.timeout(60):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", "match", "-", *arguments),
            cwd=ROOT,
            env={**os.environ, "LEADLINE_DEDUP_TARGET": f"127.0.0.1:{server.port}"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(stdin.encode())
    assert process.returncode is not None
    assert b"Traceback" not in err, err.decode()
    return process.returncode, out.decode(), err.decode()


ANN = {"given_name": "Ann", "surname": "Whitfield", "postcode": 78701, "dob": "19800203"}


async def test_every_line_gets_its_line_with_whatever_else_it_said() -> None:
    pairs = [
        {"id": 7, "a": ANN, "b": ANN | {"given_name": "Annie", "dob": "1980-03-02"}},
        {"a": ANN, "b": {"name": "Carl Zamora", "city": None}},
    ] * 600
    status, out, _ = await run(stdin="\n".join(map(json.dumps, pairs)))
    told = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert len(told) == 1200
    assert (told[0]["id"], told[0]["verdict"], told[1]["verdict"]) == (7, "reject", "different")
    assert told[0]["score"] > 85 > told[1]["score"]
    assert "day and month of birth swapped" in told[0]["why"]


async def test_the_scores_of_a_verdict_can_be_told() -> None:
    pair = json.dumps({"a": ANN, "b": ANN | {"given_name": "Annie"}})
    _, out, _ = await run("--flag", "90", "--reject", "100", stdin=pair)
    assert json.loads(out)["verdict"] == "flag"


@pytest.mark.parametrize("line", ["{", "[]", '{"a": {}}', '{"a": 1, "b": {}}'])
async def test_a_line_that_is_no_pair_is_named(line: str) -> None:
    status, _, err = await run(stdin=f'{{"a": {{}}, "b": {{}}}}\n{line}')
    assert status == 1
    assert "-:2: expected an object such as" in err
