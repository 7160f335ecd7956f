"""Systems of the buyer that are handed the leads it bought, part of `shared.catalog.terms.Catalog`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from shared.catalog.words import FieldName, Slug, Term, TimeOfDay

#: `webhook`: JSON, signed (Standard Webhooks). `adf_email` and `adf_post`: XML as dealers' systems read it (ADF 1.0).
#: `csv`: one file a day.
ReceiverKind = Literal["webhook", "adf_email", "adf_post", "csv"]

#: Everything about the person that a receiver may be given, besides the fields of the product.
PERSON_FIELDS = ("first_name", "last_name", "email", "phone", "street", "city", "state", "postal_code")


class Receiver(Term, frozen=True, kw_only=True):
    """One system that is handed leads. What waits for it goes where the catalog in force says."""

    slug: Slug
    kind: ReceiverKind
    #: Of a webhook or an ADF post: an https address on the open net.
    url: str = ""
    #: Of ADF by e-mail, and of a CSV file that is mailed.
    address: str = ""
    #: Names of the secrets that sign a webhook, the newest first; two while one is being replaced. Secret `crm-2026` is
    #: the file of that name in LEADLINE_RECEIVER_SECRETS_DIR, or else LEADLINE_RECEIVER_SECRET_CRM_2026.
    secrets: tuple[Slug, ...] = ()
    #: Which fields it is given; empty: all of `PERSON_FIELDS` and of the product. A CSV file has them in this order.
    fields: tuple[FieldName, ...] = ()
    #: Within which it must answer.
    timeout_seconds: Annotated[int, Meta(ge=1, le=15)] = 10
    #: Of a CSV file: put into a folder of the receiver's name below LEADLINE_DELIVERY_DIR.
    to_folder: bool = False
    #: Of a CSV file: when, in the buyer's time zone, it is made of what was bought since the one before.
    daily_at: TimeOfDay = "18:00"
