"""What must be of the money: transfers that sum to zero, and leads that are taken back once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.model.facts import TAKES_BACK, Returned, Transfer

LIVE = ("open", "contested", "granted", "disputed")
#: What leads where, who may, and what it does to the money.
_WAYS = {
    ("open", "agree"): ("granted", "credit"),
    ("open", "lapse"): ("granted", "credit"),
    ("open", "contest"): ("contested", ""),
    ("open", "withdraw"): ("withdrawn", ""),
    ("contested", "uphold"): ("granted", "credit"),
    ("contested", "yield"): ("refused", ""),
    ("contested", "withdraw"): ("withdrawn", ""),
    ("granted", "dispute"): ("disputed", "reversal hold"),
    ("disputed", "uphold"): ("granted", "release credit"),
    ("disputed", "yield"): ("reversed", "release"),
    ("reversed", "reinstate"): ("granted", "credit"),
}


@dataclass(frozen=True)
class Sold:
    """A bought lead."""

    order: str
    seller: str
    price: int
    at: datetime


@dataclass
class Books:
    """One buyer's money."""

    sold: dict[str, Sold] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    returns: dict[str, Returned] = field(default_factory=dict)

    def copy(self) -> Books:
        """Another one that knows the same."""
        return Books(dict(self.sold), list(self.transfers), dict(self.returns))

    def charge(self, lead: str, sold: Sold) -> None:
        """A purchase."""
        self.sold[lead] = sold
        if sold.price:
            accounts = (f"spend:{sold.order}", f"payable:{sold.seller}")
            self.transfers.append(Transfer("charge", lead, sold.price, *accounts))

    def post(self, kind: str, lead: str, amount: int, cause: str, undoes: str = "") -> str:
        """Move money after the purchase: `posted`, `known` where the same was posted before, or `refused`."""
        sold = self.sold[lead]
        spend, payable, held = f"spend:{sold.order}", f"payable:{sold.seller}", f"held:{sold.seller}"
        debit, credit = {
            "credit": (payable, spend),
            "reversal": (spend, payable),
            "hold": (payable, held),
            "release": (held, payable),
            "fee": (spend, payable),
        }[kind]
        wanted = Transfer(kind, lead, amount, debit, credit, cause, undoes)
        for one in self.transfers:
            if (one.kind, one.cause) == (kind, cause):
                return "known" if one == wanted else "refused"
        if not sold.price or (kind in ("credit", "hold") and amount > self.left_of(lead)):
            return "refused"
        if undoes and any(one.undoes == undoes for one in self.transfers):
            return "refused"
        self.transfers.append(wanted)
        return "posted"

    def left_of(self, lead: str) -> int:
        """What credits and holds have left of a lead's charge."""
        sign = {"charge": 1, "credit": -1, "hold": -1, "reversal": 1, "release": 1, "fee": 0}
        return sum(sign[one.kind] * one.amount for one in self.transfers if one.lead == lead)

    def balances(self) -> dict[str, int]:
        """What each account holds; they sum to zero."""
        total: Counter[str] = Counter()
        for one in self.transfers:
            total[one.debit] -= one.amount
            total[one.credit] += one.amount
        return dict(total)

    # Returns ---------------------------------------------------------------------------------------------------------

    def ask(self, name: str, lead: str, amount: int | None, now: datetime) -> str:
        """Ask a lead back, under a name: the state that follows, or `impossible`, which changes nothing."""
        if any(one.lead == lead and one.state in LIVE for one in self.returns.values()):
            return "impossible"
        sold, asked = self.sold[lead], self.left_of(lead) if amount is None else amount
        taking = TAKES_BACK.get(sold.seller)
        within = taking is not None and sold.at <= now < sold.at + taking.oldest
        within = within and 0 < asked <= self.left_of(lead) and not self._too_many(sold)
        if taking is None or not within:
            self.returns[name] = Returned(lead, "refused", asked)
        elif taking.at_once:
            money = [("credit", asked, f"return:{name}:1", ""), ("fee", min(taking.fee, asked), f"return:{name}", "")]
            if not self._post_all(lead, money):
                return "impossible"
            self.returns[name] = Returned(lead, "granted", asked, 1, None, now + taking.dispute, credit=1)
        else:
            self.returns[name] = Returned(lead, "open", asked, answer_by=now + taking.answer)
        return self.returns[name].state

    def act(self, name: str, action: str, now: datetime, amount: int | None = None) -> str:
        """Take a return one step further: the state that follows, or `impossible`."""
        one = self.returns[name]
        to, moves = _WAYS.get((one.state, action), ("", ""))
        if not to or (action == "dispute" and (one.dispute_by is None or now >= one.dispute_by)):
            return "impossible"
        if action == "lapse" and (one.answer_by is None or now < one.answer_by):
            return "impossible"
        given = one.amount if amount is None else amount
        if "credit" in moves.split() and not 0 < given <= one.amount:
            return "impossible"
        taking, step = TAKES_BACK[self.sold[one.lead].seller], one.steps + 1
        cause, money = f"return:{name}:{step}", []
        for kind in moves.split():
            undone = {"reversal": f"credit return:{name}:{one.credit}", "release": f"hold return:{name}:{one.hold}"}
            money.append((kind, given if kind == "credit" else one.amount, cause, undone.get(kind, "")))
        if "credit" in moves.split() and one.state in ("open", "contested") and taking.fee:
            money.append(("fee", min(taking.fee, given), f"return:{name}", ""))
        if not self._post_all(one.lead, money):
            return "impossible"
        disputable = to == "granted" and one.state == "open" and action in ("agree", "lapse")
        self.returns[name] = Returned(
            one.lead, to, given if "credit" in moves.split() else one.amount, step, None,
            now + taking.dispute if disputable else None,
            credit=step if "credit" in moves.split() else 0, hold=step if "hold" in moves.split() else 0,
        )  # fmt: skip
        return to

    def unanswered(self, now: datetime) -> list[str]:
        """Those whose seller's time is over."""
        return [
            name for name, one in self.returns.items()
            if one.state == "open" and one.answer_by is not None and one.answer_by <= now
        ]  # fmt: skip

    def _too_many(self, sold: Sold) -> bool:
        percent = TAKES_BACK[sold.seller].percent
        bought = sum(one.kind == "charge" and self.sold[one.lead].order == sold.order for one in self.transfers)
        back = sum(one.state in LIVE and self.sold[one.lead].order == sold.order for one in self.returns.values())
        return percent is not None and back >= bought * percent // 100

    def _post_all(self, lead: str, money: Sequence[tuple[str, int, str, str]]) -> bool:
        """All of it or nothing."""
        before = list(self.transfers)
        if any(self.post(kind, lead, amount, cause, undoes) == "refused" for kind, amount, cause, undoes in money):
            self.transfers = before
            return False
        return True
