"""`leadline up`: everything on this machine, until Ctrl-C.

python -m deploy.local.up
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from deploy.local.child import ROOT, SuiteError
from deploy.local.directory import DirectoryInUseError
from deploy.local.launch import Suite
from deploy.local.settings import LocalSettings, inherited
from deploy.local.welcome import Ready, prepare, sample_lead
from shared.runtime.clock import SystemClock
from shared.runtime.settings import SettingsError, load

CATALOG = ROOT / "deploy" / "demo" / "catalog.yaml"

#: What can go wrong without being a mistake of ours: told in words, without a traceback.
FAULTS = (SuiteError, DirectoryInUseError, SettingsError, OSError)

_WATCH_SECONDS = 0.5
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Turns Ctrl-C, SIGTERM and a closed terminal into an orderly end.

    Before `wait`, a signal interrupts whatever is being done; from then on it ends the wait.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._waiting = False
        for number in _SIGNALS:
            signal.signal(number, self._hear)

    def wait(self, seconds: float) -> bool:
        """Wait, at most this long; True once a signal has come."""
        self._waiting = True
        return self._asked.wait(seconds)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._asked.set()
        if not self._waiting:
            raise KeyboardInterrupt


def screen(suite: Suite, ready: Ready) -> str:
    """What a person needs to know, on one screen."""
    post = f"{suite.gateway_url}/v1/leads"
    lines = [
        "",
        f"Leadline buys for {ready.catalog.buyer.name}.",
        "",
        f"  sellers post to   {post}",
        f"  API description   {suite.gateway_url}/docs",
    ]
    if ready.order is not None:
        lines.append(f"  demo access key   {ready.access_key}")
    lines += [
        f"  e-mail sent       {suite.directory.mail}",
        f"  logs              {suite.directory.logs}",
    ]
    if ready.order is not None:
        body = shlex.quote(sample_lead(ready, SystemClock().now()))
        lines += [
            "",
            "Sell it a lead:",
            "",
            f"curl -sS {post} -H 'Authorization: Bearer {ready.access_key}' \\",
            f"  -H 'Content-Type: application/json' -d {body}",
        ]
    return "\n".join([*lines, "", "Ctrl-C stops everything; the data stays."])


def main(argv: Sequence[str]) -> int:
    """Start everything, tell how to use it, and stay until a signal.

    Returns:
        0 after a signal, 1 where something could not start or ended by itself, 130 where a signal came during
        the start.
    """
    parser = argparse.ArgumentParser(prog="leadline up", description="Start everything; Ctrl-C stops it.")
    parser.parse_args(argv)
    interruption = Interruption()
    suite: Suite | None = None
    try:
        environ = inherited()
        suite = Suite(load(LocalSettings, environ).data_dir, environ=environ, report=_tell)
        suite.start()
        ready = prepare(suite.target("intake"), CATALOG, suite.directory.path / "demo.key")
        _tell(screen(suite, ready))
        return _stay(suite, interruption)
    except KeyboardInterrupt:
        _tell("Interrupted.")
        return 130
    except FAULTS as fault:
        print(f"leadline up: {fault}", file=sys.stderr, flush=True)
        return 1
    finally:
        if suite is not None:
            suite.stop()


def _stay(suite: Suite, interruption: Interruption) -> int:
    while not interruption.wait(_WATCH_SECONDS):
        if fallen := suite.fallen():
            for one in fallen:
                print(one, file=sys.stderr, flush=True)
            print("Stopping the rest.", file=sys.stderr, flush=True)
            return 1
    _tell("Stopping …")
    return 0


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
