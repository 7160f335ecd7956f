"""What sellers call things, and what we call them. Pure.

Names are compared without case and separators, so `firstName`, `First-Name` and
`FIRST_NAME` are one name. The lists were put together from the field vocabularies
that the common lead platforms, TrustedForm, Jornaya, Google and Meta publish.
"""

from __future__ import annotations

import re
from functools import lru_cache

from services.gateway.posted import NAME_CHARACTERS, Fault, Unreadable

#: Words that are about the post, not about the consumer.
CONTROLS: dict[str, tuple[str, ...]] = {
    "order": ("insertion_order", "order_slug"),
    "source": ("source_url", "lead_source", "site", "domain"),
    "sub_source": ("sub_id", "subid", "sub_id_1", "pub_id", "publisher_id", "affiliate_id"),
    "external_id": ("lead_id", "seller_lead_id", "transaction_id", "vendor_lead_id"),
    "idempotency_key": (),
    "submitted_at": ("submit_time", "lead_submit_time", "submission_time"),
    "test": ("is_test", "test_lead", "test_mode"),
    "access_key": ("google_key",),
    "bid_token": ("ping_token", "x_bid_token"),
    "consent.text": (
        "consent_text", "tcpa_text", "tcpa_disclosure", "tcpa_consent_text", "tcpa_language", "disclosure",
        "disclosure_text", "consent_language", "leadid_tcpa_disclosure",
    ),
    "consent.captured_at": ("consent_captured_at", "consent_at", "consent_time", "consent_timestamp", "tcpa_timestamp"),
    "consent.ip": ("consent_ip", "ip", "ip_address", "client_ip", "user_ip", "remote_ip"),
    "consent.page_url": ("consent_page_url", "page_url", "landing_page", "landing_page_url", "form_url"),
    "consent.certificate": (
        "consent_certificate", "certificate", "certificate_url", "xx_trusted_form_cert_url", "trusted_form_cert_url",
        "trusted_form_url", "trusted_form", "universal_lead_id", "lead_id_token", "jornaya_lead_id", "jornaya_id",
        "jornaya",
    ),
    "consent.phone": ("consent_phone", "consented_phone", "tcpa_phone"),
    "consent.shown_at": ("consent_shown_at", "form_shown_at"),
    "signals.user_agent": ("user_agent", "browser_user_agent"),
    "signals.seconds_on_form": (
        "seconds_on_form", "time_on_form", "time_on_page", "seconds_on_page", "time_to_complete", "form_duration",
    ),
    "signals.honeypot": ("honeypot", "honeypot_field", "hp_field", "hp", "bot_field", "_gotcha"),
    "signals.keystrokes": ("keystrokes", "keystroke_count", "key_presses"),
    "signals.pastes": ("pastes", "paste_count", "pasted_fields"),
    "signals.autofills": ("autofills", "autofill_count", "autofilled_fields"),
    "signals.pointer_events": ("pointer_events", "mouse_events", "mouse_moves", "mouse_movements", "touch_events"),
    "signals.device_id": ("device_id", "device_fingerprint", "browser_fingerprint", "fingerprint", "visitor_id"),
    "signals.webdriver": ("webdriver", "navigator_webdriver"),
}  # fmt: skip

#: Fields of the lead itself. A word that a product may well have as a field of its own (`amount`, `year`) is not here.
FIELDS: dict[str, tuple[str, ...]] = {
    "first_name": ("fname", "first", "given_name", "forename", "name_first"),
    "last_name": ("lname", "last", "surname", "family_name", "name_last"),
    "full_name": ("name", "contact_name", "customer_name"),
    "email": ("email_address", "e_mail", "mail", "email_1", "user_email", "work_email"),
    "phone": (
        "phone_number", "phone_1", "telephone", "tel", "mobile", "mobile_phone", "cell", "cell_phone", "primary_phone",
        "home_phone", "phone_home", "day_phone", "user_phone", "work_phone",
    ),
    "phone_sha256": ("sha256_phone", "phone_hash", "hashed_phone", "phone_sha_256"),
    "email_sha256": ("sha256_email", "email_hash", "hashed_email", "email_sha_256"),
    "street": ("address", "street_address", "address_1", "address_line_1", "addr", "street_1"),
    "city": ("town",),
    "state": ("state_code", "region", "province", "state_province"),
    "postal_code": ("zip", "zip_code", "zip5", "postcode", "postal"),
    "date_of_birth": ("dob", "birth_date", "birthday"),
    "form": ("form_type", "lead_form"),
    "opt_in": ("opt_in_type",),
    "opt_in_confirmed_at": ("double_opt_in_at", "confirmed_at", "opt_in_confirmed", "double_opt_in_timestamp"),
    "exclusivity": ("exclusive", "is_exclusive", "lead_exclusivity"),
    "incentivized": ("incentivised", "is_incentivized", "incent"),
    "loan_amount": ("requested_amount", "loan_amount_requested", "desired_loan_amount"),
    "loan_purpose": ("loan_type",),
    "vehicle_year": ("car_year", "auto_year"),
    "vehicle_make": ("car_make", "auto_make"),
    "vehicle_model": ("car_model", "auto_model"),
    "monthly_income": ("income_monthly", "gross_monthly_income"),
    "employment_status": ("employment_type",),
    "employer": ("employer_name",),
    "credit_rating": ("credit_score_range", "self_credit_rating"),
    "down_payment": ("downpayment",),
    "residence_type": ("housing_status", "home_ownership"),
}  # fmt: skip


def _squash(name: str) -> str:
    return name.lower().translate(_SEPARATORS)


_SEPARATORS = str.maketrans("", "", "_- .")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CANONICAL = re.compile(r"[a-z][a-z0-9_]{0,63}")
_CONTROL_BY_NAME = {
    _squash(word): canonical
    for canonical, also in CONTROLS.items()
    # A section may spell its words as other systems do, too: `signals.time_on_page`.
    for word in (canonical, *also, *(f"{canonical.partition('.')[0]}.{name}" for name in also if "." in canonical))
}
_FIELD_BY_NAME = {_squash(word): canonical for canonical, also in FIELDS.items() for word in (canonical, *also)}


@lru_cache(maxsize=4096)
def meaning(name: str) -> tuple[str, str]:
    """What a name means: the control word, empty where it is none, and the canonical name of the lead's field.

    A name nobody knows becomes lower case with underscores where that makes it a
    legal field name (`monthlyRent` is `monthly_rent`), and otherwise stays as sent.

    Raises:
        Unreadable: an empty or overlong name, or one with control characters.
    """
    if not name or len(name) > NAME_CHARACTERS or not name.isprintable():
        raise Unreadable(
            "A field has no usable name.", Fault("", f"field names of 1 to {NAME_CHARACTERS} printable characters")
        )
    squashed = _squash(name)
    return _CONTROL_BY_NAME.get(squashed, ""), _FIELD_BY_NAME.get(squashed) or _snake(name)


def _snake(name: str) -> str:
    snake = _HUMP.sub("_", name).replace("-", "_").replace(" ", "_").lower()
    return snake if _CANONICAL.fullmatch(snake) else name
