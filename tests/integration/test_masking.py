"""A Social Security number that a lead carries ends up nowhere: not in Postgres, not in Redis, not in a log."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from urllib.parse import quote_plus

import asyncpg
import pytest

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from services.intake.sealing import unseal
from tests.clock import FakeClock
from tests.integration.intake_world import World, intake_world

SSN = "512-62-7419"
DIGITS = "512627419"
MASKED = "***-**-7419"


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with intake_world(database_url, clock) as made:
        yield made


async def everything(connection: asyncpg.Connection) -> str:
    """Every value of every table, receipts unsealed, bytes read as text, every escape undone."""
    tables = await connection.fetch(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    said = []
    for schema, table in tables:
        for row in await connection.fetch(f'SELECT * FROM "{schema}"."{table}"'):
            for name, value in row.items():
                if isinstance(value, bytes):
                    said.append((unseal(value) if name == "receipt" else value).decode("latin-1"))
                else:
                    said.append(str(value))
    return html.unescape("\n".join(said))


def holds_number(text: str) -> bool:
    """Whether nine digits are there, in whatever spelling."""
    return re.search(r"[^0-9A-Za-z]{0,3}".join(DIGITS), text) is not None or DIGITS in re.sub(r"[^0-9]", "", text)


def item(world: World, name: str, text: str, payload: bytes = b"", **more: str) -> pb.SubmitLeadItem:
    """A submission whose field `name` holds `text`."""
    sent = world.item(**{name: text}, **more)
    sent.submission.payload = payload
    return sent


SENT = [
    ("ssn", SSN, json.dumps({"ssn": SSN}).encode()),
    ("ssn", DIGITS, json.dumps({"ssn": int(DIGITS)}).encode()),
    ("ssn", "512 62 7419", b"ssn=512+62+7419&zip=78701"),
    ("ssn", SSN, b"ssn=%35%31%32-62-7419&zip=78701"),
    ("ssn", SSN, b"<adf><prospect><leadline><field name='ssn'>&#53;12-62-7419</field></leadline></prospect></adf>"),
    ("applicantSSN", SSN, b""),
    ("social_security_number", "５１２６２７４１９", '{"social_security_number": "５１２６２７４１９"}'.encode()),
    ("comments", f"please call, my social is {SSN}, thanks", b"comments=" + quote_plus(f"my social is {SSN}").encode()),
]


@pytest.mark.parametrize(("name", "text", "payload"), SENT)
async def test_a_lead_is_stored_without_it(world: World, name: str, text: str, payload: bytes) -> None:
    [result] = await world.submit(item(world, name, text, payload))
    assert result.answer.outcome == pb.OUTCOME_ACCEPTED
    stored = await everything(world.admin)
    assert "7419" in stored
    assert not holds_number(stored)


async def test_a_pending_lead_is_stored_without_it_too(world: World) -> None:
    world.stages.away = True
    [result] = await world.submit(item(world, "ssn", SSN, json.dumps({"ssn": SSN}).encode()))
    assert result.answer.outcome == pb.OUTCOME_PENDING
    assert not holds_number(await everything(world.admin))


async def test_it_is_taken_out_of_whatever_else_was_sent(world: World) -> None:
    sent = item(world, "ssn", SSN)
    sent.submission.consent.page_url = f"https://cars.example/apply?ssn={DIGITS}"
    sent.submission.consent.text = f"I, holder of {SSN}, agree."
    sent.submission.signals.user_agent = f"Form/1.0 ({DIGITS})"
    sent.submission.sub_source = f"fb-{SSN}"
    await world.submit(sent)
    stored = await everything(world.admin)
    assert not holds_number(stored)
    assert f"fb-{MASKED}" in stored


async def test_a_field_is_masked_by_its_type_in_the_catalog(world: World) -> None:
    assert world.directory.current("big-bank").sensitive_fields == {"ssn"}


@pytest.mark.parametrize("name", ["external_id", "idempotency_key"])
async def test_it_is_no_name_for_a_submission(world: World, name: str) -> None:
    sent = item(world, "ssn", SSN)
    setattr(sent.submission, name, f"m-{SSN}")
    [result] = await world.submit(sent)
    assert result.refusal.message == "the submission cannot be stored as it is"
    assert name in str(result.refusal)
    assert not holds_number(str(result.refusal))
    assert await world.count("intake.lead") == 0


async def test_a_copy_is_known_by_what_is_masked(world: World) -> None:
    """The content's hash cannot be turned back into nine digits: it never saw them."""
    [first] = await world.submit(item(world, "ssn", SSN, external_id="m-1"))
    [second] = await world.submit(item(world, "ssn", "512627419", external_id="m-1"))
    assert (second.answer.replayed, second.answer.lead_id) == (True, first.answer.lead_id)
    [other] = await world.submit(item(world, "ssn", "512-62-7420", external_id="m-1"))
    assert other.refusal.message


async def test_a_lead_without_any_is_kept_byte_for_byte(world: World) -> None:
    payload = b'{"phone": "(512) 472-8174", "comments": "78701-1234, 2026-11-22, 123-45-67890"}'
    await world.submit(item(world, "comments", "78701-1234, 2026-11-22, 123-45-67890", payload))
    assert await world.admin.fetchval("SELECT payload FROM intake.person") == payload
    stored = lead_pb2.Submission.FromString(await world.admin.fetchval("SELECT submission FROM intake.person"))
    assert stored.fields["comments"] == "78701-1234, 2026-11-22, 123-45-67890"
