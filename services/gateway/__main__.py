"""The gateway's composition root."""

from __future__ import annotations

from services.gateway.app import Gateway, routes
from services.gateway.health_client import FirstContact
from services.gateway.http_server import HttpServer
from services.gateway.inbound_service import InboundDesk
from services.gateway.intake_client import KEYED, Intake
from services.gateway.leads import Leads
from services.gateway.order_service import OrderBook
from services.gateway.pages import Pages
from services.gateway.ping_service import Pings
from services.gateway.reception import Reception
from services.gateway.returns_service import ReturnsDesk
from services.gateway.routing_client import Inbound
from services.gateway.settings import Settings
from services.gateway.statement_service import Statements
from services.gateway.trail import Trails
from services.gateway.unsubscribe_service import Unsubscribing
from shared.rpc.client import open_channel
from shared.runtime.clock import SystemClock
from shared.runtime.lifecycle import Process, run
from shared.runtime.settings import load
from shared.telemetry.start import start


async def main(process: Process) -> None:
    """Build the gateway and serve until told to stop."""
    settings = load(Settings)
    secrets, clock = settings.inbound_secrets, SystemClock()
    metrics = await start(process, settings.telemetry, settings.rpc)
    channel = await process.enter(open_channel(settings.intake_target, keyed=KEYED))
    intake = Intake(channel, settings, clock, metrics)
    process.stack.push_async_callback(intake.close)
    contact = FirstContact(channel)
    process.work("first contact", contact.run)
    pages = Pages(contact, clock)
    trails = Trails(clock, metrics, settings.telemetry.trace_ratio)
    leads = Leads(Reception(intake, clock, trails, metrics), intake, clock, settings.read_timeout_seconds)
    pings = Pings(intake, clock, trails, settings.read_timeout_seconds)
    echo = settings.telemetry.environment == "development"
    returns = ReturnsDesk(intake, settings.read_timeout_seconds)
    inbound = Inbound(await process.enter(open_channel(settings.routing_target)), clock)
    desk = InboundDesk(inbound, secrets, clock, settings.read_timeout_seconds)
    unsubscribing = Unsubscribing(inbound, settings.read_timeout_seconds)
    table = routes(leads, pings, OrderBook(intake), Statements(intake), returns, desk, unsubscribing, pages, echo=echo)
    await process.serve(HttpServer(Gateway(table, metrics), settings.rpc, metrics, contact))


if __name__ == "__main__":
    run("gateway", main)
