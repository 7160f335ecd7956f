"""Every reason, its class, its gRPC code and its HTTP status agree, in the table, in the contract and on the wire."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st

import shared.rpc.errors as errors
from leadline.common.v1.error_reason_pb2 import ErrorReason
from leadline.dedup.v1 import dedup_service_pb2 as pb
from shared.rpc.client import call
from shared.rpc.errors import (
    BY_REASON,
    TABLE,
    AppError,
    DeadlineExceeded,
    Internal,
    Unavailable,
    Violation,
    from_refusal,
    from_rpc_error,
    from_status,
    to_refusal,
    to_status,
)
from tests.serving import serving

PROTO = Path(__file__).parents[2] / "protos/leadline/common/v1/error_reason.proto"
REASONS = [reason for reason in ErrorReason.values() if reason != ErrorReason.ERROR_REASON_UNSPECIFIED]
CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AppError)]
FAILURES = st.builds(
    lambda kind, message, fields, wait, metadata: kind(
        message,
        violations=[Violation(field, "expected something else") for field in fields],
        retry_after_seconds=wait,
        metadata=metadata,
    ),
    st.sampled_from(list(BY_REASON.values())),
    st.text(max_size=40),
    st.lists(st.text(max_size=10), max_size=3),
    st.integers(0, 3600),
    st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=2),
)


def facts(error: AppError) -> tuple[object, ...]:
    return type(error), error.message, error.violations, error.retry_after_seconds, error.metadata


def test_every_reason_has_one_class_and_one_row() -> None:
    assert set(TABLE) == set(BY_REASON) == set(REASONS)
    assert {kind for kind in CLASSES if kind is not AppError} == set(BY_REASON.values())
    assert len(BY_REASON) == len(CLASSES) - 1


def test_the_table_is_what_the_contract_says() -> None:
    documented = re.findall(r"([A-Z_]+), HTTP (\d+)\.\n\s+(ERROR_REASON_\w+) = ", PROTO.read_text())
    assert {ErrorReason.Value(reason): (grpc.StatusCode[code], int(status)) for code, status, reason in documented} == {
        reason: (row.code, row.http_status) for reason, row in TABLE.items()
    }


@given(FAILURES)
def test_an_error_survives_the_status(error: AppError) -> None:
    returned = from_status(Status.FromString(to_status(error).SerializeToString()))
    assert returned is not None
    assert facts(returned) == facts(error)


@given(FAILURES)
def test_an_error_survives_the_refusal_of_one_item(error: AppError) -> None:
    returned = from_refusal(to_refusal(error))
    assert facts(returned)[:4] == facts(error)[:4]


def test_a_reason_newer_than_this_code_is_not_guessed() -> None:
    status = to_status(Unavailable("x"))
    info = ErrorInfo(reason="ERROR_REASON_OF_NEXT_YEAR", domain=errors.DOMAIN)
    status.details[0].Pack(info)
    assert from_status(status) is None


@pytest.mark.parametrize("kind", BY_REASON.values())
async def test_every_error_crosses_the_wire(kind: type[AppError]) -> None:
    sent = kind("what happened", violations=[Violation("a.b", "expected c")], retry_after_seconds=7)

    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        raise sent

    async with serving(handle) as served:
        with pytest.raises(kind) as raised:
            await call(served.stub.CheckLeads, pb.CheckLeadsRequest(), timeout=5)
        assert facts(raised.value) == facts(sent)
        with pytest.raises(grpc.aio.AioRpcError) as plain:
            await served.stub.CheckLeads(pb.CheckLeadsRequest(), timeout=5)
        assert plain.value.code() is TABLE[kind.reason].code


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.UNAVAILABLE, Unavailable),
        (grpc.StatusCode.CANCELLED, Unavailable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, DeadlineExceeded),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Internal),
        (grpc.StatusCode.UNKNOWN, Internal),
    ],
)
def test_a_status_that_is_not_ours_is_understood_without_its_text(code: grpc.StatusCode, kind: type[AppError]) -> None:
    foreign = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details="canary 10.0.0.1")
    understood = from_rpc_error(foreign)
    assert type(understood) is kind
    assert "canary" not in understood.message


def test_only_what_may_be_sent_again_is_called_retryable() -> None:
    assert {reason for reason in REASONS if TABLE[reason].retryable} == {
        ErrorReason.ERROR_REASON_RACE_LOST,
        ErrorReason.ERROR_REASON_OVERLOADED,
        ErrorReason.ERROR_REASON_RATE_LIMITED,
        ErrorReason.ERROR_REASON_UNAVAILABLE,
    }
