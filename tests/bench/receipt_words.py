"""Writes the dictionary against which receipts are compressed, out of the demo's own receipts.

    python -m tests.bench.receipt_words FILE

Every other receipt goes into the dictionary; the rest tell what it saves. Run it when receipts have got other words,
and give the file the next number in `services/intake/sealing.py`: a dictionary by which a receipt was ever stored stays
as it is.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from pathlib import Path

import zstandard

from services.intake.sealing import seal, unseal
from tests.e2e.market import Market, Poster, open_market

#: How many leads of how many of the demo's streams are sold.
LEADS, STREAMS = 400, 5
#: A larger one hardly saves more, and is read over again for every receipt.
MOST_BYTES = 16 * 1024
_LEVEL = 1


async def receipts(market: Market) -> list[bytes]:
    """Receipts of some leads, bought and turned down."""
    async with Poster(market) as poster:
        for seed in range(11, 11 + STREAMS):
            for lead in market.stream(seed)[:LEADS]:
                await poster.sell(lead)
    rows = await market.rows("SELECT receipt FROM intake.lead WHERE outcome <> 'pending' ORDER BY lead_id")
    return [unseal(row["receipt"]) for row in rows]


def main() -> None:
    """Write the file, and say what it would save."""
    with open_market() as market:
        known = asyncio.run(receipts(market))
    samples: list[bytes | bytearray | memoryview] = list(known[::2])
    words = zstandard.train_dictionary(MOST_BYTES, samples, level=_LEVEL, steps=8)
    Path(sys.argv[1]).write_bytes(words.as_bytes())
    packer = zstandard.ZstdCompressor(level=_LEVEL, dict_data=words)
    sizes = [(len(receipt), len(seal(receipt)), len(packer.compress(receipt))) for receipt in known[1::2]]
    raw, now, packed = (statistics.mean(column) for column in zip(*sizes, strict=True))
    print(
        f"{len(words)} bytes of words: {raw:.0f} bytes of receipt are stored as {now:.0f}, and would be as {packed:.0f}"
    )


if __name__ == "__main__":
    main()
