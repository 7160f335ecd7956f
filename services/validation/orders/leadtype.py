"""Which kind of lead it is, and whether an order buys that kind."""

from __future__ import annotations

from collections.abc import Container, Mapping

from services.validation.verdict import Finding, LeadType, Notes
from shared.catalog.terms import LeadTerms

_FORM, _REWARD, _OPT_IN = "lead_type.form", "lead_type.incentivized", "lead_type.opt_in"
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


def missing_long_fields(long_form: tuple[str, ...], given: Container[str]) -> list[str]:
    """The product's long-form fields that a lead does not give."""
    return [name for name in long_form if name not in given]


def lead_type(fields: Mapping[str, str], long_form: tuple[str, ...], exclusivity: str, *, own: bool) -> LeadType:
    """The type by what the lead gives: `long` only where the product has a long form and all of it is there."""
    long = bool(long_form) and not missing_long_fields(long_form, fields)
    return LeadType(
        form="long" if long else "short",
        exclusivity=exclusivity,
        incentivized=fields.get("incentivized") == "true",
        own=own,
        opt_in=fields.get("opt_in", "single"),
    )


def judge_type(kind: LeadType, terms: LeadTerms, missing: list[str], notes: Notes) -> None:
    """Holds the type against the order. An order that allows rewards also takes leads without one."""
    if kind.form in terms.forms:
        notes.passed(_FORM, "form", kind.form)
    else:
        wanted = terms.forms[0] if terms.forms else "no"
        also = f"; not given: {', '.join(missing)}" if wanted == "long" and missing else ""
        _mismatch(_FORM, "form", f"Expected a {wanted} form{also}.", kind.form, notes)
    if not kind.incentivized or terms.incentivized:
        notes.passed(_REWARD, "incentivized", "a reward" if kind.incentivized else "no reward")
    else:
        _mismatch(_REWARD, "incentivized", "Expected a lead without a reward for the consumer.", "a reward", notes)
    if kind.opt_in in terms.opt_in:
        notes.passed(_OPT_IN, "opt_in", kind.opt_in)
    else:
        _mismatch(_OPT_IN, "opt_in", f"Expected an opt-in that is {' or '.join(terms.opt_in)}.", kind.opt_in, notes)


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


def _mismatch(rule: str, field: str, message: str, observed: str, notes: Notes) -> None:
    notes.failed(rule, Finding("lead_type_mismatch", field, message), observed)
