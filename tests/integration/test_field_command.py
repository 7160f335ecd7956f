"""`leadline field` as a person runs it, against the real validation service."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from leadline.validation.v1.validation_service_pb2_grpc import add_ValidationServiceServicer_to_server
from services.validation.fieldtypes.registry import FIELD_TYPES
from services.validation.service import ValidationService
from shared.catalog.snapshot import CatalogReader
from shared.rpc.server import RpcServer
from shared.runtime.settings import RpcSettings
from shared.telemetry.metrics import Metrics
from tests.unit.validation.terms import desks

ROOT = Path(__file__).parents[2]
Ran = tuple[int, str, str]


class Leadline:
    """The command line and the one server that it asks."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __call__(self, *arguments: str | Path, stdin: str = "") -> Ran:
        """Runs `leadline field` to its end: status, output, errors."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", "field", *map(str, arguments)),
            cwd=ROOT,
            env={**os.environ, "LEADLINE_VALIDATION_TARGET": f"127.0.0.1:{self._port}"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def leadline() -> AsyncIterator[Leadline]:
    server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
    # Values are read without any catalog.
    service = ValidationService(cast(CatalogReader, None), desks())
    server.add(add_ValidationServiceServicer_to_server, service, "leadline.validation.v1.ValidationService")
    async with server:
        yield Leadline(server.port)


async def test_a_value_is_shown_with_what_it_is_read_as_and_what_was_expected(leadline: Leadline) -> None:
    status, out, err = await leadline("phone", "(512) 627-4199", "123", "{{phone}}")
    assert (status, err) == (0, "")
    good, bad, missing = out.splitlines()[2:5]
    assert "valid" in good
    assert "+15126274199" in good
    assert "NOT VALID" in bad
    assert "phone_invalid: Expected a phone number" in bad
    assert "missing" in missing


async def test_a_file_of_values_is_answered_line_by_line(leadline: Leadline, tmp_path: Path) -> None:
    lines = [
        {"type": "Phone", "value": "+1 512.627.4199", "id": 7},
        {"type": "zip", "value": 78701},
        {"type": "choice", "value": "EXCELLENT", "choices": ["excellent", "good"]},
        {"type": "integer", "value": "7", "maximum": 5},
        {"type": "email", "value": None},
        {"type": "state", "value": "\ud800"},
    ]
    file = tmp_path / "values.jsonl"
    file.write_text("\n\n".join(map(json.dumps, lines * 100)))
    status, out, _ = await leadline("--file", file, "--json")
    answers = [json.loads(line) for line in out.splitlines()]
    assert (status, len(answers)) == (0, 600)
    phone, code, choice, integer, email, state = answers[-6:]
    assert (phone["id"], phone["canonical"], phone["valid"]) == (7, "+15126274199", True)
    assert code["canonical"] == "78701"
    assert choice["canonical"] == "excellent"
    assert (integer["valid"], [fault["reason"] for fault in integer["faults"]]) == (False, ["field_invalid"])
    assert (email["missing"], email["valid"], email["canonical"], email["faults"]) == (True, False, None, [])
    assert (state["valid"], state["value"]) == (False, "?")
    assert set(phone) - {"id"} == {*("type", "value", "canonical", "parts", "valid", "missing", "faults", "suggestion")}


async def test_a_type_that_is_not_known_fails_the_command_and_keeps_the_other_answers(leadline: Leadline) -> None:
    lines = '{"type": "state", "value": "Texas"}\n{"type": "zodiac", "value": "Leo"}'
    status, out, err = await leadline("-f", "-", "--json", stdin=lines)
    assert status == 1
    assert json.loads(out.splitlines()[0])["canonical"] == "TX"
    assert err.startswith("leadline: -:2: Expected a type of fields: phone, email")
    assert err.endswith("Found `zodiac`.\n")


@pytest.mark.parametrize("line", ["phone", "[]", "{}", '{"type": "phone"}', '{"type": 3, "value": "x"}'])
async def test_a_line_that_asks_nothing_is_told_with_its_number(leadline: Leadline, line: str) -> None:
    status, out, err = await leadline("-f", "-", stdin=f'{{"type": "state", "value": "TX"}}\n{line}\n')
    assert (status, out) == (1, "")
    assert err == ('leadline: -:2: expected an object such as {"type": "phone", "value": "(512) 627-4199"}\n')


async def test_values_that_look_like_options_are_values(leadline: Leadline) -> None:
    _, out, _ = await leadline("number", "-5", "-", "--json")
    five, nothing = map(json.loads, out.splitlines())
    assert (five["canonical"], nothing["missing"]) == ("-5", True)


async def test_without_values_the_command_says_what_it_wants(leadline: Leadline) -> None:
    for arguments in ((), ("phone",), ("phone", "1", "--file", "x")):
        status, _, err = await leadline(*arguments)
        assert status == 1
        assert "expected a type and its values, or --file alone" in err
    status, _, err = await leadline("--file", "/nowhere/values.jsonl")
    assert (status, "No such file" in err) == (1, True)


async def test_a_sensitive_value_is_never_shown(leadline: Leadline) -> None:
    secrets = {kind: "078-05-1120" for kind, of in FIELD_TYPES.items() if of.sensitive}
    lines = "\n".join(json.dumps({"type": kind, "value": value}) for kind, value in secrets.items())
    for form in ((), ("--json",)):
        _, out, err = await leadline("-f", "-", *form, stdin=lines)
        assert "078-05" not in out + err
