"""Which list a rule consults, so that a receipt names it with the rule."""

from __future__ import annotations

from collections.abc import Mapping

#: Name of the list, by rule.
CONSULTED: Mapping[str, str] = {
    "phone.exists": "numbering-plan",
    "phone.line_type": "numbering-plan",
    "email.domain_possible": "top-level-domains",
    "email.disposable": "throw-away-domains",
    "postal_code.exists": "zip-codes",
    "city.readable": "zip-codes",
    "address.state_matches_zip": "zip-codes",
    "address.city_matches_zip": "zip-codes",
    "bots.user_agent": "crawlers",
    "bots.address": "data-centres",
}
