"""Which kind of lead it is, and whether an order buys that kind."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from services.validation.consent.record import CLOCK_SKEW
from services.validation.orders.type_signs import NOTHING, Sign, reward_in, reward_on, sharing_in
from services.validation.verdict import Finding, LeadType, Notes
from shared.catalog.terms import LeadTerms, Source
from shared.verdict import Check

if TYPE_CHECKING:
    from services.validation.lead import Consent

_FORM, _REWARD, _OPT_IN, _SHARED, _OWN = (
    "lead_type.form", "lead_type.incentivized", "lead_type.opt_in", "lead_type.exclusivity", "lead_type.own",
)  # fmt: skip
_PHONE = "order.phone_types"
#: Kinds of line of which an order may buy some only; of any other, the kind cannot be told.
_TOLD_APART = frozenset({"mobile", "fixed_line", "voip"})

OPT_INS = ("single", "double", "none")
#: Other words for them, folded.
OPT_IN_WORDS = {
    "singleoptin": "single", "soi": "single", "yes": "single", "true": "single", "1": "single", "optin": "single",
    "doubleoptin": "double", "doi": "double", "confirmed": "double", "confirmedoptin": "double", "2": "double",
    "no": "none", "false": "none", "0": "none", "optout": "none",
}  # fmt: skip


EXCLUSIVITIES = ("exclusive", "shared")
#: Other words for them, folded; a number is how often the lead is sold.
EXCLUSIVITY_WORDS = {
    "yes": "exclusive", "true": "exclusive", "1": "exclusive", "y": "exclusive", "excl": "exclusive",
    "no": "shared", "false": "shared", "0": "shared", "n": "shared", "nonexclusive": "shared",
    "semiexclusive": "shared", "multi": "shared", "2": "shared", "3": "shared", "4": "shared", "5": "shared",
    "6": "shared",
}  # fmt: skip


def missing_long_fields(long_form: tuple[str, ...], given: Container[str]) -> list[str]:
    """The product's long-form fields that a lead does not give."""
    return [name for name in long_form if name not in given]


class Evidence(NamedTuple):
    """One thing that shows a part of the type."""

    #: The lead's field or a path, for the seller.
    field: str
    #: For the receipt; no personal data.
    words: str
    #: Whether it decides; else it is only noted.
    strong: bool = True


class Shown(NamedTuple):
    """What a lead shows of its type whatever the order, and by what."""

    #: `exclusive` or `shared` where that is declared; empty: not.
    declared: str
    sharing: tuple[Evidence, ...]
    rewards: tuple[Evidence, ...]
    opt_in: str
    #: By what the opt-in is known.
    opted_in: str
    own: bool
    #: Whether the page of the consent is on one of the buyer's own sites; None: on no site that the catalog knows.
    page_own: bool | None = None


#: Of a lead that was not looked at yet.
NO_TYPE = Shown("", (), (), "single", "nothing told", own=False)


def shown_by(
    fields: Mapping[str, str],
    consent: Consent,
    page: str,
    source: Source | None,
    *,
    own: bool,
    page_own: bool | None = None,
    sharing: bool,
) -> Shown:
    """Reads a lead for its type.

    Args:
        fields: Canonical.
        consent: Its text and page.
        page: The source as sent.
        source: What the catalog knows of the site.
        own: The seller is the buyer's own site.
        page_own: The page of the consent is on one; None: on no site that the catalog knows.
        sharing: Whether any order cares who else may call; else the text is not searched for that.
    """
    declared = fields.get("exclusivity", "")
    shared, rewards = [], []
    if declared == "shared":
        shared.append(Evidence("exclusivity", "declared"))
    if fields.get("incentivized") == "true":
        rewards.append(Evidence("incentivized", "declared"))
    if source is not None and source.exclusivity == "shared":
        shared.append(Evidence("source", "the catalog says so of the source"))
    if source is not None and source.incentivized:
        rewards.append(Evidence("source", "the catalog says so of the source"))
    if consent.text:
        _add(shared, "consent.text", "the consent text names", sharing_in(consent.text) if sharing else NOTHING)
        _add(rewards, "consent.text", "the consent text names", reward_in(consent.text))
    for field, address in (("consent.page_url", consent.page_url), ("source", page)):
        if address:
            _add(rewards, field, "the page's address names", reward_on(address))
    if not declared and source is not None and source.exclusivity == "exclusive":
        declared = "exclusive"
    opt_in, opted_in = _opt_in(fields, consent.captured_at)
    return Shown(declared, tuple(shared), tuple(rewards), opt_in, opted_in, own, page_own)


