"""The report: the product held against the clerk's judgement.

    python -m tests.clerk [--chain] [--people N] [TYPE...]

Prints what was tried, right and wrong, and lists every disagreement. `--chain` posts the leads to the whole suite
instead of judging them in one process; `--people N` adds N people of every origin, all good, and lists who was refused.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from tests.clerk import corpus, fields, leads
from tests.clerk.chain import play
from tests.clerk.judged import Judged
from tests.clerk.people import people

_ROW = "{:44} {:>6} {:>6} {:>6} {:>6} {:>8} {:>8}"


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("types", nargs="*", help="only these types of fields, and no leads")
    parser.add_argument("--chain", action="store_true", help="post the leads to the whole suite")
    parser.add_argument("--people", type=int, default=0, help="so many good people more")
    asked = parser.parse_args()
    print(_ROW.format("field type", "cases", "right", "wrong", "either", "refused", "through"))
    wrong: list[object] = []
    total: Counter[str] = Counter()
    for kind in asked.types or corpus.types():
        answers = fields.answered(corpus.cases(kind))
        wrong += [answer for answer in answers if not answer.right]
        total += _row(kind, answers)
    _print_row("all", total)
    _list(wrong)
    if asked.types:
        return
    labelled = corpus.leads()
    if asked.chain:
        sample = [case for kind in corpus.types() for case in corpus.cases(kind)[::5]]
        judged, differing = asyncio.run(play(labelled, sample))
        print(f"\n{len(sample)} values asked by the command line: {len(differing)} told otherwise")
        _list(differing)
    else:
        judged = asyncio.run(leads.judge(labelled, datetime.now(UTC)))
    _tell_leads(judged)
    if asked.people:
        crowd = asyncio.run(leads.judge(people(asked.people, seed=1), datetime.now(UTC)))
        refused = [one for one in crowd if not one.bought]
        print(f"\n{len(crowd)} good people: {len(refused)} refused")
        _list(refused)


def _row(name: str, answers: Iterable[fields.Answered | Judged]) -> Counter[str]:
    count: Counter[str] = Counter()
    for one in answers:
        either = one.case.either if isinstance(one, fields.Answered) else one.lead.either
        count["cases"] += 1
        count["either" if either else "right" if one.right else "wrong"] += 1
        count["refused"] += one.false_alarm
        count["through"] += one.let_through
    _print_row(name, count)
    return count


def _print_row(name: str, count: Counter[str]) -> None:
    print(_ROW.format(name, *(count[column] for column in ("cases", "right", "wrong", "either", "refused", "through"))))


def _tell_leads(judged: list[Judged]) -> None:
    walks: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        walks[f"{'good' if one.lead.good else 'bad'}: {one.lead.walk}"[:44]].append(one)
    print()
    print(_ROW.format("leads", "cases", "right", "wrong", "either", "refused", "through"))
    total: Counter[str] = Counter()
    for walk in sorted(walks, reverse=True):
        total += _row(walk, walks[walk])
    _print_row("all", total)
    _list(one for one in judged if not one.right)


def _list(wrong: Iterable[object]) -> None:
    for one in wrong:
        print(f"  - {one}")


if __name__ == "__main__":
    main()
