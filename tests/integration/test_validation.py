"""ValidationService over the wire, with a catalog snapshot in a real Postgres."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import asyncpg
import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2 as common
from leadline.common.v1 import reason_pb2
from leadline.validation.v1.validation_service_pb2 import FieldToParse, ParseFieldsRequest, ValidatedLead
from leadline.validation.v1.validation_service_pb2_grpc import (
    ValidationServiceStub,
    add_ValidationServiceServicer_to_server,
)
from services.validation.lead import Lead
from services.validation.service import ValidationService
from services.validation.settings import Settings
from shared.catalog.snapshot import CatalogReader, encode
from shared.db.pool import open_pool
from shared.rpc.client import call, open_channel
from shared.rpc.errors import Malformed, NotFound
from shared.rpc.server import RpcServer
from shared.runtime.settings import load
from shared.telemetry.metrics import Metrics
from tests.unit.validation.messages import request_of
from tests.unit.validation.terms import GOOD, NOW, catalog, desks, lead_with

if TYPE_CHECKING:
    # Only the types know an asynchronous stub of its own.
    from leadline.validation.v1.validation_service_pb2_grpc import ValidationServiceAsyncStub

_INSERT = "INSERT INTO catalog.snapshot VALUES ($1, $2, $3, 'tracey', '', now())"


@pytest.fixture
async def stub(database_url: str) -> AsyncIterator[ValidationServiceAsyncStub]:
    connection = await asyncpg.connect(database_url)
    await connection.execute(_INSERT, "big-bank", 7, encode(catalog()))
    await connection.close()
    settings = load(
        Settings,
        {
            "LEADLINE_POSTGRES_URL": database_url,
            "LEADLINE_REDIS_URL": "redis://127.0.0.1:1/0",
            "LEADLINE_IDENTITY_KEY": "00" * 32,
            "LEADLINE_VALIDATION_PORT": "0",
            "LEADLINE_VALIDATION_METRICS_PORT": "0",
        },
    )
    async with open_pool(settings.database, role="leadline_validation", name="test-validation") as pool:
        server = RpcServer(settings.rpc, checks={}, metrics=Metrics())
        service = ValidationService(CatalogReader(pool), desks())
        server.add(add_ValidationServiceServicer_to_server, service, "leadline.validation.v1.ValidationService")
        async with server, open_channel(f"127.0.0.1:{server.port}") as channel:
            yield ValidationServiceStub(channel)


async def test_a_good_lead_comes_back_clean_with_its_type_source_and_receipt(stub: ValidationServiceAsyncStub) -> None:
    (result,) = await _validate(stub, GOOD)
    assert not result.findings
    assert [(c.order.order, c.order.version, len(c.findings)) for c in result.candidates] == [("marco-auto", 3, 0)]
    assert result.fields["phone"] == "+15126274199"
    assert result.source == "best-auto-loans.example"
    assert result.lead_type == common.LeadType(form="long", exclusivity="exclusive", opt_in="single")
    receipt = common.StageReceipt.FromString(result.receipt)
    assert receipt.stage == "validation"
    assert receipt.lists["zip-codes"].startswith("zipcodes 3.0.0 of 2026-06-01 #")
    assert receipt.summary == "Nothing is wrong with the lead."
    assert all(check.passed for check in receipt.checks)
    assert {"phone.exists", "consent.disclosure_approved", "order.criteria"} <= {c.rule for c in receipt.checks}


async def test_results_stand_in_the_order_of_the_request_with_all_reasons_at_once(
    stub: ValidationServiceAsyncStub,
) -> None:
    bad = dataclasses.replace(lead_with(phone="123-456-7890", email="x@mailinator.com", loan_amount="200"))
    first, second, third = await _validate(stub, GOOD, bad, GOOD)
    assert not first.findings
    assert not third.findings
    assert {finding.reason for finding in second.findings} == {
        reason_pb2.REASON_PHONE_FAKE,
        reason_pb2.REASON_EMAIL_DISPOSABLE,
    }
    assert [finding.field for finding in second.candidates[0].findings] == ["loan_amount"]
    failed = [check for check in common.StageReceipt.FromString(second.receipt).checks if not check.passed]
    assert [check.reason for check in failed] == [
        *(finding.reason for finding in second.findings),
        *(finding.reason for finding in second.candidates[0].findings),
    ]


async def test_the_same_request_gives_the_same_bytes(stub: ValidationServiceAsyncStub) -> None:
    request = request_of(GOOD)
    one, two = await call(stub.ValidateLeads, request, timeout=5), await call(stub.ValidateLeads, request, timeout=5)
    assert one.SerializeToString(deterministic=True) == two.SerializeToString(deterministic=True)


async def test_nothing_personal_stands_in_receipt_or_findings(stub: ValidationServiceAsyncStub) -> None:
    lead = lead_with(
        first_name="Zebulon", last_name="asdfgh", email="zebulon.quartermain@mailinator.com", street="77 Orchid Lane"
    )
    (result,) = await _validate(stub, lead)
    told = result.receipt.decode("utf-8", "replace") + "".join(finding.message for finding in result.findings)
    for secret in ("6274199", "627-4199", "ebulon", "asdfgh", "quartermain", "Orchid", "78701"):
        assert secret not in told


async def test_an_unknown_revision_is_not_found(stub: ValidationServiceAsyncStub) -> None:
    request = request_of(GOOD)
    request.catalog_revision = 8
    with pytest.raises(NotFound):
        await call(stub.ValidateLeads, request, timeout=5)


async def test_a_lead_without_its_time_of_arrival_is_malformed(stub: ValidationServiceAsyncStub) -> None:
    request = request_of(GOOD)
    request.leads[0].submission.ClearField("received_at")
    with pytest.raises(Malformed) as caught:
        await call(stub.ValidateLeads, request, timeout=5)
    assert caught.value.violations[0].field == "leads[0].submission.received_at"


async def test_too_large_a_batch_is_malformed(stub: ValidationServiceAsyncStub) -> None:
    with pytest.raises(Malformed):
        await call(stub.ValidateLeads, request_of(*[GOOD] * 257), timeout=5)


async def test_a_call_without_a_deadline_is_refused(stub: ValidationServiceAsyncStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ValidateLeads(request_of(GOOD))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def _validate(stub: ValidationServiceAsyncStub, *leads: Lead) -> list[ValidatedLead]:
    return list((await call(stub.ValidateLeads, request_of(*leads), timeout=5)).results)


async def test_single_values_are_read_as_decisions_read_them(stub: ValidationServiceAsyncStub) -> None:
    asked = [FieldToParse(type="phone", value="512-627-4199"), FieldToParse(type="money", value="$5", minimum=10)]
    request = ParseFieldsRequest(fields=asked, as_of=Timestamp(seconds=int(NOW)))
    answer = await call(stub.ParseFields, request, timeout=5)
    phone, money = answer.results
    assert (phone.canonical, phone.valid, phone.missing) == ("+15126274199", True, False)
    assert not money.HasField("canonical")
    assert [(fault.reason, fault.message) for fault in money.faults] == [
        (reason_pb2.REASON_FIELD_INVALID, "Expected an amount in dollars of at least 10.")
    ]


async def test_values_without_an_instant_or_too_many_are_refused(stub: ValidationServiceAsyncStub) -> None:
    with pytest.raises(Malformed) as refused:
        await call(stub.ParseFields, ParseFieldsRequest(), timeout=5)
    assert refused.value.violations[0].field == "as_of"
    many = ParseFieldsRequest(fields=[FieldToParse(type="text")] * 1001, as_of=Timestamp(seconds=1))
    with pytest.raises(Malformed) as refused:
        await call(stub.ParseFields, many, timeout=5)
    assert refused.value.violations[0].field == "fields"
