"""The reference for durable writes: pgbench inserting one row a transaction into the suite's own Postgres."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.programs import installed

_SCRIPT = "INSERT INTO bench.row (content) VALUES (repeat('x', 200));\n"
#: Run once before the first measurement.
TABLE = """
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.row (id bigserial PRIMARY KEY, content text);
"""
_TPS = re.compile(r"tps = ([\d.]+) \(without")


def inserts_per_second(url: str, *, clients: int, seconds: int) -> float:
    """Rows a second with `clients` connections, each row in a durable transaction of its own."""
    bench = installed() / "pgbench"
    parts = urlsplit(url)
    environ = {"PGPASSWORD": parts.password or "", "PATH": "/usr/bin:/bin"}
    place = ["-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username), parts.path.lstrip("/")]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "insert.sql"
        script.write_text(_SCRIPT)
        options = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", str(script)]
        done = subprocess.run(
            [str(bench), *options, *place],
            env=environ, capture_output=True, text=True, check=True, timeout=seconds + 30,
        )  # fmt: skip
    found = _TPS.search(done.stdout)
    if found is None:
        raise RuntimeError("pgbench did not tell its rate")
    return float(found[1])
