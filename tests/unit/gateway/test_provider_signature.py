"""Only who has the secret is heard, and only for what was signed, just now."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.provider_signature import TOLERANCE_SECONDS, read_secrets, verified_id
from shared.rpc.errors import KeyInvalid, KeyMissing
from tests.signed import signed

SECRET = b"a secret of thirty-two bytes, ok"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BODY = b'{"text":"STOP"}'


def headers(*secrets: bytes, at: float = NOW.timestamp(), message_id: str = "msg_1") -> dict[bytes, bytes]:
    """The headers as ASGI has them."""
    made = signed(BODY, *(secrets or (SECRET,)), message_id=message_id, at=at)
    return {name.lower().encode(): value.encode() for name, value in made.items()}


def test_the_examples_of_the_specification_hold() -> None:
    # spec/standard-webhooks.md and the reference libraries' tests.
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    told = {
        b"webhook-id": b"msg_p5jXN8AQM9LWM0D4loKWxJek",
        b"webhook-timestamp": b"1614265330",
        b"webhook-signature": b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    assert verified_id(told, b'{"test": 2432232314}', [secret], at) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_what_its_provider_signed_is_taken() -> None:
    assert verified_id(headers(), BODY, [SECRET], NOW) == "msg_1"


def test_while_a_secret_is_replaced_either_is_taken() -> None:
    new = SECRET[::-1]
    assert verified_id(headers(SECRET), BODY, [new, SECRET], NOW)
    assert verified_id(headers(new, SECRET), BODY, [SECRET], NOW)


@pytest.mark.parametrize("name", [b"webhook-id", b"webhook-timestamp", b"webhook-signature"])
def test_what_is_not_signed_is_not_taken(name: bytes) -> None:
    incomplete = {key: value for key, value in headers().items() if key != name}
    with pytest.raises(KeyMissing):
        verified_id(incomplete, BODY, [SECRET], NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {b"webhook-id": b"msg_2"},
        {b"webhook-timestamp": str(int(NOW.timestamp()) + 1).encode()},
        {b"webhook-timestamp": b"-1"},
        {b"webhook-timestamp": "١".encode()},
        {b"webhook-id": b"two words"},
        {b"webhook-id": b"x" * 129},
        {b"webhook-signature": b"v1,"},
        {b"webhook-signature": b"v1a," + b"A" * 44},
        {b"webhook-signature": b"\xff\xfe"},
    ],
)
def test_nothing_of_it_may_change(changed: dict[bytes, bytes]) -> None:
    with pytest.raises(KeyInvalid):
        verified_id({**headers(), **changed}, BODY, [SECRET], NOW)


@given(st.binary(max_size=40))
def test_no_other_content_passes(body: bytes) -> None:
    if body != BODY:
        with pytest.raises(KeyInvalid):
            verified_id(headers(), body, [SECRET], NOW)


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1])
def test_a_message_of_another_time_is_not_taken(seconds: int) -> None:
    with pytest.raises(KeyInvalid, match="seconds from now"):
        verified_id(headers(at=NOW.timestamp() + seconds), BODY, [SECRET], NOW)


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS, TOLERANCE_SECONDS])
def test_clocks_may_differ_a_little(seconds: int) -> None:
    assert verified_id(headers(at=NOW.timestamp() + seconds), BODY, [SECRET], NOW)


def test_without_a_secret_nobody_is_heard() -> None:
    with pytest.raises(KeyInvalid):
        verified_id(headers(b""), BODY, [], NOW)


def test_secrets_are_read_as_providers_show_them() -> None:
    written = base64.b64encode(SECRET).decode()
    assert read_secrets(f"whsec_{written} {written}") == (SECRET, SECRET)
    assert read_secrets("  ") == ()


@pytest.mark.parametrize(
    "text", ["whsec_AAAA", "whsec_short", "whsec_" + base64.b64encode(b"x" * 23).decode(), "no base64!"]
)
def test_what_is_no_secret_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes") as caught:
        read_secrets(text)
    assert text not in str(caught.value)
