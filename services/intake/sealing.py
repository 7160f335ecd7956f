"""Receipts as they are stored: a twenty-fifth of their size.

A receipt is some five kilobytes of words that nearly every other receipt has too. Compressed against words of the
demo's it is two hundred bytes, for about 5 µs; left to itself, Postgres would spend ten times that on it.

A stored receipt begins with the number of its dictionary. One that was ever used stays for ever, unchanged: without it
its receipts cannot be read.
"""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

import zstandard

#: The dictionaries of the first releases, which packed with zlib.
_DEFLATED = (1, 2)
#: `tests/bench/receipt_words.py` makes one. A better one gets the next number.
_CURRENT = 3
#: 2 and 3 take as long again and save nothing against a dictionary.
_LEVEL = 1
#: No receipt comes near it: what claims to be longer is damaged.
_MOST_BYTES = 4 * 1024 * 1024


def _words(number: int) -> bytes:
    return (Path(__file__).parent / f"receipt_words_{number}.bin").read_bytes()


def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(_words(number), dict_type=zstandard.DICT_TYPE_FULLDICT)


def _packer() -> zstandard.ZstdCompressor:
    words = _dictionary(_CURRENT)
    words.precompute_compress(level=_LEVEL)
    # Whether it was damaged shows: by its checksum, which takes less than a microsecond.
    return zstandard.ZstdCompressor(level=_LEVEL, dict_data=words, write_checksum=True, write_dict_id=False)


_PACKER = _packer()


@cache
def _unpacker(number: int) -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor(dict_data=_dictionary(number))


def seal(receipt: bytes) -> bytes:
    """Compress a serialised receipt for storage."""
    return bytes([_CURRENT]) + _PACKER.compress(receipt)


def unseal(stored: bytes) -> bytes:
    """The serialised receipt; empty for none.

    Raises:
        ValueError: the bytes are not what `seal` made.
    """
    if not stored:
        return b""
    number, packed = stored[0], stored[1:]
    if not 1 <= number <= _CURRENT:
        raise ValueError("the stored receipt names an unknown dictionary")
    try:
        if number in _DEFLATED:
            return zlib.decompressobj(zdict=_words(number)).decompress(packed)
        if zstandard.frame_content_size(packed) > _MOST_BYTES:
            raise ValueError("the stored receipt is damaged")
        return _unpacker(number).decompress(packed)
    except (zlib.error, zstandard.ZstdError) as error:
        raise ValueError("the stored receipt is damaged") from error
