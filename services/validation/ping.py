"""What a ping may leave out: it is asked whether a lead would be bought before its person is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from services.validation.verdict import Notes

#: Fields of the person, which the post brings.
UNTOLD = frozenset(
    {"first_name", "last_name", "full_name", "email", "phone", "street", "city", "date_of_birth"},
)
#: Either tells where the person lives.
_PLACE = frozenset({"state", "postal_code"})
#: What is said of parts of the consent that are not there.
_MISSING = frozenset({"consent_missing", "disclosure_missing", "field_missing"})
_TOLD = dict.fromkeys(UNTOLD, "")


def excused(fields: Mapping[str, str]) -> frozenset[str]:
    """Fields that a ping is not asked for. `fields`: what it tells."""
    return UNTOLD | _PLACE if not _PLACE.isdisjoint(fields) else UNTOLD


def with_untold(fields: Mapping[str, str]) -> Mapping[str, str]:
    """The fields as they would be if the person were told: a ping is of the type that its post will be."""
    return {**_TOLD, **fields}


def excuse(consent: Notes, notes: Notes) -> None:
    """Take over what was said of a ping's consent, where it tells any."""
    notes.add(
        (
            check._replace(passed=True, observed="not told yet", reason="") if check.reason in _MISSING else check
            for check in consent.checks
        ),
        (finding for finding in consent.findings if finding.reason not in _MISSING),
    )
