"""State codes of the United States Postal Service."""

from __future__ import annotations

_CODES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS FM GU MH MP PW PR VI AA AE AP"
)

#: The states, the District of Columbia, the territories and the armed forces (USPS Publication 28, appendix B).
USPS_STATES = frozenset(_CODES.split())
