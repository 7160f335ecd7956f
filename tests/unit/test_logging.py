from __future__ import annotations

import ast
import logging as stdlib
from pathlib import Path

import pytest
import structlog

from shared.telemetry.allowed import KEYS, MAX_TEXT, passing
from shared.telemetry.logging import failure
from tests.captured_logs import captured_logs, lines

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
CONTACT = {"first_name", "last_name", "full_name", "email", "phone", "street", "city", "postal_code", "ip", "name"}


def test_an_allowed_key_is_told_with_who_tells_it_and_when() -> None:
    with captured_logs() as logs:
        structlog.get_logger().info("batch settled", leads=16)
    (line,) = lines(logs)
    assert (line["event"], line["leads"], line["level"], line["service"]) == ("batch settled", 16, "info", "test")
    assert line["timestamp"].endswith("+00:00")


def test_any_other_key_is_dropped_and_counted() -> None:
    with captured_logs() as logs:
        structlog.get_logger().info("lead taken", lead_id="x", email="canary@example.org", lead={"phone": "canary"})
    (line,) = lines(logs)
    assert line["lead_id"] == "x"
    assert line["dropped"] == 2
    assert b"canary" not in logs.getvalue()


def test_an_allowed_key_with_something_larger_than_a_fact_is_dropped() -> None:
    assert passing({"outcome": "accepted", "reason": ["a"], "code": "x" * (MAX_TEXT + 1), "attempt": 2}) == {
        "outcome": "accepted",
        "attempt": 2,
    }


def test_nothing_that_a_consumer_typed_has_a_key() -> None:
    assert not KEYS & CONTACT


@pytest.mark.parametrize("text", ["called 5125550100", "sent to ann@example.org", "x" * 200])
def test_a_phrase_that_may_hold_a_value_is_withheld(text: str) -> None:
    with captured_logs() as logs:
        structlog.get_logger().info(text)
    assert lines(logs)[0]["event"] == "text withheld"


def test_an_exception_is_told_by_type_and_place_alone() -> None:
    with captured_logs() as logs:
        try:
            try:
                int("canary-inner")
            except ValueError as error:
                raise RuntimeError("canary-outer") from error
        except RuntimeError:
            structlog.get_logger().exception("work failed")
    (line,) = lines(logs)
    assert line["error_type"] == "RuntimeError"
    assert line["error_cause"].startswith("ValueError at ")
    assert "test_logging.py" in line["error_at"]
    assert b"canary" not in logs.getvalue()


def test_an_exception_never_raised_has_no_place() -> None:
    assert failure(ValueError("canary")) == {"error_type": "ValueError", "error_at": "unknown"}


def test_records_of_libraries_keep_their_template_and_lose_their_values() -> None:
    with captured_logs() as logs:
        stdlib.getLogger("lib").warning("connection to %s lost after %d tries", "canary", 3)
        stdlib.getLogger("lib").error("Task failed: ValueError('canary')")
        stdlib.getLogger("lib").error("failed for %s", "canary", exc_info=KeyError("canary"))
    template, formatted, failed = lines(logs)
    assert template["event"] == "connection to lost after tries"
    assert template["logger"] == "lib"
    assert formatted["event"] == "text withheld"
    assert failed["error_type"] == "KeyError"
    assert b"canary" not in logs.getvalue()


def test_below_the_level_nothing_is_told() -> None:
    with captured_logs("warning") as logs:
        structlog.get_logger().info("quiet")
        stdlib.getLogger("lib").info("quiet")
    assert logs.getvalue() == b""


def test_every_log_call_of_the_code_is_a_constant_phrase_with_allowed_keys() -> None:
    faults = []
    for path in [*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "log"
            ):
                continue
            constant = bool(node.args) and isinstance(node.args[0], ast.Constant)
            unknown = {key.arg for key in node.keywords if key.arg is not None} - KEYS - {"exc_info"}
            if not constant or unknown:
                faults.append(f"{path.relative_to(ROOT)}:{node.lineno} {sorted(unknown)}")
    assert faults == []
