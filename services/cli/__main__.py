"""`leadline`: puts the commands together and turns failures into exit statuses."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from services.cli import (
    agent_commands,
    books_commands,
    catalog_commands,
    compliance_commands,
    delivery_commands,
    field_commands,
    gate_commands,
    lead_commands,
    list_commands,
    message_commands,
    notice_commands,
    order_commands,
    pack_commands,
    person_commands,
    playbook_commands,
    report_commands,
    return_commands,
    run_commands,
    sla_commands,
    suppression_commands,
    work_commands,
)
from services.cli.failure import CommandError
from services.cli.output import clean, warn

FAILURE = 1
INTERRUPTED = 130


def build() -> typer.Typer:
    """The command line with all its commands."""
    app = typer.Typer(
        name="leadline",
        help="Buy only good leads, pay only for those, follow up at once.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.command(context_settings=run_commands.PASS_ON)(run_commands.up)
    app.command(context_settings=run_commands.PASS_ON)(run_commands.demo)
    app.command()(catalog_commands.apply)
    app.command()(catalog_commands.diff)
    app.add_typer(catalog_commands.keys, name="keys")
    app.add_typer(order_commands.orders, name="orders")
    app.command()(lead_commands.submit)
    app.command()(lead_commands.lead)
    app.command()(lead_commands.leads)
    app.command(context_settings=field_commands.TAKES_SIGNS)(field_commands.field)
    app.command()(person_commands.match)
    app.command()(person_commands.exclusivity)
    app.command()(playbook_commands.playbooks)
    app.command()(playbook_commands.playbook)
    app.add_typer(suppression_commands.suppress, name="suppress")
    app.add_typer(report_commands.report, name="report")
    app.command()(sla_commands.sla)
    app.add_typer(message_commands.messages, name="message")
    app.add_typer(return_commands.returns, name="returns")
    app.add_typer(agent_commands.agents, name="agents")
    app.add_typer(work_commands.work, name="work")
    app.add_typer(gate_commands.gate, name="gate")
    app.add_typer(gate_commands.opt_outs, name="opt-outs")
    app.add_typer(gate_commands.dnc, name="dnc")
    app.add_typer(notice_commands.notices, name="notices")
    app.add_typer(delivery_commands.deliveries, name="deliveries")
    app.add_typer(list_commands.lists, name="lists")
    app.add_typer(compliance_commands.disclosures, name="disclosures")
    compliance_commands.evidence.command()(pack_commands.pack)
    compliance_commands.evidence.command()(pack_commands.key)
    app.add_typer(compliance_commands.evidence, name="evidence")
    app.command()(pack_commands.verify)
    app.add_typer(books_commands.statement, name="statement")
    app.add_typer(books_commands.books, name="books")
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 failed, 2 called in a way that cannot be meant."""
    try:
        build()(args=list(arguments) if arguments is not None else None, prog_name="leadline")
    except CommandError as error:
        for line in error.lines:
            warn(clean(f"leadline: {line}"))
        sys.exit(FAILURE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more at exit.
        sys.stderr.close()
        sys.exit(FAILURE)


if __name__ == "__main__":
    main()
