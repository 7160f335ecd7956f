"""A stand-in for a service, for tests of the launcher: answers /readyz, or ends at once where told to.

LEADLINE_ALPHA_PORT=… python -m tests.e2e.stand_in
"""

from __future__ import annotations

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    """Ready from the start."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    if os.environ.get("STAND_IN_FAILS"):
        sys.exit("stand-in: no such table")
    HTTPServer(("127.0.0.1", int(os.environ["LEADLINE_ALPHA_PORT"])), Handler).serve_forever()
