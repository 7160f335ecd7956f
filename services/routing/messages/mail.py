"""Hands messages to an SMTP server over a few sessions that are used again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.routing.delivery.delivery import HandedOff, Outcome, Postponed, Refused
from shared.runtime.clock import Clock

Phase = Literal["connect", "mail", "rcpt", "data"]
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail goes: `smtp://` (STARTTLS where offered), `smtp+starttls://` (or nothing), `smtps://`."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    #: TLS from the first byte.
    implicit_tls: bool = False
    #: True: refuse to send without STARTTLS; None: use it where offered.
    start_tls: bool | None = None

    @classmethod
    def parse(cls, url: str) -> SmtpServer:
        """Read a URL such as `smtps://user:secret@mail.example:465`.

        Raises:
            ValueError: another scheme, no host, or a password that would travel in the clear.
        """
        parts = urlsplit(url)
        ports = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
        if parts.scheme not in ports or not parts.hostname:
            raise ValueError("expected smtp://host:port, smtp+starttls://host:port or smtps://host:port")
        if parts.scheme == "smtp" and parts.password and parts.hostname not in _LOOPBACK:
            raise ValueError("a password needs smtp+starttls:// or smtps://")
        return cls(
            host=parts.hostname,
            port=parts.port or ports[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            implicit_tls=parts.scheme == "smtps",
            start_tls={"smtps": False, "smtp+starttls": True}.get(parts.scheme),
        )


class _Session:
    """One connection. Not shared: one message at a time."""

    def __init__(self, client: aiosmtplib.SMTP, opened_at: float) -> None:
        self.client = client
        self.used_at = opened_at
        self.messages = 0


class Mailer:
    """At most `sessions` connections, opened when needed, used again while fresh.

    Args:
        server: where mail goes.
        clock: tells how long a session has been idle.
        sessions: most connections at once; also the most messages on their way.
        timeout_seconds: for each answer of the server.
        total_seconds: for the whole of one message; a lease must outlast it.
        idle_seconds: a session unused for longer is not trusted: servers hang up quietly.
        messages_per_session: a fresh connection after so many, so that a balanced server is balanced.
    """

    def __init__(
        self,
        server: SmtpServer,
        clock: Clock,
        *,
        sessions: int = 8,
        timeout_seconds: float = 10.0,
        total_seconds: float = 15.0,
        idle_seconds: float = 30.0,
        messages_per_session: int = 500,
    ) -> None:
        self._server = server
        self._clock = clock
        self._timeout = timeout_seconds
        self._total_seconds = total_seconds
        self._idle_seconds = idle_seconds
        self._messages_per_session = messages_per_session
        self._room = asyncio.Semaphore(sessions)
        self._idle: list[_Session] = []

    async def send(self, sender: str, recipient: str, message: bytes, *, begin_before: float) -> Outcome:
        """Hand one message over; every failure is an outcome, none an exception.

        Args:
            begin_before: monotonic seconds; where no session is free by then, the message is not begun.
        """
        async with self._room:
            if self._clock.monotonic() > begin_before:
                return Postponed("connect: no session free", outage=True)
            try:
                async with asyncio.timeout(self._total_seconds):
                    return await self._send(sender, recipient, message)
            except TimeoutError:
                return Postponed("data: timeout")

    async def _send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        """A session that turns out dead before it took anything is replaced once: that the server hung up between
        two messages is no failure of the second.
        """
        reused = self._reusable()
        if reused is not None:
            outcome = await self._hand_over(reused, sender, recipient, message)
            if outcome is not None:
                return outcome
        try:
            fresh = await self._open()
        except (aiosmtplib.SMTPException, OSError) as error:
            return Postponed(_error_text("connect", error), outage=True)
        outcome = await self._hand_over(fresh, sender, recipient, message)
        return outcome or Postponed("mail: disconnected", outage=True)

    async def close(self) -> None:
        """Say goodbye on every idle session."""
        sessions, self._idle = self._idle, []
        await asyncio.gather(*(self._quit(session) for session in sessions))

    def _reusable(self) -> _Session | None:
        """The session used last, so that the others go stale and their number follows the load."""
        now = self._clock.monotonic()
        while self._idle:
            session = self._idle.pop()
            if session.client.is_connected and now - session.used_at < self._idle_seconds:
                return session
            session.client.close()
        return None

    async def _open(self) -> _Session:
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.user or None,
            password=self._server.password or None,
            use_tls=self._server.implicit_tls,
            start_tls=self._server.start_tls,
            timeout=self._timeout,
            # The library would otherwise look the machine's name up in DNS, in a thread, on every connection.
            local_hostname="localhost",
        )
        await client.connect()
        return _Session(client, self._clock.monotonic())

    async def _hand_over(self, session: _Session, sender: str, recipient: str, message: bytes) -> Outcome | None:
        """Run one mail transaction; None where the connection was gone before it began."""
        client = session.client
        phase: Phase = "mail"
        try:
            await client.mail(sender)
            phase = "rcpt"
            await client.rcpt(recipient)
            phase = "data"
            await client.data(message)
        except aiosmtplib.SMTPResponseException as error:
            await self._after_refusal(session, error.code)
            if 500 <= error.code < 600:
                return Refused(_error_text(phase, error))
            return Postponed(_error_text(phase, error), outage=error.code == 421)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            if phase == "mail" and isinstance(error, ConnectionError):
                return None
            return Postponed(_error_text(phase, error), outage=phase == "mail")
        except BaseException:
            # Cancelled in the middle of a dialogue: whatever comes next on this connection is not ours.
            client.close()
            raise
        self._keep(session)
        return HandedOff(self._clock.now())

    async def _after_refusal(self, session: _Session, code: int) -> None:
        """A refusal leaves the transaction open; end it, or the connection."""
        if code == 421 or not session.client.is_connected:
            session.client.close()
            return
        try:
            await session.client.rset()
        except (aiosmtplib.SMTPException, OSError):
            session.client.close()
        else:
            self._keep(session)

    def _keep(self, session: _Session) -> None:
        session.messages += 1
        session.used_at = self._clock.monotonic()
        if session.messages < self._messages_per_session:
            self._idle.append(session)
        else:
            session.client.close()

    async def _quit(self, session: _Session) -> None:
        try:
            await session.client.quit(timeout=1.0)
        except (aiosmtplib.SMTPException, OSError):
            session.client.close()


def _error_text(phase: Phase, error: Exception) -> str:
    """Phase and code. The server's own words stay out: they often repeat the address."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{phase}: {error.code}"
    if isinstance(error, TimeoutError):
        return f"{phase}: timeout"
    if isinstance(error, aiosmtplib.SMTPServerDisconnected):
        return f"{phase}: disconnected"
    return f"{phase}: {'unreachable' if phase == 'connect' else 'failed'}"
