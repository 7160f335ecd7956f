"""A mail server for development: takes everything, delivers nothing, keeps each message in a Maildir.

    python -m deploy.local.mailbox

listens at LEADLINE_MAILBOX_PORT (1025) and stores below LEADLINE_DATA_DIR. The envelope, which a real server
would drop, is kept in the headers X-MailFrom and X-RcptTo.
"""

from __future__ import annotations

import asyncio
import logging
import mailbox
import signal
import sys
from pathlib import Path
from uuid import uuid4

import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.settings import MailboxSettings, inherited
from shared.runtime.settings import SettingsError, load

_MAX_BYTES = 10 * 1024 * 1024


class Store:
    """Keeps messages as files.

    Args:
        path: The Maildir; made if absent.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        mailbox.Maildir(path, create=True)
        self._tmp, self._new = path / "tmp", path / "new"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002 - aiosmtpd's names
        """Store one message and answer the client; called by aiosmtpd."""
        content = envelope.content
        body = content.encode() if isinstance(content, str) else content or b""
        sender = f"X-MailFrom: {envelope.mail_from}\r\nX-RcptTo: {', '.join(envelope.rcpt_tos)}\r\n"
        # By hand, because `Maildir.add` syncs every message to disk: no mailbox for development is worth that wait.
        name = uuid4().hex
        (self._tmp / name).write_bytes(sender.encode("ascii", "replace") + body)
        (self._tmp / name).rename(self._new / name)
        return "250 OK"


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
    server = await loop.create_server(
        # A name of our own: looking up this machine's may wait for a name server.
        lambda: SMTP(store, hostname="mailbox.localhost", data_size_limit=_MAX_BYTES, enable_SMTPUTF8=True),
        settings.host,
        settings.port,
    )
    async with server:
        await stop.wait()


def main() -> int:
    """Runs the mailbox; 0 after a signal, 1 where it cannot start."""
    # aiosmtpd logs every command with its addresses.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    try:
        uvloop.run(serve(load(MailboxSettings, inherited())))
    except (OSError, SettingsError) as error:
        print(f"mailbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
