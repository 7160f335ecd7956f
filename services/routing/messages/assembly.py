"""What takes messages from people, and what shows what is said to them, put together for the process that serves it."""

from __future__ import annotations

from services.routing.contacts_client import Contacts
from services.routing.gate import revocation
from services.routing.gate.assembly import GateParts
from services.routing.gate.digests import Digests
from services.routing.messages.buyers import Buyers
from services.routing.messages.call_bridge import CallBridge
from services.routing.messages.dialler import BridgeDialler
from services.routing.messages.inbound_calls import Endings, InboundCalls
from services.routing.messages.inbound_emails import InboundEmails
from services.routing.messages.inbound_service import InboundService
from services.routing.messages.inbound_store import InboundStore
from services.routing.messages.inbound_texts import InboundTexts
from services.routing.messages.message_service import MessageService
from services.routing.messages.notices import OptOuts, Wishes
from services.routing.messages.provider_client import ProviderClient
from services.routing.messages.texted_store import TextedStore
from services.routing.messages.unsubscribe import UnsubscribeLinks
from services.routing.messages.writing import Writer
from services.routing.sla.listening import ClockListener
from services.routing.work.calls import Calls
from services.routing.work.run_listener import RunListener
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Pool
from shared.runtime.clock import Clock
from shared.telemetry.metrics import Metrics


def inbound_service(
    pool: Pool,
    catalogs: CatalogReader,
    contacts: Contacts,
    opt_outs: OptOuts,
    calls: Endings,
    key: bytes,
    metrics: Metrics,
    clock: Clock,
) -> InboundService:
    """Takes what comes back. `key`: the install's identity key."""
    store, digests = InboundStore(pool), Digests(key)
    buyers, wishes = Buyers(store, catalogs), Wishes(opt_outs, contacts)
    texts = InboundTexts(pool, store, buyers, wishes, digests, revocation.read, clock)
    links = UnsubscribeLinks(key)
    emails = InboundEmails(pool, store, buyers, wishes, digests, links, revocation.read, clock)
    return InboundService(texts, emails, InboundCalls(store, buyers, calls), metrics, clock)


def assemble_inbound(
    pool: Pool,
    catalogs: CatalogReader,
    contacts: Contacts,
    gate: GateParts,
    key: bytes,
    metrics: Metrics,
    clock: Clock,
) -> InboundService:
    """As `inbound_service`, with the gate, and the clocks and playbooks that hear of calls."""
    # Clocks before playbooks, as wherever attempts are told.
    calls = Calls(pool, gate.gate, contacts, (ClockListener(), RunListener()), clock)
    return inbound_service(pool, catalogs, contacts, gate.opt_outs, calls, key, metrics, clock)


def message_service(
    pool: Pool, catalogs: CatalogReader, contacts: Contacts, key: bytes, public_url: str
) -> MessageService:
    """Shows what would be said."""
    writer = Writer(catalogs, UnsubscribeLinks(key), public_url)
    return MessageService(InboundStore(pool), catalogs, contacts, TextedStore(pool), writer)


def dialler(
    pool: Pool, catalogs: CatalogReader, key: bytes, public_url: str, provider: ProviderClient | None
) -> BridgeDialler:
    """Sets calls up by a provider; None: nobody does, and agents dial."""
    writer = Writer(catalogs, UnsubscribeLinks(key), public_url)
    return BridgeDialler(InboundStore(pool), catalogs, writer, CallBridge(provider))
