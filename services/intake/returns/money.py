"""What a step in the life of a return does to the books. Pure.

Every movement has a cause of its own, made of the return and the step, so that a step taken twice moves money once.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.intake.books.transfer import Movement, transfer_id
from services.intake.returns.lifecycle import Money
from services.intake.returns.record import Return


def movements(one: Return, money: Sequence[Money], *, who: str, why: str, fee_minor: int) -> list[Movement]:
    """What to post for a step; `one` is the return before it, with the amount that the step is about.

    `fee_minor`: what the seller keeps of a credit, at most the credit.
    """
    cause = _cause(one)
    made = []
    for kind in money:
        if kind == "reversal_and_hold":
            made += [
                _movement(one, "reversal", one.amount_minor, cause, who, why, undoes=one.credit_id or ""),
                _movement(one, "hold", one.amount_minor, cause, who, why),
            ]
        elif kind == "release":
            made.append(_movement(one, "release", one.amount_minor, cause, who, why, undoes=one.hold_id or ""))
        else:
            made.append(_movement(one, "credit", one.amount_minor, cause, who, why))
            if fee_minor:
                made.append(
                    _movement(one, "fee", min(fee_minor, one.amount_minor), f"return:{one.return_id}", who, why)
                )
    return made


def credit_id(one: Return) -> str:
    """The id of the credit that the return's next step posts."""
    return transfer_id("credit", _cause(one))


def hold_id(one: Return) -> str:
    """The id of the hold that the return's next step posts."""
    return transfer_id("hold", _cause(one))


def _cause(one: Return) -> str:
    return f"return:{one.return_id}:{one.steps + 1}"


def _movement(one: Return, kind: str, amount: int, cause: str, who: str, why: str, undoes: str = "") -> Movement:
    return Movement(
        kind=kind,  # type: ignore[arg-type]
        amount_minor=amount,
        cause=cause,
        who=who,
        why=why,
        lead_id=one.lead_id,
        undoes=undoes,
    )
