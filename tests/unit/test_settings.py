from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from shared.runtime.settings import (
    REDACTED,
    DatabaseSettings,
    RpcSettings,
    SettingsError,
    load,
    redacted,
    setting,
    target,
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    SERVICE: ClassVar[str] = "dedup"

    count: int = setting("COUNT", default=3, minimum=1, maximum=9)
    share: float = setting("SHARE", default=0.5)
    on: bool = setting("ON", default=False)
    mode: str = setting("MODE", default="slow", choices=("slow", "fast"))
    folder: Path = setting("FOLDER", default=Path("here"))
    note: str | None = setting("NOTE", default=None)
    key: str = setting("KEY", secret=True)


def test_values_are_read_in_their_types() -> None:
    read = load(
        Sample,
        {"COUNT": "7", "SHARE": "0.25", "ON": "true", "MODE": "fast", "FOLDER": "/tmp/x", "NOTE": "n", "KEY": "k"},
    )
    assert read == Sample(count=7, share=0.25, on=True, mode="fast", folder=Path("/tmp/x"), note="n", key="k")


def test_an_empty_variable_counts_as_unset() -> None:
    assert load(Sample, {"KEY": "k", "COUNT": "", "NOTE": ""}) == Sample(key="k")


def test_every_fault_is_reported_at_once_with_its_variable() -> None:
    with pytest.raises(SettingsError) as raised:
        load(Sample, {"COUNT": "12", "SHARE": "much", "ON": "perhaps", "MODE": "warp"})
    assert raised.value.faults == (
        "COUNT: expected 9 or less",
        "SHARE: expected a number",
        "ON: expected true or false",
        "MODE: expected one of slow, fast",
        "KEY (or KEY_FILE): required, but not set",
    )


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_a_number_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="SHARE: expected a number"):
        load(Sample, {"KEY": "k", "SHARE": text})


def test_a_secret_may_come_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n")
    assert load(Sample, {"KEY_FILE": str(tmp_path / "key")}).key == "from-file"


def test_a_secret_given_twice_is_refused_without_telling_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("canary-file")
    with pytest.raises(SettingsError) as raised:
        load(Sample, {"KEY": "canary-value", "KEY_FILE": str(tmp_path / "key")})
    assert raised.value.faults == ("KEY: expected either KEY or KEY_FILE, not both",)


def test_an_unreadable_secret_file_is_one_fault() -> None:
    with pytest.raises(SettingsError) as raised:
        load(Sample, {"KEY_FILE": "/nowhere/key"})
    assert raised.value.faults == ("KEY_FILE: expected the path of a readable text file",)


def test_secrets_are_not_shown() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Outer:
        SERVICE: ClassVar[str] = "dedup"
        database: DatabaseSettings

    shown = redacted(load(Outer, {"LEADLINE_POSTGRES_URL": "postgresql://u:canary@h/d"}))
    assert shown["database"]["url"] == REDACTED
    assert "canary" not in str(shown)


def test_ports_belong_to_the_service_and_metrics_follow_them() -> None:
    assert load(RpcSettings, {}, service="intake").port == 50051
    assert load(RpcSettings, {}, service="gateway").metrics_port == 9080
    moved = load(RpcSettings, {"LEADLINE_INTAKE_PORT": "6000"}, service="intake")
    assert (moved.port, moved.metrics_port) == (6000, 7000)
    assert load(RpcSettings, {"LEADLINE_INTAKE_PORT": "0"}, service="intake").metrics_port == 0


def test_a_client_finds_a_service_where_its_port_was_moved_to() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Client:
        dedup_target: str = target("dedup")

    assert load(Client, {}).dedup_target == "127.0.0.1:50053"
    assert load(Client, {"LEADLINE_DEDUP_PORT": "6001"}).dedup_target == "127.0.0.1:6001"
    assert load(Client, {"LEADLINE_DEDUP_TARGET": "dns:///dedup:50053"}).dedup_target == "dns:///dedup:50053"


def test_production_has_no_reflection_and_lets_balancers_notice() -> None:
    production = load(RpcSettings, {"LEADLINE_ENVIRONMENT": "production"}, service="dedup")
    development = load(RpcSettings, {}, service="dedup")
    assert (production.reflection, development.reflection) == (False, True)
    assert production.drain_wait_seconds > development.drain_wait_seconds == 0


def test_one_variable_of_two_sections_is_one_fault() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Twice:
        SERVICE: ClassVar[str] = "dedup"
        rpc: RpcSettings
        again: RpcSettings

    with pytest.raises(SettingsError) as raised:
        load(Twice, {"LEADLINE_ENVIRONMENT": "staging"})
    assert raised.value.faults == ("LEADLINE_ENVIRONMENT: expected one of development, production",)
