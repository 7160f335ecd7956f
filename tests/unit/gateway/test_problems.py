"""Inability as problem+json."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from leadline.common.v1.error_reason_pb2 import ErrorReason
from leadline.common.v1.reason_pb2 import Reason
from services.gateway import problems, service
from services.gateway.posted import Fault, Position, Unreadable
from shared.rpc.errors import BY_REASON, Overloaded

PROTO = Path(__file__).resolve().parents[3] / "protos/leadline/common/v1/error_reason.proto"


def test_every_reason_has_a_code_a_title_and_the_status_that_the_contract_gives_it() -> None:
    promised = {
        name: status for status, name in re.findall(r"HTTP (\d+)\.\n\s+ERROR_REASON_(\w+) =", PROTO.read_text())
    }
    given = {
        problems.code_of(kind).upper(): str(problems.of_app_error(kind("one sentence")).status)
        for kind in problems.TITLES
    }

    assert given == promised
    assert set(problems.TITLES) == set(BY_REASON.values())
    assert len(given) == len([number for number in ErrorReason.values() if number])


def test_every_reason_for_not_buying_has_its_public_code() -> None:
    assert service.REASON_CODES[Reason.Value("REASON_CAP_REACHED")] == "cap_reached"
    assert len(service.REASON_CODES) == len(Reason.values()) - 1


def test_codes_of_the_edge_and_of_the_chain_do_not_meet() -> None:
    assert not set(problems.EDGE) & {problems.code_of(kind) for kind in problems.TITLES}


def test_a_problem_tells_fields_place_and_when_to_come_back_and_nothing_that_is_unset() -> None:
    unreadable = problems.of_unreadable(Unreadable("No.", Fault("a", "b"), position=Position(1, 2, 3)))

    assert json.loads(msgspec.json.encode(unreadable)) == {
        "type": "/docs#request_malformed",
        "title": "The request cannot be read",
        "status": 400,
        "detail": "No.",
        "code": "request_malformed",
        "errors": [{"field": "a", "expected": "b"}],
        "position": {"line": 1, "column": 2, "byte": 3},
    }
    assert problems.of_app_error(Overloaded("later", retry_after_seconds=1.2)).retry_after == 2


@pytest.mark.parametrize("code", problems.EDGE)
def test_every_problem_of_the_edge_keeps_its_status(code: str) -> None:
    assert problems.of_edge(problems.HttpError(code, "x")).status == problems.EDGE[code].status


def test_an_endless_field_name_is_cut() -> None:
    problem = problems.of_unreadable(Unreadable("No.", Fault("x" * 100_000, "b")))

    assert len(problem.errors[0].field) == 200
