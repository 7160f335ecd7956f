"""What of a body is kept."""

from __future__ import annotations

import pytest

from services.gateway.reading import without_key

KEY = "ll_live_secret_1"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"access_key=ll_live_secret_1&a=b", b"access_key=****************&a=b"),
        (b'{"access_key":"ll_live_secret_1"}', b'{"access_key":"****************"}'),
        (b"a=b&access_key=ll%5Flive_secret_1&c=d", b"a=b&access_key=***&c=d"),
    ],
)
def test_an_access_key_is_not_kept(body: bytes, kept: bytes) -> None:
    assert without_key(body, KEY) == kept


def test_a_key_that_cannot_be_found_in_the_body_is_told() -> None:
    assert without_key(b'{"access_key":"ll\\u005flive_secret_1"}', KEY) is None


@pytest.mark.parametrize("no_key", ["", "a"])
def test_a_body_without_a_key_is_kept_as_it_came(no_key: str) -> None:
    assert without_key(b"access_key=a&name=anna", no_key) == b"access_key=a&name=anna"
