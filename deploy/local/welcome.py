"""The first catalog and the demo's access key: what makes a fresh start ready to buy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc

from deploy.local.child import SuiteError
from deploy.local.directory import write_secret
from leadline.intake.v1 import catalog_service_pb2 as pb
from leadline.intake.v1.catalog_service_pb2_grpc import CatalogServiceStub
from shared.catalog.snapshot import decode
from shared.catalog.terms import Catalog, Order

_CALL_SECONDS = 20.0
_LABEL = "demo"
_APPROVED_BY = "leadline up"

#: What the button of the form says, for the `*` of a disclosure.
_BUTTON = "Get my rate"
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@dataclass(frozen=True, kw_only=True)
class Ready:
    """What a person needs in order to post the first lead."""

    catalog: Catalog
    #: The order to post to; None where the catalog has none that buys.
    order: Order | None
    #: The seller's access key; empty where there is no order.
    access_key: str
    #: True where the store was empty and the demo catalog was applied.
    applied: bool


def prepare(target: str, document: Path, key_file: Path) -> Ready:
    """Apply the catalog file to an empty store, and make the demo key where there is none.

    Args:
        target: `host:port` of intake.
        document: The catalog file.
        key_file: Where the key is kept, readable by its owner only, so that it is shown again next time.

    Raises:
        SuiteError: the catalog has errors, or intake did not answer.
    """
    with grpc.insecure_channel(target) as channel:
        service = CatalogServiceStub(channel)
        try:
            found = _catalog(service)
            applied = found is None
            if found is None:
                _apply(service, document)
                found = _catalog(service)
            if found is None:
                raise SuiteError(f"intake took {document} and has no catalog")
            order = _first_order(found)
            key = _key(service, found.buyer.slug, order.seller, key_file) if order is not None else ""
        except grpc.RpcError as error:
            raise SuiteError(f"intake did not take the demo catalog or key: {error}") from error
    return Ready(catalog=found, order=order, access_key=key, applied=applied)


def sample_lead(ready: Ready, now: datetime) -> str:
    """A lead that the demo catalog buys, as the JSON text that a seller posts.

    Its `external_id` is the same every time: posted again, it gets the first answer again.
    """
    order = ready.order
    if order is None:
        return ""
    source = (
        order.sites[0]
        if order.sites
        else next(source.site for source in ready.catalog.sources if source.seller == order.seller)
    )
    wording = next((item for item in ready.catalog.disclosures if order.seller in item.sellers), None)
    lead = {
        "order": order.slug,
        "source": f"https://www.{source}/apply",
        "external_id": f"first-lead-{now:%Y%m%d}",
        "submitted_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "lead": {
            "first_name": "Ann", "last_name": "Lee", "email": "ann.lee.atx@gmail.com", "phone": "(512) 472-8174",
            "postal_code": "78701", "state": "TX", "loan_amount": "25000", "opt_in": "single",
        },
        "consent": {
            "text": wording.text.replace("*", _BUTTON) if wording is not None else "",
            "captured_at": f"{now - timedelta(seconds=30):%Y-%m-%dT%H:%M:%SZ}",
            "ip": "203.0.113.7",
            "page_url": f"https://www.{source}/apply",
        },
        "signals": {"user_agent": _BROWSER, "seconds_on_form": 42},
    }  # fmt: skip
    return json.dumps(lead, indent=1)


def _catalog(service: CatalogServiceStub) -> Catalog | None:
    try:
        answer = service.GetCatalog(pb.GetCatalogRequest(), timeout=_CALL_SECONDS)
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.NOT_FOUND:
            return None
        raise
    return decode(answer.document)


def _apply(service: CatalogServiceStub, document: Path) -> None:
    request = pb.ApplyCatalogRequest(
        document=document.read_text(), approved_by=_APPROVED_BY, note="first start with an empty store"
    )
    answer = service.ApplyCatalog(request, timeout=_CALL_SECONDS)
    if answer.errors:
        faults = "\n".join(f"{document}:{fault.line}: {fault.field}: {fault.message}" for fault in answer.errors)
        raise SuiteError(f"the demo catalog has errors:\n{faults}")


def _first_order(catalog: Catalog) -> Order | None:
    own = {seller.slug for seller in catalog.sellers if seller.own}
    buying = [order for order in catalog.orders if order.state == "active" and order.seller not in own]
    return min(buying, key=lambda order: order.priority, default=None)


def _key(service: CatalogServiceStub, buyer: str, seller: str, key_file: Path) -> str:
    kept = key_file.read_text().strip() if key_file.exists() else ""
    listed = service.ListAccessKeys(pb.ListAccessKeysRequest(buyer_id=buyer, seller=seller), timeout=_CALL_SECONDS)
    if kept and any(key.key_id in kept and _lives(key) for key in listed.keys):
        return kept
    for lost in listed.keys:
        # Whoever found it could post; and there are never more than two keys for one purpose.
        if lost.label == _LABEL and _lives(lost):
            service.RevokeAccessKey(
                pb.RevokeAccessKeyRequest(buyer_id=buyer, key_id=lost.key_id), timeout=_CALL_SECONDS
            )
    request = pb.CreateAccessKeyRequest(buyer_id=buyer, seller=seller, label=_LABEL)
    made = str(service.CreateAccessKey(request, timeout=_CALL_SECONDS).access_key)
    write_secret(key_file, made)
    return made


def _lives(key: pb.AccessKey) -> bool:
    if key.HasField("revoke_time"):
        return False
    return not key.HasField("expire_time") or key.expire_time.ToDatetime(UTC) > datetime.now(UTC)
