from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import sealing
from services.intake.sealing import seal, unseal

DICTIONARIES = {
    1: "bf4cc8bd4df7c81c31ff9e0f8320f73c22015155789841b4ca1534b46086d739",
    2: "bc79f88d9ada220b8a10e9fde8c346f237b3d0f3fcc8f2b30278cf0d7e6a4ccf",
    3: "d1b68effe69a9db88ac8172f9c934e7f9424c7cf95faaf4c861e3a88b142742d",
}


@given(st.binary(max_size=20_000))
def test_what_was_sealed_comes_back_unchanged(receipt: bytes) -> None:
    assert unseal(seal(receipt)) == receipt


def test_no_receipt_is_stored_as_nothing() -> None:
    assert unseal(b"") == b""


def test_a_receipt_of_the_usual_words_becomes_a_tenth_of_its_size() -> None:
    usual = (Path(sealing.__file__).parent / "receipt_words_2.bin").read_bytes()
    assert len(seal(usual)) < len(usual) / 10


@pytest.mark.parametrize(
    "stored", [b"\x01damaged", b"\xffanything", seal(b"receipt")[:-2] + b"xx", seal(b"receipt" * 9)[:-3]]
)
def test_bytes_that_were_never_sealed_are_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="stored receipt"):
        unseal(stored)


@pytest.mark.parametrize("number", DICTIONARIES)
def test_a_dictionary_stays_as_it_was_when_receipts_were_stored_with_it(number: int) -> None:
    words = (Path(sealing.__file__).parent / f"receipt_words_{number}.bin").read_bytes()
    assert hashlib.sha256(words).hexdigest() == DICTIONARIES[number]


@pytest.mark.parametrize("number", [1, 2])
def test_a_receipt_that_was_stored_by_an_earlier_release_can_be_read(number: int) -> None:
    words = (Path(sealing.__file__).parent / f"receipt_words_{number}.bin").read_bytes()
    packer = zlib.compressobj(1, zlib.DEFLATED, 14, 7, zlib.Z_DEFAULT_STRATEGY, words)
    assert unseal(bytes([number]) + packer.compress(b"an old receipt") + packer.flush()) == b"an old receipt"
