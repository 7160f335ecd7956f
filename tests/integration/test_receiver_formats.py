"""What the buyer's systems are given: signed webhooks, ADF, files."""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import pytest
from defusedxml import ElementTree

from shared.catalog.receiving import Receiver
from tests.clock import FakeClock
from tests.integration.follow_up_world import BUYER, OFFER
from tests.integration.receivers_world import NEW_YORK, SECRETS, TAKEN, Office, open_office


@pytest.fixture
async def office(database_url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, clock, tmp_path) as opened:
        yield opened


async def test_a_webhook_is_signed_with_every_secret_and_carries_its_ids(office: Office) -> None:
    await office.receivers(office.webhook("crm", secrets=("crm-new", "crm-old")))
    lead_id = await office.buy()
    await office.send()
    (heard,) = office.http.heard
    (delivery,) = (await office.deliveries()).values()
    assert heard.headers["webhook-id"] == delivery.delivery_id
    stamp = heard.headers["webhook-timestamp"]
    assert int(stamp) == int(office.world.clock.now().timestamp())
    content = f"{delivery.delivery_id}.{stamp}.".encode() + heard.body
    signatures = [
        "v1," + base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode() for secret in SECRETS.values()
    ]
    assert heard.headers["webhook-signature"].split(" ") == signatures
    told = json.loads(heard.body)
    assert told["type"] == "lead.bought"
    assert told["data"]["person"] == {"first_name": "Ann", "email": f"{lead_id}@mail.example"}
    assert told["data"]["offer"] == OFFER
    assert (delivery.purpose, delivery.channel) == ("lead", "webhook")


async def test_a_receiver_is_given_the_fields_that_it_is_to_have_and_no_other(office: Office) -> None:
    await office.receivers(office.webhook("crm", fields=("email",)))
    lead_id = await office.buy("Zebedee")
    await office.send()
    (heard,) = office.http.heard
    assert json.loads(heard.body)["data"]["person"] == {"email": f"{lead_id}@mail.example"}
    assert b"Zebedee" not in heard.body


async def test_adf_is_posted_and_mailed_as_xml_that_no_name_breaks(office: Office) -> None:
    await office.receivers(
        Receiver(slug="desk", kind="adf_post", url=office.http.url("/adf")),
        Receiver(slug="inbox", kind="adf_email", address="leads@dealer.example"),
    )
    hostile = "]]><adf>&amp;\r\nBcc: x@y.example\x00<!ENTITY"
    lead_id = await office.buy(hostile)
    await office.send()
    (heard,) = office.http.heard
    assert heard.headers["content-type"].startswith("application/xml")
    (mail,) = office.world.mail.taken
    assert office.world.mail.recipients == ["leads@dealer.example"]
    assert mail["Bcc"] is None
    found = await office.deliveries()
    assert mail["X-Leadline-Delivery"] == found["inbox"].delivery_id
    for body, slug in ((heard.body, "desk"), (mail.get_content().encode(), "inbox")):
        root = ElementTree.fromstring(body)
        prospect = root.find("prospect")
        assert prospect is not None
        assert [child.tag for child in prospect] == ["id", "requestdate", "vehicle", "customer", "vendor", "provider"]
        assert prospect.findtext("id") == found[slug].delivery_id
        assert prospect.findtext("customer/contact/email") == f"{lead_id}@mail.example"
        assert prospect.findtext("customer/contact/name") == "]]><adf>&amp; Bcc: x@y.example <!ENTITY"
        assert OFFER in (prospect.findtext("customer/comments") or "")


async def test_a_csv_file_holds_the_day_and_no_formula_and_goes_to_folder_and_mail(office: Office) -> None:
    await office.receivers(
        Receiver(
            slug="branches",
            kind="csv",
            to_folder=True,
            address="Branches <branches@bank.example>",
            daily_at="18:00",
            fields=("first_name", "email"),
        )
    )
    leads = [await office.buy(name) for name in ("=HYPERLINK(evil)", "Bob", "Cid")]
    await office.send()
    assert not office.folder.exists()
    (one,) = (await office.deliveries()).values()
    due = one.due_time.ToDatetime(UTC)
    assert due.astimezone(NEW_YORK).strftime("%H:%M") == "18:00"
    office.world.clock.advance((due - office.world.clock.now()).total_seconds())
    await office.send()
    (file,) = office.folder.rglob("*.csv")
    assert file.parent == office.folder / BUYER / "branches"
    assert file.name.startswith(f"branches-{due.astimezone(NEW_YORK).date()}-")
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["lead_id"] for row in rows] == leads
    assert [row["first_name"] for row in rows] == ["'=HYPERLINK(evil)", "Bob", "Cid"]
    assert [row["email"] for row in rows] == [f"{lead_id}@mail.example" for lead_id in leads]
    (mail,) = office.world.mail.taken
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == file.name
    assert attached.get_payload(decode=True) == file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    states = await office.world.admin.fetch("SELECT DISTINCT state FROM routing.delivery WHERE purpose = 'lead'")
    assert [row["state"] for row in states] == ["handed_off"]


async def test_a_file_whose_mail_fails_is_made_again_as_the_same_file(office: Office) -> None:
    await office.receivers(Receiver(slug="b", kind="csv", to_folder=True, address="b@bank.example"))
    await office.buy()
    await office.send()
    office.world.clock.advance(86_400)
    office.world.mail.data_answers = ["451 later"]
    await office.send()
    assert (await office.deliveries())["b"].last_error == "data: 451"
    office.world.clock.advance(2)
    await office.send()
    assert (await office.deliveries())["b"].state == TAKEN
    assert len(list(office.folder.rglob("*.csv"))) == 1
