"""The certificate service asked for real, on good days and bad ones."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from services.validation.consent.certificate import CertificateFacts, issuer_url
from services.validation.consent.certificate_client import BREAK_AFTER, CertificateClient, Retained, open_client
from services.validation.consent.issuer import CertificateDesk
from services.validation.rules import validate
from services.validation.settings import CertificateSettings
from shared.catalog.terms import ConsentTerms
from shared.runtime.settings import SettingsError, load
from tests.clock import FakeClock
from tests.integration.certificate_service import KEY, CertificateService, certificate_service
from tests.unit.validation.terms import GOOD, ORDER, lead_with, plan, reasons, reference

TOKEN = "2605ec3e321e1b3e41addf0bba1213505ef57985"
PERSON = {"phone": "5126274199", "email": "ann.lee@gmail.com"}
MATCH = msgspec.structs.replace(ORDER, consent=ConsentTerms(certificate="match"))


@pytest.fixture
async def service() -> AsyncIterator[CertificateService]:
    async with certificate_service() as running:
        running.certificates[TOKEN] = (PERSON["email"], PERSON["phone"])
        yield running


@pytest.fixture
async def client(service: CertificateService, clock: FakeClock) -> AsyncIterator[CertificateClient]:
    async with open_client(base=service.url, api_key=KEY, seconds=0.5, concurrency=4, clock=clock) as opened:
        yield opened


async def _match(client: CertificateClient, token: str = TOKEN, **person: str) -> CertificateFacts:
    return await client.match(token, **{**PERSON, **person}, insights=False)


async def test_a_question_is_as_documented(client: CertificateClient, service: CertificateService) -> None:
    assert await client.match(TOKEN, **PERSON, insights=True) == CertificateFacts(
        "matched", 3600.0, "best-auto-loans.example"
    )
    (asked,) = service.requests
    assert asked["token"] == TOKEN
    assert asked["headers"]["api-version"] == "4.0"
    assert asked["headers"]["Content-Type"] == "application/json"
    assert asked["headers"]["Authorization"].startswith("Basic ")
    assert asked["body"] == {
        "match_lead": {"email": PERSON["email"], "phone": PERSON["phone"]},
        "insights": {"properties": ["age_seconds", "domain"]},
    }


@pytest.mark.parametrize(
    ("person", "outcome"),
    [
        ({}, "matched"),
        # Consent is for the number: a corrected e-mail address is the same person.
        ({"email": "another@gmail.com"}, "matched"),
        ({"phone": "5126274100"}, "not_matched"),
        ({"phone": ""}, "matched"),
        ({"phone": "", "email": "another@gmail.com"}, "not_matched"),
    ],
)
async def test_the_phone_decides_and_the_mail_where_there_is_no_phone(
    client: CertificateClient, person: dict[str, str], outcome: str
) -> None:
    assert (await _match(client, **person)).outcome == outcome


async def test_a_certificate_that_recorded_neither_cannot_be_compared(
    client: CertificateClient, service: CertificateService
) -> None:
    service.certificates[TOKEN] = None
    assert (await _match(client)).outcome == "incomparable"


@pytest.mark.parametrize(("token", "outcome"), [("ab12" * 10, "not_found"), ("sandbox" * 4, "sandbox")])
async def test_what_the_issuer_does_not_know(client: CertificateClient, token: str, outcome: str) -> None:
    assert (await _match(client, token)).outcome == outcome


@pytest.mark.parametrize("status", [400, 401, 402, 403, 406, 422, 429, 500, 502, 503, 504])
async def test_what_is_not_about_the_certificate_is_no_answer(
    client: CertificateClient, service: CertificateService, status: int
) -> None:
    service.status = status
    assert (await _match(client)).outcome == "unavailable"


@pytest.mark.parametrize(("status", "outcome"), [(404, "not_found"), (410, "expired"), (405, "sandbox")])
async def test_what_is_about_the_certificate_is_an_answer(
    client: CertificateClient, service: CertificateService, status: int, outcome: str
) -> None:
    service.status = status
    assert (await _match(client)).outcome == outcome


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html>maintenance</html>", "text/html"),
        (b'{"outcome": "success", "match_lead": {"result": {"phone_match": true}}}', "text/html"),
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"{}", "application/json"),
        (b"null", "application/json"),
        (b'{"outcome": "error", "reason": "internal"}', "application/json"),
        (b'{"outcome": "success"', "application/json"),
        (b'{"outcome": "success", "x": "' + b"x" * 100_000 + b'"}', "application/json"),
    ],
)
async def test_an_answer_of_another_kind_is_no_answer(
    client: CertificateClient, service: CertificateService, body: bytes, content_type: str
) -> None:
    service.body, service.content_type = body, content_type
    assert (await _match(client)).outcome == "unavailable"


@pytest.mark.parametrize(
    "body",
    [
        b'{"outcome": "success"}',
        b'{"outcome": "success", "match_lead": null}',
        b'{"outcome": "failure", "match_lead": {"result": "no"}, "insights": []}',
        b'{"outcome": "failure", "match_lead": {"result": {"phone_match": "false"}}}',
    ],
)
async def test_a_result_that_says_nothing_refuses_nobody(
    client: CertificateClient, service: CertificateService, body: bytes
) -> None:
    service.body = body
    assert (await _match(client)).outcome == "incomparable"


async def test_the_key_follows_no_redirect(client: CertificateClient, service: CertificateService) -> None:
    async with certificate_service() as other:
        other.certificates[TOKEN] = (PERSON["email"], PERSON["phone"])
        service.location = f"{other.url}/{TOKEN}"
        assert (await _match(client)).outcome == "unavailable"
        assert other.requests == []


async def test_a_slow_answer_is_none(client: CertificateClient, service: CertificateService) -> None:
    service.delay_seconds = 5.0
    started = asyncio.get_running_loop().time()
    assert (await _match(client)).outcome == "unavailable"
    assert asyncio.get_running_loop().time() - started < 2.0


async def test_nobody_listening_is_no_answer(clock: FakeClock) -> None:
    async with open_client(base="http://127.0.0.1:9", api_key=KEY, seconds=0.5, concurrency=4, clock=clock) as client:
        assert (await _match(client)).outcome == "unavailable"


async def test_after_failures_in_a_row_the_issuer_is_left_alone_and_then_tried_once(
    client: CertificateClient, service: CertificateService, clock: FakeClock
) -> None:
    service.status = 503
    for _ in range(BREAK_AFTER + 3):
        assert (await _match(client)).outcome == "unavailable"
    assert len(service.requests) == BREAK_AFTER
    clock.advance(11)
    await _match(client)
    await _match(client)
    assert len(service.requests) == BREAK_AFTER + 1
    clock.advance(11)
    service.status = 0
    assert (await _match(client)).outcome == "matched"
    assert (await _match(client)).outcome == "matched"


async def test_no_more_questions_at_once_than_allowed(client: CertificateClient, service: CertificateService) -> None:
    service.delay_seconds = 0.02
    outcomes = await asyncio.gather(*[_match(client) for _ in range(12)])
    assert {facts.outcome for facts in outcomes} == {"matched"}
    assert service.most_under_way == 4


async def test_a_certificate_is_retained_once_and_a_repeat_says_so(
    client: CertificateClient, service: CertificateService
) -> None:
    of = {"reference": "lead-1", "vendor": "marco"}
    assert await client.retain(TOKEN, **PERSON, **of) == Retained("retained", False, "2031-11-22T10:00:00.000Z")
    assert await client.retain(TOKEN, **PERSON, **of) == Retained("retained", True, "2031-11-22T10:00:00.000Z")
    assert service.requests[0]["body"]["retain"] == of
    other = {**PERSON, "phone": "5126274100"}
    assert (await client.retain(TOKEN, **other, **of)).outcome == "not_matched"
    assert (await client.retain("ab12" * 10, **PERSON, **of)).outcome == "gone"
    service.status = 500
    assert (await client.retain(TOKEN, **PERSON, **of)).outcome == "later"


@pytest.mark.parametrize(
    ("url", "environment", "base"),
    [
        ("https://cert.trustedform.com", "production", "https://cert.trustedform.com"),
        ("https://cert.trustedform.com/", "development", "https://cert.trustedform.com"),
        ("http://127.0.0.1:8099", "development", "http://127.0.0.1:8099"),
        ("http://localhost:8099/", "development", "http://localhost:8099"),
        ("http://127.0.0.1:8099", "production", ""),
        ("http://cert.trustedform.com", "development", ""),
        ("https://cert.trustedform.com.evil.example", "development", ""),
        ("https://cert.trustedform.com@evil.example", "production", ""),
        ("https://cert.trustedform.com:8443", "production", ""),
        ("https://cert.trustedform.com/path", "production", ""),
        ("http://127.0.0.1.evil.example", "development", ""),
        ("http://10.0.0.1", "development", ""),
    ],
)
def test_the_key_goes_to_the_issuer_only(url: str, environment: str, base: str) -> None:
    if base:
        assert issuer_url(url, environment) == base
        return
    with pytest.raises(ValueError, match="expected https"):
        issuer_url(url, environment)
    environ = {"LEADLINE_TRUSTEDFORM_URL": url, "LEADLINE_ENVIRONMENT": environment}
    with pytest.raises(SettingsError, match="LEADLINE_TRUSTEDFORM_URL"):
        _ = load(CertificateSettings, environ).base


async def _decided(desk: CertificateDesk, *leads: Any, order: Any = MATCH) -> list[list[tuple[str, str]]]:
    prepared = plan(order)
    told = await desk.with_facts(leads, prepared)
    return [reasons(validate(lead, prepared, reference())) for lead in told]


async def test_a_batch_is_asked_side_by_side_for_orders_that_want_it(
    client: CertificateClient, service: CertificateService, clock: FakeClock
) -> None:
    service.delay_seconds = 0.1
    service.certificates["ab12" * 10] = (PERSON["email"], PERSON["phone"])
    desk = CertificateDesk(client, clock, seconds=2.0)
    started = asyncio.get_running_loop().time()
    found = await _decided(desk, GOOD, lead_with(phone="(512) 627-4100"), GOOD)
    assert asyncio.get_running_loop().time() - started < 1.5
    assert found == [[], [("certificate_mismatch", "consent.certificate")], []]
    # Asked again soon, nobody is asked again.
    asked = len(service.requests)
    assert await _decided(desk, GOOD) == [[]]
    assert len(service.requests) == asked


async def test_nobody_is_asked_who_need_not_be(
    client: CertificateClient, service: CertificateService, clock: FakeClock
) -> None:
    desk = CertificateDesk(client, clock, seconds=2.0)
    leadid = dataclasses.replace(GOOD.consent, certificate="EC2A0C2E-1C9C-4B5C-9C0D-0123456789AB")
    present = msgspec.structs.replace(ORDER, consent=ConsentTerms(certificate="present"))
    assert await _decided(desk, GOOD, order=present) == [[]]
    await _decided(desk, dataclasses.replace(GOOD, test=True), dataclasses.replace(GOOD, consent=leadid))
    assert service.requests == []


async def test_an_issuer_that_is_late_or_away_harms_nobody_unless_the_order_says_so(
    client: CertificateClient, service: CertificateService, clock: FakeClock
) -> None:
    service.delay_seconds = 5.0
    desk = CertificateDesk(client, clock, seconds=0.1)
    assert await _decided(desk, GOOD) == [[]]
    later = msgspec.structs.replace(ORDER, consent=ConsentTerms(certificate="match", certificate_unknown="try_again"))
    assert await _decided(desk, GOOD, order=later) == [[("try_again", "consent.certificate")]]
