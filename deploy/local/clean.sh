#!/bin/sh
# Removes everything that Leadline made in this checkout. Refuses while it is running.
set -eu
cd "$(dirname "$0")/../.."

data=${LEADLINE_DATA_DIR:-.leadline}
if [ -e "$data/lock" ] && command -v flock >/dev/null 2>&1 && ! flock --nonblock "$data/lock" true; then
    echo "Leadline is running in $data: stop it first." >&2
    exit 1
fi
if [ -d "$data" ] && [ ! -e "$data/lock" ] && [ -n "$(ls -A "$data")" ]; then
    echo "$data was not made by Leadline (it has no lock file): remove it yourself." >&2
    exit 1
fi
# As root, Postgres may live outside, where its own user can reach it.
[ ! -L "$data/postgres" ] || rm -rf "$(readlink -f "$data/postgres")"
rm -rf "$data" .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache ./*.egg-info
find . -name __pycache__ -type d -prune -exec rm -rf {} +
