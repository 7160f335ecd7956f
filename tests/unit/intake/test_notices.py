"""What sellers are told, how it is signed, and where it may go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.intake.notices.notice import TYPES, notice_of
from services.intake.notices.worker import WAITS
from services.intake.returns.lifecycle import STEPS, Action, State
from services.intake.returns.record import Happening, Return
from shared.webhook import signing
from shared.webhook.address import allowed

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ONE = Return(
    buyer_id="big-bank", return_id="r-1", lead_id="l-1", seller="marco", order_slug="auto", order_version=3,
    bought_at=NOW, reason="disconnected", state="open", amount_minor=3205, currency="USD", settlement="credit",
    attempts=2, evidence="[]", requested_by="tracey", requested_at=NOW, answer_by=NOW + timedelta(days=3),
)  # fmt: skip


def happening(action: Action | str, state: State = "open") -> Happening:
    return Happening(action=action, state=state, at=NOW, who="tracey", why="no such number")


def test_the_seller_learns_what_it_may_see_and_until_when_to_answer() -> None:
    notice = notice_of(ONE, happening("request"))
    assert notice is not None
    assert json.loads(notice.payload) == {
        "type": "return.requested",
        "timestamp": "2026-11-22T10:00:00.000Z",
        "data": {
            "id": "r-1", "lead_id": "l-1", "order": "auto@3", "reason": "disconnected", "state": "open",
            "amount": {"amount": "32.05", "currency": "USD"}, "settlement": "credit",
            "requested_at": "2026-11-22T10:00:00.000Z", "answer_by": "2026-11-25T10:00:00.000Z",
        },
    }  # fmt: skip
    # Names and words of the buyer's people stay with the buyer.
    assert not {"tracey", "no such number"} & set(notice.payload.split('"'))


def test_every_step_is_told_and_a_refused_request_is_not() -> None:
    assert {(action, way.to) for (_, action), way in STEPS.items()} <= set(TYPES)
    assert notice_of(ONE, happening("request", "refused")) is None


def test_a_step_has_one_id_and_another_step_another() -> None:
    first, again = notice_of(ONE, happening("request")), notice_of(ONE, happening("request"))
    later = notice_of(replace(ONE, steps=2), happening("agree", "granted"))
    assert first is not None
    assert again is not None
    assert later is not None
    assert first.notice_id == again.notice_id != later.notice_id


# The example of the specification's reference libraries.
SECRET = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def test_signatures_are_those_of_standard_webhooks() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    told = signing.headers([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert told == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_a_secret_is_replaced_both_sign() -> None:
    old, new = b"o" * 32, b"n" * 32
    told = signing.headers([new, old], "id", NOW, b"{}")
    content = f"id.{told['webhook-timestamp']}.{{}}".encode()
    expected = [base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode() for secret in (new, old)]
    assert told["webhook-signature"] == " ".join(f"v1,{one}" for one in expected)
    assert signing.written(new) == "whsec_" + base64.b64encode(new).decode()


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_notices_go_to_the_open_net(address: str) -> None:
    assert allowed(address, loopback=False)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "172.16.9.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
        "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::", "not an address",
    ],
)  # fmt: skip
@pytest.mark.parametrize("loopback", [False, True])
def test_notices_never_go_inside(address: str, loopback: bool) -> None:
    assert not allowed(address, loopback=loopback)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_computer_is_for_development_only(address: str) -> None:
    assert (allowed(address, loopback=True), allowed(address, loopback=False)) == (True, False)


def test_tries_go_on_for_three_days() -> None:
    assert 2.9 < sum(WAITS) / 86_400 < 3.1
    assert list(WAITS) == sorted(WAITS)
