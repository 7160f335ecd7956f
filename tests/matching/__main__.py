"""Measures how well people are matched.

    python -m tests.matching [--pairs 100000] [--seed 1]

Draws so many labelled pairs (half of one person, half of two who are easily mistaken) and prints precision and recall
at the scores from which a lead is refused and flagged, with Wilson's 95 % intervals, and what is mistaken and missed.
"""

from __future__ import annotations

import argparse

from services.dedup.persons.score import FLAG_SCORE, REJECT_SCORE
from tests.matching.measure import judged, missed, mistaken, precision, recall
from tests.matching.pairs import pairs


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.matching", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    seen = judged(pairs(asked.seed, asked.pairs))
    print(f"{asked.pairs} pairs, seed {asked.seed}; shares with 95 % intervals")
    for name, threshold in (("reject", REJECT_SCORE), ("flag", FLAG_SCORE)):
        print(f"\nat {name}, {threshold} of 100")
        print(f"  precision            {precision(seen, threshold)}")
        print(f"  recall               {recall(seen, threshold)}")
        print(f"  recall, found by key {recall(seen, threshold, by_key=True)}")
    print("\ntwo persons taken for one at reject")
    for kind, share in mistaken(seen, REJECT_SCORE):
        print(f"  {kind:<22} {share}   of {share.of}")
    print("\none person still recognised at reject, after")
    for what, share in missed(seen, REJECT_SCORE):
        print(f"  {what:<22} {share}   of {share.of}")


if __name__ == "__main__":
    main()
