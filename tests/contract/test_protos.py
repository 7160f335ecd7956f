"""The contracts: well-formed, unbroken since the last release, and equal to their committed stubs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from protos.generate import BASELINE, GENERATED, PROTOS, generate, tool


def buf(*arguments: str, where: Path = PROTOS) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("buf"), *arguments], cwd=where, capture_output=True, text=True, check=False)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.py*") if path.suffix != ".pyc"}


def test_contracts_pass_every_lint_rule() -> None:
    result = buf("lint")
    assert result.returncode == 0, result.stdout + result.stderr


def test_contracts_break_nothing_that_was_released() -> None:
    result = buf("breaking", "--against", str(BASELINE))
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("kept", "broken"),
    [("string seller = 2;", "string vendor = 2;"), ("CATALOG_ACTION_REMOVE", "CATALOG_ACTION_DELETE")],
    ids=["renamed field", "renamed enum value"],
)
def test_a_breaking_change_is_noticed(tmp_path: Path, kept: str, broken: str) -> None:
    shutil.copytree(PROTOS, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("gen", "__pycache__"))
    contract = tmp_path / "leadline/intake/v1/catalog_service.proto"
    text = contract.read_text()
    assert kept in text
    contract.write_text(text.replace(kept, broken))

    assert buf("breaking", "--against", str(BASELINE), where=tmp_path).returncode == 100


def test_committed_stubs_are_what_the_contracts_generate(tmp_path: Path) -> None:
    generate(tmp_path)

    fresh, committed = files(tmp_path), files(GENERATED)
    assert sorted(fresh) == sorted(committed)
    assert [name for name in fresh if fresh[name] != committed[name]] == [], "run `make protos` and commit"
