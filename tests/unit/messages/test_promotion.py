"""A confirmation is refused for words that advertise, and for no others."""

from __future__ import annotations

import pytest

from shared.catalog.promotion import promotional_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ACT NOW! Limited-time deal, 20% off", ["ACT NOW", "Limited-time", "20% off"]),
        ("Don’t miss out: use this coupon", ["Don’t miss out", "coupon"]),
        ("You may also like our cards", ["You may also like"]),
    ],
)
def test_advertising_is_found(text: str, words: list[str]) -> None:
    assert promotional_words(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "Hello {first_name}, thank you for asking {buyer} about your {product}. We have all we need: {offer}.",
        "auto loans from 5.49 % APR, no fees, up to $25,000",
        "We act on your request today. One of our specialists will call you in a few minutes to go through your offer.",
        "Your request is in good order now.",
    ],
)
def test_the_offer_that_was_asked_for_is_no_promotion(text: str) -> None:
    assert promotional_words(text) == []
