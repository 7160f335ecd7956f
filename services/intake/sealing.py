"""Receipts as they are stored: a tenth of their size.

A receipt is some five kilobytes of words that nearly every other receipt has too.
Compressed against words of the demo's it is four hundred bytes, for about
20 µs; left to itself, Postgres would spend several times that on compressing it.
"""

from __future__ import annotations

import zlib
from pathlib import Path

#: Dictionaries by the number that stored receipts begin with. One that was ever used stays for ever, unchanged:
#: without it its receipts cannot be read. A better one gets the next number.
#: `tests/bench/receipt_words.py` makes one.
_DICTIONARIES = {number: (Path(__file__).parent / f"receipt_words_{number}.bin").read_bytes() for number in (1, 2)}
_CURRENT = 2
#: Level 1 is the fastest and the dictionary does the work; a window of 2**14 bytes holds it and the receipt.
_PACKER = zlib.compressobj(1, zlib.DEFLATED, 14, 7, zlib.Z_DEFAULT_STRATEGY, _DICTIONARIES[_CURRENT])


def seal(receipt: bytes) -> bytes:
    """Compress a serialised receipt for storage."""
    # A copy has read the dictionary already.
    packer = _PACKER.copy()
    return bytes([_CURRENT]) + packer.compress(receipt) + packer.flush()


def unseal(stored: bytes) -> bytes:
    """The serialised receipt; empty for none.

    Raises:
        ValueError: the bytes are not what `seal` made.
    """
    if not stored:
        return b""
    dictionary = _DICTIONARIES.get(stored[0])
    if dictionary is None:
        raise ValueError("the stored receipt names an unknown dictionary")
    try:
        return zlib.decompressobj(zdict=dictionary).decompress(stored[1:])
    except zlib.error as error:
        raise ValueError("the stored receipt is damaged") from error
