"""Generates the Python stubs of every contract into `protos/gen`.

    python protos/generate.py            replaces protos/gen
    python protos/generate.py --release  also makes today's contracts the baseline that `buf breaking` compares with

The output is committed, so nobody needs a generator to run Leadline, and a review sees what changed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
GENERATED = PROTOS / "gen"
BASELINE = PROTOS / "baseline.binpb"


def tool(name: str) -> str:
    """Path of a program that was installed beside the running Python.

    Raises FileNotFoundError with the way out where it is missing.
    """
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `make install`")
    return str(path)


def generate(output: Path) -> None:
    """Writes the stubs of every contract to `output`, which is created.

    Raises subprocess.CalledProcessError where a contract does not compile.
    """
    output.mkdir(parents=True, exist_ok=True)
    sources = sorted(str(path.relative_to(PROTOS)) for path in (PROTOS / "leadline").rglob("*.proto"))
    # protoc looks its type plugins up by name.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I."]
    for kind in ("python_out=", "grpc_python_out=", "mypy_out=quiet:", "mypy_grpc_out=quiet:"):
        command.append(f"--{kind}{output}")
    subprocess.run([*command, *sources], cwd=PROTOS, env=environment, check=True)


def release() -> None:
    """Makes today's contracts the baseline: from now on they may only grow."""
    subprocess.run([tool("buf"), "build", "--as-file-descriptor-set", "-o", str(BASELINE)], cwd=PROTOS, check=True)


def main() -> int:
    """Runs the command line; 0 on success, else the status of the program that failed."""
    parser = argparse.ArgumentParser(description="Generate the Python stubs of the contracts.")
    parser.add_argument("--release", action="store_true", help="also move the baseline of `buf breaking`")
    options = parser.parse_args()
    fresh = GENERATED.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        generate(fresh)
        if options.release:
            release()
    except subprocess.CalledProcessError as failure:
        shutil.rmtree(fresh, ignore_errors=True)
        return failure.returncode
    shutil.rmtree(GENERATED, ignore_errors=True)
    fresh.rename(GENERATED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
