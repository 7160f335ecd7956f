"""The demo's end on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.demo.judgement import Judgement


def show(console: Console, judgement: Judgement, report: Mapping[str, Any]) -> None:
    """Print the confusion table, why leads were turned down, the money and the times."""
    console.print(_labels(judgement))
    console.print(_confusion(report))
    console.print(_reasons(report))
    console.print(_speed(report))
    charged, ledger = report["charged_minor"], report["ledger_charged_minor"]
    same = "equal to the ledger" if charged == ledger else f"[red]the ledger says {_amount(ledger)}[/red]"
    console.print(
        f"{report['submitted']} leads at {report['leads_per_s']} a second; spend {_amount(charged)}, {same}; "
        f"decision p50 {report['decision_ms']['p50']:.1f} ms, p99 {report['decision_ms']['p99']:.1f} ms."
    )
    for told in judgement.wrong[:20]:
        why = ", ".join(told.reasons) or told.problem or f"HTTP {told.http_status}"
        console.print(f"[red]against its label[/red]: {told.lead.label} {told.outcome} {told.lead_id} ({why})")


def _labels(judgement: Judgement) -> Table:
    table = Table("label", "accepted", "rejected", "told why", title="What was posted, and what became of it")
    for column in table.columns[1:3]:
        column.justify = "right"
    for label, outcomes in sorted(judgement.by_label.items(), key=lambda item: (item[0][:3] != "goo", item[0])):
        reasons = judgement.reasons_by_label[label]
        told = ", ".join(f"{code} {count}" for code, count in reasons.most_common(3))
        table.add_row(label.replace("_", " "), str(outcomes["accepted"]), str(outcomes["rejected"]), told)
    return table


def _confusion(report: Mapping[str, Any]) -> Table:
    table = Table("", "bought", "turned down", title="Confusion table")
    for label in ("good", "bad"):
        row = report["labels"][label]
        table.add_row(f"labelled {label}", str(row["accepted"]), str(row["rejected"]))
    return table


def _reasons(report: Mapping[str, Any]) -> Table:
    table = Table("reason", "leads", title="Why leads were turned down (a lead counts for each of its reasons)")
    for code, count in report["reasons"].items():
        table.add_row(code, str(count))
    return table


def _speed(report: Mapping[str, Any]) -> Table:
    table = Table("stage", "p50 ms", "p95 ms", "p99 ms", title="Speed-to-lead by stage")
    for stage, times in report["speed_to_lead_ms"].items():
        table.add_row(stage, *[f"{times[name]:,.1f}" for name in ("p50", "p95", "p99")])
    return table


def _amount(minor: int) -> str:
    return f"${minor // 100:,}.{minor % 100:02d}"
