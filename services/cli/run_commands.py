"""`leadline up` and `leadline demo`: everything on this machine."""

from __future__ import annotations

import typer

#: These commands read their own options.
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def up(context: typer.Context) -> None:
    """Start everything on this machine, until Ctrl-C."""
    from deploy.local.up import main

    raise typer.Exit(main(context.args))


def demo(context: typer.Context) -> None:
    """Start everything, and play and judge a stream of leads."""
    from deploy.demo.main import main

    raise typer.Exit(main(context.args))
