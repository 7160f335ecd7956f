"""Rules of the house that a machine can check: who imports what, what every service has, whether prose is true."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("services", "shared", "deploy", "protos", "tests")
MOST_LINES = 400

#: Programs that people start; all the rest under services are servers.
CLIENTS = {"cli"}

#: What keeps a file from being a plain function of data and a clock.
IMPURE = {"asyncpg", "google", "grpc", "leadline", "redis", "uvicorn", "aiosmtplib"}

#: Names of the files that may use those: the shell around the rules.
SHELL = re.compile(r"__main__|(.*_)?(service|store|client|server|worker|process|events|mail)")

#: What else carries messages of the contracts from stage to stage. A name here is one rule fewer that is pure.
CARRIERS = {
    "dedup": {"answers"},
    "intake": {
        "answer",
        "chain",
        "claims",
        "draft",
        "marks",
        "masking",
        "opening",
        "pending",
        "pings/bids",
        "pings/desk",
        "pings/judgement",
        "pipeline",
        "replay",
        "settlement",
        "trace",
        "verdict",
    },
}


@cache
def written() -> list[Path]:
    """Every file that a person wrote."""
    below = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file())
    found = (path for path in below if not {"gen", "__pycache__"} & set(path.relative_to(ROOT).parts))
    return sorted([*found, *ROOT.glob("*.md")])


@cache
def sources(*suffixes: str) -> list[Path]:
    return [path for path in written() if path.suffix in suffixes]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def services() -> list[Path]:
    return sorted({ROOT / path.relative_to(ROOT).parents[-3] for path in sources(".py") if is_of_a_service(path)})


def is_of_a_service(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return parts[0] == "services" and len(parts) > 2


def is_pure(path: Path) -> bool:
    """True for a file of a service that holds rules only."""
    if not is_of_a_service(path):
        return False
    service = path.relative_to(ROOT).parts[1]
    inside = path.relative_to(ROOT / "services" / service).with_suffix("").as_posix()
    return service not in CLIENTS and not SHELL.fullmatch(path.stem) and inside not in CARRIERS.get(service, set())


def carrier(service: str, file: str) -> bool:
    """True where the file exists and still imports what a rule may not."""
    path = ROOT / "services" / service / f"{file}.py"
    return path.exists() and any(module.partition(".")[0] in IMPURE for module in imports(path))


def imports(path: Path) -> Iterator[str]:
    """Modules that a file imports when it runs; what is only for type checkers does not count."""
    tree = ast.parse(path.read_text())
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        pending.extend(ast.iter_child_nodes(node))


def test_import_contracts_hold() -> None:
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-3000:]


def test_rules_are_pure() -> None:
    broken = [
        f"{name(path)} imports {module}"
        for path in sources(".py")
        if is_pure(path)
        for module in imports(path)
        if module.partition(".")[0] in IMPURE
    ]
    assert broken == [], "a rule takes plain data; transport and drivers belong to service, store and their like"


def test_every_exemption_is_needed() -> None:
    missing = [f"{service}/{file}" for service in CARRIERS for file in CARRIERS[service] if not carrier(service, file)]
    assert missing == []


def test_only_settings_read_the_environment() -> None:
    broken = [
        name(path)
        for path in sources(".py")
        if path.relative_to(ROOT).parts[0] in {"services", "shared", "deploy"} and path.stem != "settings"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and ast.unparse(node.value) == "os"
    ]
    assert broken == []


@pytest.mark.parametrize("service", services(), ids=lambda path: path.name)
def test_every_service_opens_with_the_same_files(service: Path) -> None:
    has = {path.name for path in service.iterdir()}

    assert "__main__.py" in has
    if service.name not in CLIENTS:
        assert "settings.py" in has
        assert has & {"service.py", "app.py"}, "what it answers is in service.py (gRPC) or app.py (HTTP)"


def test_every_file_is_one_that_a_person_reads_to_the_end() -> None:
    files = sources(".py", ".sql", ".proto", ".sh", ".js", ".html")
    lengths = {name(path): len(path.read_text().splitlines()) for path in files}
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


READMES = [path for path in written() if path.suffix == ".md"]
MADE_AT_RUN_TIME = (".venv/", ".leadline")


def code_of(text: str) -> list[str]:
    """Everything between backticks, and every line of a fenced block."""
    blocks = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return spans + [line for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("readme", READMES, ids=name)
def test_prose_names_only_files_that_exist(readme: Path) -> None:
    text = readme.read_text()
    linked = [link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in link]
    named = [
        word
        for word in re.findall(r"`([^`\n]+)`", text)
        if re.fullmatch(r"[\w.-]+(/[\w.*-]+)+/?", word) and not word.startswith(MADE_AT_RUN_TIME)
    ]
    missing = [word for word in [*linked, *named] if not any([*readme.parent.glob(word), *ROOT.glob(word)])]
    assert missing == []


@pytest.mark.parametrize("readme", READMES, ids=name)
def test_prose_names_only_commands_that_exist(readme: Path) -> None:
    code = "\n".join(code_of(readme.read_text()))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z]+)", code)) <= targets
    modules = re.findall(r"-m ((?:services|shared|deploy|tests)[\w.]*)", code)
    assert [module for module in modules if importlib.util.find_spec(module) is None] == []


@pytest.mark.parametrize("readme", READMES, ids=name)
def test_prose_names_only_variables_that_are_read(readme: Path) -> None:
    program = "\n".join(path.read_text() for path in sources(".py", ".sh"))
    services_in_capitals = {service.name.upper() for service in services()} | {"MAILBOX"}
    unknown = []
    for variable in set(re.findall(r"LEADLINE_[A-Z_]*[A-Z]", readme.read_text())):
        general = variable
        for service in services_in_capitals:
            general = general.replace(f"LEADLINE_{service}_", "LEADLINE_{SERVICE}_")
        if variable not in program and general not in program:
            unknown.append(variable)
    assert unknown == []