def _add(evidence: list[Evidence], field: str, beginning: str, sign: Sign) -> None:
    if sign.words:
        evidence.append(Evidence(field, f"{beginning} {sign.words}", sign.strong))


def _opt_in(fields: Mapping[str, str], captured_at: float | None) -> tuple[str, str]:
    """The kind of opt-in, and by what it is known. A second step that came before the first is none."""
    declared, confirmed = fields.get("opt_in", ""), fields.get("opt_in_confirmed_at", "")
    if confirmed:
        moment = datetime.fromisoformat(confirmed).timestamp()
        if captured_at is not None and moment < captured_at - CLOCK_SKEW:
            return declared or "single", "declared; confirmed before it was given" if declared else "nothing told"
        if declared in ("", "double"):
            return "double", "confirmed afterwards"
    return declared or "single", "declared" if declared else "nothing told"


def lead_type(shown: Shown, fields: Mapping[str, str], order: Terms) -> LeadType:
    """The type as the order sees it: `long` only where the product has a long form and all of it is there."""
    long = bool(order.long_form) and not missing_long_fields(order.long_form, fields)
    return order.told(shown, long)


def _type_under(order: Terms, shown: Shown, long: bool) -> LeadType:
    shared = any(order.counts(sign) for sign in shown.sharing)
    exclusivity = "shared" if shared else shown.declared
    return LeadType(
        form="long" if long else "short",
        exclusivity=exclusivity or order.terms.exclusivity,
        incentivized=any(order.counts(sign) for sign in shown.rewards),
        own=shown.own,
        opt_in=shown.opt_in,
        exclusivity_shown=bool(exclusivity),
    )


class Terms:
    """Which type an order buys, made ready."""

    def __init__(self, terms: LeadTerms, long_form: tuple[str, ...], wordings: Iterable[str]) -> None:
        """`wordings`: the approved texts that the order itself names: what they say was approved with them."""
        self.terms = terms
        self.long_form = long_form
        self._approved = {
            f"the consent text names {sign.words}"
            for text in wordings
            for sign in (sharing_in(text), reward_in(text))
            if sign.strong
        }
        #: Whether who else may call makes a difference.
        self.exclusive = terms.exclusivity == "exclusive"
        #: The type of what is shown, by whether the form is long; leads show few things.
        self.told = lru_cache(maxsize=512)(partial(_type_under, self))
        #: What the order says of a type, its form apart.
        self.judged = lru_cache(maxsize=512)(partial(_judge_shown, self))

    def counts(self, evidence: Evidence) -> bool:
        """Whether evidence decides under this order."""
        return evidence.strong and evidence.words not in self._approved


def judge_type(shown: Shown, kind: LeadType, fields: Mapping[str, str], order: Terms, notes: Notes) -> None:
    """Holds the type against the order. An order that allows rewards also takes leads without one.

    Under `mismatch: reprice`, what differs is noted, and the price lines decide.
    """
    terms = order.terms
    if kind.form in terms.forms:
        notes.passed(_FORM, "form", kind.form)
    else:
        wanted = terms.forms[0] if terms.forms else "no"
        missing = missing_long_fields(order.long_form, fields)
        also = f"; not given: {', '.join(missing)}" if wanted == "long" and missing else ""
        _mismatch(_FORM, "form", f"Expected a {wanted} form{also}.", kind.form, terms, notes)
    notes.add(*order.judged(shown, kind, notes.order))


