"""What receivers must satisfy, and the lists that name them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from services.intake.catalog.addresses import is_mail_address, is_web_address
from services.intake.catalog.draft import Draft, Finding, repeated, unknown_name
from services.intake.catalog.reading import Path, did_you_mean
from shared.catalog.receiving import PERSON_FIELDS, Receiver

#: What each kind needs, and which kinds each word means something to.
_NEEDS: Final = {"webhook": ("url", "secrets"), "adf_post": ("url",), "adf_email": ("address",), "csv": ()}
_WORDS: Final = {
    "url": ("webhook", "adf_post"),
    "address": ("adf_email", "csv"),
    "secrets": ("webhook",),
    "to_folder": ("csv",),
    "daily_at": ("csv",),
}
_MOST_SECRETS: Final = 2


def check_receivers(draft: Draft) -> Iterator[Finding]:
    """Every receiver that could be read, and every order that names one."""
    fields = {field.name for product in draft.products.values() for field in product.fields}
    for index, receiver in draft.receivers.items():
        yield from _receiver(receiver, ("receivers", index), (*PERSON_FIELDS, *sorted(fields)))
    for index, order in draft.orders.items():
        path = ("orders", index, "follow_up", "deliver_to")
        for position, slug in enumerate(order.follow_up.deliver_to):
            yield from unknown_name(draft, "receivers", slug, (*path, position))
        yield from repeated(order.follow_up.deliver_to, path)


def _receiver(receiver: Receiver, path: Path, known: tuple[str, ...]) -> Iterator[Finding]:
    for word in _NEEDS[receiver.kind]:
        if not getattr(receiver, word):
            yield path, f"`{word}` is missing: a receiver of kind `{receiver.kind}` needs it"
    plain = Receiver(slug=receiver.slug, kind=receiver.kind)
    for word, kinds in _WORDS.items():
        if receiver.kind not in kinds and getattr(receiver, word) != getattr(plain, word):
            yield (*path, word), f"means nothing to a receiver of kind `{receiver.kind}`; leave it out"
    if receiver.kind == "csv" and not receiver.address and not receiver.to_folder:
        yield path, "say where the file goes: `to_folder: true`, an `address`, or both"
    if receiver.url and not is_web_address(receiver.url):
        expected = "expected an https:// URL without user, password or #; http:// only of this computer, to try it"
        yield (*path, "url"), expected
    if receiver.address and not is_mail_address(receiver.address):
        yield (*path, "address"), "expected an e-mail address"
    if len(receiver.secrets) > _MOST_SECRETS:
        yield (*path, "secrets"), "expected one secret, or two while one is being replaced"
    yield from repeated(receiver.secrets, (*path, "secrets"))
    for index, name in enumerate(receiver.fields):
        if name not in known:
            yield (*path, "fields", index), f"no lead has a field `{name}`{did_you_mean(name, known)}"
    yield from repeated(receiver.fields, (*path, "fields"))
