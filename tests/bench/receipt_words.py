"""Writes the words that receipts have in common, against which they are compressed, out of the demo's own receipts.

    python -m tests.bench.receipt_words FILE

Takes the receipt of a lead that was bought and, before it, the rules' words that other receipts have, the more common
ones nearer. Run it when receipts have got other words, and give the file the next number in
`services/intake/sealing.py`: a dictionary by which a receipt was ever stored stays as it is.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import zlib
from collections import Counter
from pathlib import Path

from leadline.intake.v1.receipt_pb2 import DecisionReceipt
from services.intake.sealing import seal, unseal
from tests.e2e.market import Market, Poster, open_market

#: How many leads of the demo's stream are sold.
LEADS = 250
#: A dictionary and a receipt have to fit into a window of 16 KiB.
MOST_BYTES = 9_500


async def receipts(market: Market) -> list[tuple[str, bytes]]:
    """Outcome and receipt of some leads."""
    async with Poster(market) as poster:
        for lead in market.stream(11)[:LEADS]:
            await poster.sell(lead)
    rows = await market.rows("SELECT outcome, receipt FROM intake.lead WHERE outcome <> 'pending' ORDER BY lead_id")
    return [(row["outcome"], unseal(row["receipt"])) for row in rows]


def words_of(known: list[tuple[str, bytes]]) -> bytes:
    """The dictionary."""
    usual = max((receipt for outcome, receipt in known if outcome == "accepted"), key=len)
    pieces = Counter(
        check.SerializeToString()
        for _, receipt in known
        for stage in DecisionReceipt.FromString(receipt).stages
        for check in stage.checks
    )
    others = [piece for piece, count in reversed(pieces.most_common()) if count > 1 and piece not in usual]
    return (b"".join(others) + usual)[-MOST_BYTES:]


def main() -> None:
    """Write the file, and say what it would save."""
    with open_market() as market:
        known = asyncio.run(receipts(market))
    words = words_of(known)
    Path(sys.argv[1]).write_bytes(words)
    packer = zlib.compressobj(1, zlib.DEFLATED, 14, 7, zlib.Z_DEFAULT_STRATEGY, words)
    sizes = []
    for _, receipt in known:
        copy = packer.copy()
        sizes.append((len(receipt), len(seal(receipt)), len(copy.compress(receipt) + copy.flush())))
    raw, now, packed = (statistics.mean(column) for column in zip(*sizes, strict=True))
    print(
        f"{len(words)} bytes of words: {raw:.0f} bytes of receipt are stored as {now:.0f}, and would be as {packed:.0f}"
    )


if __name__ == "__main__":
    main()
