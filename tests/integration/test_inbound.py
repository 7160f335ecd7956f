"""What people write back, end to end: signed by the provider, through the gateway, until it holds."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from services.routing.delivery.delivery import Delivery, HandedOff, Refused
from services.routing.gate.person import Person
from services.routing.messages.composition import CompositionError
from shared.runtime.ids import uuid7
from tests.integration.follow_up_world import BUYER, ORDER
from tests.integration.inbound_world import NOON, OTHER_BUYER, InboundWorld, inbound_world
from tests.unit.follow_up.samples import accepted

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(name="world", scope="module", loop_scope="module")
async def world_fixture(shared_database_url: str) -> AsyncIterator[InboundWorld]:
    async with inbound_world(shared_database_url) as made:
        yield made


WORDINGS = (
    "STOP", "stop", "Stop.", "STOP!!!", "stop please", "STOPALL", "Unsubscribe", "UNSUBSCRIBE ME", "cancel", "END",
    "quit", "Revoke", "opt out", "Opt-out", "please opt me out", "Stop texting me", "Don't text me again",
    "do not contact me", "do not call or text this number", "Please remove me from your list", "take me off your list",
    "Leave me alone", "I do not want any more messages", "no more texts please", "quit bothering me",
    "I revoke my consent", "I said STOP!", "wrong number", "ALTO", "no me llamen mas",
)  # fmt: skip


async def test_there_are_thirty_wordings() -> None:
    assert len(set(WORDINGS)) == 30


@pytest.mark.parametrize("words", WORDINGS)
async def test_whoever_says_stop_in_whatever_words_is_left_alone(world: InboundWorld, words: str) -> None:
    ann = await world.bought()
    assert not any((await world.blocked(ann)).values())

    answer = await world.text(ann, words, f"stop-{words}"[:60].replace(" ", "_"))

    assert answer["outcome"] == "opted_out"
    assert answer["reply"]["to"] == ann.phone
    assert answer["reply"]["text"].startswith("Big Bank: You are opted out")
    blocked = await world.blocked(ann)
    assert blocked["text"]
    assert blocked["call"]
    run = await world.run(ann)
    assert run["state"] == "stopped" or {"call", "text"} <= set(run["opted_out"])


async def test_an_opt_out_is_confirmed_once(world: InboundWorld) -> None:
    ann = await world.bought()
    first, second = await world.text(ann, "STOP"), await world.text(ann, "I said STOP!")
    assert "reply" in first
    assert second == {"outcome": "opted_out"}


async def test_the_same_message_again_has_the_same_answer_and_does_nothing(world: InboundWorld) -> None:
    ann = await world.bought()
    answers = await asyncio.gather(*(world.text(ann, "STOP", "msg-thrice") for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert "reply" in answers[0]
    count = await world.admin.fetchval("SELECT count(*) FROM routing.inbound WHERE message_id = 'msg-thrice'")
    assert count == 1


async def test_many_stops_of_one_person_at_once_are_confirmed_once(world: InboundWorld) -> None:
    ann = await world.bought()
    answers = await asyncio.gather(*(world.text(ann, "STOP", f"at-once-{index}") for index in range(8)))
    assert [answer["outcome"] for answer in answers] == ["opted_out"] * 8
    assert len([answer for answer in answers if "reply" in answer]) == 1


async def test_help_is_answered_also_after_stop(world: InboundWorld) -> None:
    ann = await world.bought()
    await world.text(ann, "STOP")
    answer = await world.text(ann, "HELP")
    assert answer["outcome"] == "help"
    assert answer["reply"]["text"].startswith("Big Bank:")
    assert "+18005550100" in answer["reply"]["text"]
    assert "STOP" in answer["reply"]["text"]


async def test_a_number_that_nobody_knows_is_left_alone_all_the_same(world: InboundWorld) -> None:
    stranger = world.person()
    assert (await world.text(stranger, "STOP"))["outcome"] == "opted_out"
    # Bought later, the person is still left alone.
    assert (await world.blocked(await world.bought(stranger)))["text"]
    nobody = world.person()
    assert await world.text(nobody, "hello?") == {"outcome": "ignored"}


async def test_a_stop_to_a_number_that_is_no_buyers_holds_for_every_buyer(world: InboundWorld) -> None:
    ann = await world.bought()
    answer = await world.text(ann, "STOP", to="+18005550177")
    assert answer == {"outcome": "opted_out"}
    buyers = await world.admin.fetch("SELECT DISTINCT buyer_id FROM routing.opt_out")
    assert {BUYER, OTHER_BUYER} <= {row["buyer_id"] for row in buyers}
    assert (await world.blocked(ann))["text"]


async def test_an_opt_out_holds_while_intake_is_away(world: InboundWorld) -> None:
    ann = await world.bought()
    world.people.away = True
    try:
        assert (await world.text(ann, "STOP"))["outcome"] == "opted_out"
    finally:
        world.people.away = False
    assert (await world.blocked(ann))["text"]


async def test_what_cannot_be_tied_to_a_channel_ends_every_contact(world: InboundWorld) -> None:
    stranger = world.person()
    assert (await world.text(stranger, "don't email me anymore"))["outcome"] == "opted_out"
    assert all((await world.blocked(stranger)).values())


async def test_a_reply_is_one_live_contact_and_ends_automatic_messages(world: InboundWorld) -> None:
    ann = await world.bought()
    for _ in range(3):
        assert await world.text(ann, "Yes, call me after five", "msg-reply") == {"outcome": "reply"}

    (attempt,) = await world.attempts(ann)
    assert (attempt.channel, attempt.live, attempt.inbound, attempt.agent) == ("text", True, True, "")
    assert (attempt.seller, attempt.order, attempt.source) == ("marco", ORDER, "cars.example")
    run = await world.run(ann)
    assert (run["state"], run["stopped_by"]) == ("stopped", "contacted")
    # Somebody still has to call: the clock agreed with sales runs on.
    assert await world.admin.fetchval("SELECT state FROM routing.call_task WHERE lead_id = $1", ann.lead_id) == "open"


async def test_no_word_or_address_is_kept_or_logged(world: InboundWorld) -> None:
    ann = await world.bought()
    with capture_logs() as logs:
        await world.text(ann, "Yes my secret word is xylophone")
        await world.text(ann, "STOP xylophone")
        await world.email(ann, text="xylophone", subject="hi")
        await world.send("text", {"from": ann.phone, "to": "nobody", "text": "xylophone"})
    kept = [str(row) for row in await world.admin.fetch("SELECT * FROM routing.inbound")]
    told = [str(event) for event in await world.base.events_of("attempt_made")]
    for secret in ("xylophone", ann.phone, ann.email):
        assert not any(secret in line for line in [*kept, *told, *map(str, logs)])


# -- e-mails


def delivery(person: Person, template: str = "news", purpose: Any = "follow_up") -> Delivery:
    """An e-mail to somebody."""
    return Delivery(
        delivery_id=UUID(uuid7()),
        lead=replace(accepted(lead_id=person.lead_id), order=ORDER, catalog_revision=3),
        channel="email",
        receiver="email",
        purpose=purpose,
        template=template,
        created_at=NOON,
    )


async def test_a_mailbox_that_takes_no_mail_is_written_to_no_more(world: InboundWorld) -> None:
    ann = await world.bought()
    (sent,) = await world.admin.fetch("SELECT delivery_id FROM routing.delivery WHERE lead_id = $1", ann.lead_id)
    assert isinstance(await world.channel.send(delivery(ann), ann, begin_before=1e9), HandedOff)

    # A full mailbox is not gone.
    assert await world.email(ann, type="bounce", permanent=False) == "ignored"
    assert isinstance(await world.channel.send(delivery(ann), ann, begin_before=1e9), HandedOff)
    gone: dict[str, Any] = {"type": "bounce", "permanent": True, "delivery_id": str(sent["delivery_id"]), "to": None}
    assert await world.email(ann, **gone) == "marked"
    assert await world.channel.send(delivery(ann), ann, begin_before=1e9) == Refused(
        "contact: mail to the address came back for good"
    )
    assert not any((await world.blocked(ann)).values())


async def test_a_complaint_ends_emails(world: InboundWorld) -> None:
    ann = await world.bought()
    before = world.base.metrics.value("leadline_inbound_total", kind="complaint", outcome="opted_out")
    assert await world.email(ann, type="complaint") == "opted_out"
    assert world.base.metrics.value("leadline_inbound_total", kind="complaint", outcome="opted_out") == before + 1
    assert await world.blocked(ann) == {"call": False, "text": False, "email": True}


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("unsubscribe", ""),
        ("Re: Ann, your auto loan", "Please unsubscribe me"),
        ("Re: x", "stop\n\nOn Monday Big Bank wrote:\n> Reply"),
    ],
)
async def test_an_answer_that_says_stop_ends_emails(world: InboundWorld, subject: str, text: str) -> None:
    ann = await world.bought()
    assert await world.email(ann, subject=subject, text=text) == "opted_out"
    assert (await world.blocked(ann))["email"]


async def test_an_answer_is_a_contact_and_an_absence_note_is_none(world: InboundWorld) -> None:
    ann = await world.bought()
    note: dict[str, Any] = {"subject": "Automatic reply", "text": "I am out of the office", "automatic": True}
    assert await world.email(ann, **note) == "ignored"
    assert await world.attempts(ann) == []
    assert await world.email(ann, "mail-1", subject="Re: x", text="Sounds good") == "reply"
    assert await world.email(ann, "mail-1", subject="Re: x", text="Sounds good") == "reply"
    (attempt,) = await world.attempts(ann)
    assert (attempt.channel, attempt.live) == ("email", True)


# -- the link


async def test_one_click_in_the_mail_program_ends_emails_at_once(world: InboundWorld) -> None:
    ann = await world.bought()
    assert (await world.permitted(ann, "email")).allowed
    await world.channel.send(delivery(ann), ann, begin_before=1e9)
    mail = world.base.mail.taken[-1]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = mail["List-Unsubscribe"].strip("<>")
    assert url.startswith("https://mail.bigbank.example/u/")
    path = url.removeprefix("https://mail.bigbank.example")
    assert ann.email not in url

    status, _, page = await world.suite.get(path, Authorization="")
    assert (status, "No more e-mails from Big Bank?" in page) == (200, True)
    assert not (await world.blocked(ann))["email"]
    # Also while intake is away, and once the person was forgotten: who was reached is known by digest.
    world.people.away = True
    try:
        kind = "application/x-www-form-urlencoded"
        status, _, page = await world.suite.post(path, b"List-Unsubscribe=One-Click", kind, Authorization="")
    finally:
        world.people.away = False
    assert (status, "sends you no more e-mails" in page) == (200, True)
    assert await world.blocked(ann) == {"call": False, "text": False, "email": True}


async def test_the_pages_second_button_ends_every_contact(world: InboundWorld) -> None:
    ann = await world.bought()
    email = await world.writer.email(delivery(ann), ann.first_name, ann.email)
    path = email.headers["List-Unsubscribe"].strip("<>").removeprefix("https://mail.bigbank.example")
    status, _, _ = await world.suite.post(path, b"contact=none", "application/x-www-form-urlencoded", Authorization="")
    assert status == 200
    assert all((await world.blocked(ann)).values())


async def test_a_link_that_was_altered_ends_nothing(world: InboundWorld) -> None:
    ann = await world.bought()
    email = await world.writer.email(delivery(ann), ann.first_name, ann.email)
    token = email.headers["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    assert (await world.suite.post(f"/u/{token[:-2]}AA", b"", Authorization=""))[0] == 404
    assert not (await world.blocked(ann))["email"]


async def test_a_promotional_template_is_no_confirmation(world: InboundWorld) -> None:
    ann = await world.bought()
    with pytest.raises(CompositionError, match="promotional, and this is a confirmation"):
        await world.writer.email(delivery(ann, purpose="confirmation"), ann.first_name, ann.email)
    plain = await world.writer.email(delivery(ann, "confirmation", "confirmation"), ann.first_name, ann.email)
    assert plain.headers == {}


# -- what would be said


async def leadline(world: InboundWorld, *arguments: str) -> tuple[int, str, str]:
    """The command line: status, output, errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "message", "preview", *arguments, "--buyer", BUYER),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "LEADLINE_ROUTING_TARGET": world.target},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_preview_shows_what_would_be_sent_and_sends_nothing(world: InboundWorld) -> None:
    ann, sent = await world.bought(), len(world.base.mail.taken)
    status, out, err = await leadline(world, "news", "--lead", str(ann.lead_id))

    assert (status, err) == (0, "")
    assert f"To: {ann.email}" in out
    assert "Subject: Ann, rates fell" in out
    assert "List-Unsubscribe: <https://mail.bigbank.example/u/" in out
    assert "1 Main Street, New York, NY 10001" in out
    assert len(world.base.mail.taken) == sent

    status, out, err = await leadline(world, "hello", "--lead", str(ann.lead_id))
    assert (status, err) == (0, "")
    assert f"To: {ann.phone}" in out
    assert "Reply HELP for help, STOP to opt out." in out
    assert "1 segment of GSM-7" in out


async def test_what_cannot_be_previewed_is_said_in_words(world: InboundWorld) -> None:
    ann = await world.bought()
    unknown = await leadline(world, "nothing", "--lead", str(ann.lead_id))
    nobody = await leadline(world, "hello", "--lead", str(uuid4()))
    assert (unknown[0], nobody[0]) == (1, 1)
    assert "there is no template nothing" in unknown[2]
    assert "no bought lead has this id" in nobody[2]