def _judge_shown(
    order: Terms, shown: Shown, kind: LeadType, slug: str
) -> tuple[tuple[Check, ...], tuple[Finding, ...]]:
    """Whatever the form: exclusivity, reward and opt-in."""
    terms, notes = order.terms, Notes(slug)
    if kind.exclusivity == "shared" and terms.exclusivity == "exclusive":
        field, seen = _seen(shown.sharing, order)
        _mismatch(_SHARED, field, "Expected a lead that is sold to this buyer alone.", f"shared: {seen}", terms, notes)
    else:
        notes.passed(_SHARED, "exclusivity", _noted(kind.exclusivity, shown.sharing, told=kind.exclusivity_shown))
    if kind.incentivized and not terms.incentivized:
        field, seen = _seen(shown.rewards, order)
        message = "Expected a lead without a reward for the consumer."
        _mismatch(_REWARD, field, message, f"a reward: {seen}", terms, notes)
    else:
        notes.passed(_REWARD, "incentivized", _noted("a reward" if kind.incentivized else "no reward", shown.rewards))
    if kind.opt_in in terms.opt_in:
        notes.passed(_OPT_IN, "opt_in", f"{kind.opt_in}: {shown.opted_in}")
    else:
        message = f"Expected an opt-in that is {' or '.join(terms.opt_in)}."
        _mismatch(_OPT_IN, "opt_in", message, f"{kind.opt_in}: {shown.opted_in}", terms, notes)
    if shown.page_own is None or shown.page_own == shown.own:
        notes.passed(_OWN, "consent.page_url", "own" if shown.own else "bought")
    elif shown.own:
        message = "Expected a page of the buyer's own: this one is on a site of a seller."
        _mismatch(_OWN, "consent.page_url", message, "own, on a seller's page", terms, notes)
    else:
        message = "Expected a page of the seller's: this one is on the buyer's own site."
        _mismatch(_OWN, "consent.page_url", message, "bought, on the buyer's own page", terms, notes)
    return tuple(notes.checks), tuple(notes.findings)


def _seen(evidence: tuple[Evidence, ...], order: Terms) -> tuple[str, str]:
    """The field that the seller is told, and all that counts, for the receipt."""
    counting = [sign for sign in evidence if order.counts(sign)]
    return counting[0].field, "; ".join(dict.fromkeys(sign.words for sign in counting))


def _noted(kind: str, evidence: tuple[Evidence, ...], *, told: bool = True) -> str:
    words = "; ".join(dict.fromkeys(sign.words for sign in evidence))
    return f"{kind}: {words}" if words else kind if told else f"{kind}: nothing says otherwise"


def judge_line(line_type: str, terms: LeadTerms, notes: Notes) -> None:
    """Holds the phone's kind of line against an order that buys some kinds only. `line_type`: empty: no good phone."""
    if not terms.phone_types or not line_type:
        return
    if line_type in terms.phone_types or line_type not in _TOLD_APART:
        notes.passed(_PHONE, "phone", line_type, " or ".join(terms.phone_types))
    else:
        wanted = " or ".join(terms.phone_types).replace("_", " ")
        finding = Finding("phone_type_not_allowed", "phone", f"Expected a {wanted} number.")
        notes.failed(_PHONE, finding, line_type, " or ".join(terms.phone_types))


def _mismatch(rule: str, field: str, message: str, observed: str, terms: LeadTerms, notes: Notes) -> None:
    if terms.mismatch == "reprice":
        notes.passed(rule, field, observed, "any: the price lines decide")
    else:
        notes.failed(rule, Finding("lead_type_mismatch", field, message), observed)


#: A lead that no order can take still has a type.
NO_TERMS = Terms(LeadTerms(), (), ())
