"""A mail server for development: takes everything, delivers nothing, keeps each message in a Maildir.

    python -m deploy.local.mailbox

listens at LEADLINE_MAILBOX_PORT (1025) and stores below LEADLINE_DATA_DIR. The envelope, which a real server
would drop, is kept in the headers X-MailFrom and X-RcptTo.

The dialogue is held by hand: aiosmtpd takes 1 ms a message, more than the whole chain takes to buy the lead that the
message is for, and on one machine both use the same processors.
"""

from __future__ import annotations

import asyncio
import itertools
import mailbox
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import uvloop

from deploy.local.settings import MailboxSettings, inherited
from shared.runtime.settings import SettingsError, load

MAX_BYTES = 10 * 1024 * 1024
#: Far more than any command of RFC 5321 (512).
_MAX_COMMAND = 4096
_BYE = b"221 bye"
_TOO_MUCH = b"552 too much"
_NAME = b"mailbox.localhost"
_EXTENSIONS = (b"SIZE %d" % MAX_BYTES, b"8BITMIME", b"SMTPUTF8", b"PIPELINING")
_PATH = re.compile(rb"(?:FROM|TO):\s*<([^<>]*)>", re.IGNORECASE)


class Store:
    """Keeps messages as files.

    Args:
        path: The Maildir; made if absent.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        mailbox.Maildir(path, create=True)
        self._tmp, self._new = str(path / "tmp"), str(path / "new")
        self._count = itertools.count(1)

    def keep(self, sender: bytes, recipients: list[bytes], message: bytes) -> None:
        """Store one message.

        Raises:
            OSError: it could not be written.
        """
        # By hand, because `Maildir.add` syncs every message to disk: no mailbox for development is worth that wait.
        name = f"{time.time_ns()}.{os.getpid()}_{next(self._count)}.localhost"
        with open(f"{self._tmp}/{name}", "xb", buffering=0) as file:
            file.write(b"X-MailFrom: %b\r\nX-RcptTo: %b\r\n%b" % (sender, b", ".join(recipients), message))
        os.rename(f"{self._tmp}/{name}", f"{self._new}/{name}")


class Conversation(asyncio.Protocol):
    """One client's connection: SMTP (RFC 5321) without TLS, login or relaying; commands may come pipelined."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        #: Received bytes in which the end of the message was looked for already.
        self._searched = 0
        self._reading_message = False
        self._sender: bytes | None = None
        self._recipients: list[bytes] = []
        self._commands: Mapping[bytes, Callable[[bytes], bytes]] = {
            b"EHLO": self._ehlo, b"HELO": self._helo, b"MAIL": self._mail, b"RCPT": self._rcpt, b"DATA": self._data,
            b"RSET": self._rset, b"NOOP": self._noop, b"QUIT": self._quit,
        }  # fmt: skip

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        # uvloop's transports are not registered as the standard library's abstract ones.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 %b ready\r\n" % _NAME)

    def data_received(self, data: bytes) -> None:
        """Answer whatever is complete."""
        self._received += data
        answers = []
        while (piece := self._next()) is not None:
            answers.append(self._message(piece) if self._reading_message else self._command(piece))
        most = MAX_BYTES if self._reading_message else _MAX_COMMAND
        too_long = len(self._received) > most
        if too_long:
            answers.append(_TOO_MUCH if self._reading_message else b"500 line too long")
        if self._transport is not None and not self._transport.is_closing():
            if answers:
                self._transport.write(b"\r\n".join([*answers, b""]))
            if too_long or answers[-1:] == [_BYE]:
                self._transport.close()

    def _next(self) -> bytes | None:
        """The next command or message, without its end; None while it is not complete."""
        if not self._reading_message:
            return self._before(b"\r\n", kept=0)
        if self._received.startswith(b".\r\n"):
            return self._taken(0, 3)
        # The message's last line keeps its end.
        return self._before(b"\r\n.\r\n", kept=2)

    def _before(self, end: bytes, *, kept: int) -> bytes | None:
        at = self._received.find(end, max(0, self._searched - len(end)))
        if at < 0:
            self._searched = len(self._received)
            return None
        return self._taken(at + kept, at + len(end))

    def _taken(self, length: int, consumed: int) -> bytes:
        piece = bytes(self._received[:length])
        del self._received[:consumed]
        self._searched = 0
        return piece

    def _command(self, line: bytes) -> bytes:
        verb, _, rest = line.partition(b" ")
        known = self._commands.get(verb.upper())
        return known(rest) if known is not None else b"500 unknown command"

    def _message(self, message: bytes) -> bytes:
        sender, recipients = self._sender or b"", self._recipients
        self._reset()
        if len(message) > MAX_BYTES:
            return _TOO_MUCH
        if message.startswith(b"."):
            message = message[1:]
        try:
            # RFC 5321, 4.5.2: a dot that begins a line was doubled on the way.
            self._store.keep(sender, recipients, message.replace(b"\r\n.", b"\r\n"))
        except OSError:
            return b"451 could not be stored"
        return b"250 OK"

    def _ehlo(self, _rest: bytes) -> bytes:
        self._reset()
        *more, last = (_NAME, *_EXTENSIONS)
        return b"".join(b"250-%b\r\n" % line for line in more) + b"250 " + last

    def _helo(self, _rest: bytes) -> bytes:
        self._reset()
        return b"250 " + _NAME

    def _mail(self, rest: bytes) -> bytes:
        found = _PATH.match(rest)
        if found is None:
            return b"501 expected MAIL FROM:<address>"
        if self._sender is not None:
            return b"503 one message at a time"
        self._sender = found[1]
        return b"250 OK"

    def _rcpt(self, rest: bytes) -> bytes:
        found = _PATH.match(rest)
        if found is None or not found[1]:
            return b"501 expected RCPT TO:<address>"
        if self._sender is None:
            return b"503 MAIL first"
        self._recipients.append(found[1])
        return b"250 OK"

    def _data(self, _rest: bytes) -> bytes:
        if not self._recipients:
            return b"503 RCPT first"
        self._reading_message = True
        return b"354 end with a dot on a line of its own"

    def _rset(self, _rest: bytes) -> bytes:
        self._reset()
        return b"250 OK"

    def _noop(self, _rest: bytes) -> bytes:
        return b"250 OK"

    def _quit(self, _rest: bytes) -> bytes:
        return _BYE

    def _reset(self) -> None:
        self._sender, self._recipients, self._reading_message = None, [], False


async def serve(settings: MailboxSettings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        OSError: the port is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    store = Store(settings.data_dir / "mail")
    server = await loop.create_server(lambda: Conversation(store), settings.host, settings.port)
    async with server:
        await stop.wait()


def main() -> int:
    """Runs the mailbox; 0 after a signal, 1 where it cannot start."""
    try:
        uvloop.run(serve(load(MailboxSettings, inherited())))
    except (OSError, SettingsError) as error:
        print(f"mailbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
