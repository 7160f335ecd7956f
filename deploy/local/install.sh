#!/bin/sh
# Installs what the locks name into .venv, then the checkout itself (editable). Called by make.
#
# uv does it in seconds. Where uv cannot reach the registry that pip is configured for, pip does it,
# more slowly: both check every file against the hashes in the locks.
set -eu
cd "$(dirname "$0")/../.."

locks=deploy/requirements
say() { printf '%s\n' "$*" >&2; }

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

interpreter() {
    # shellcheck disable=SC2086 - several names, one candidate each
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    say "Leadline needs Python 3.11 or newer; found: $("${PYTHON:-python3}" --version 2>/dev/null || echo none)."
    say "Install one and try again, or name it: make PYTHON=/path/to/python3.11 …"
    exit 1
}

# An active environment or a PYTHONPATH of the caller is not ours.
unset VIRTUAL_ENV PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1

if ! usable .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(interpreter)
    say "Making .venv with $("$python" --version) …"
    if ! "$python" -m venv --clear .venv; then
        say "This Python cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv"
        exit 1
    fi
fi

python=.venv/bin/python
pip() { "$python" -m pip "$@"; }

configured() { pip config list 2>/dev/null | sed -n "s/^[^=]*[.]$1='\\(.*\\)'\$/\\1/p" | tail -n 1; }

with_uv() {
    pip install --quiet --require-hashes -r $locks/uv.lock || return 1
    # uv does not read pip's configuration: hand it the registry and the certificates that pip was told to use.
    registry=$(configured index-url)
    certificates=$(configured cert)
    [ -z "$registry" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$registry}"
    [ -z "$certificates" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$certificates}"
    "$python" -m uv pip sync --python "$python" --require-hashes $locks/dev.lock
}

say "Installing $(grep -c '==' $locks/dev.lock) locked packages …"
if ! with_uv; then
    say "uv could not install them; pip does it instead, which takes a minute or two …"
    pip install --require-hashes -r $locks/dev.lock
fi
pip install --quiet --no-deps --no-build-isolation --no-index --editable .
touch .venv/.installed
