"""Who owns what in the one database: a role per service, and the schemas that it alone may touch."""

from __future__ import annotations

from collections.abc import Mapping

#: Role by the name of the part that owns migrations. None of them can log in: services connect with the one
#: login and take their role at connection time, so that privileges are real and credentials are few.
ROLES: Mapping[str, str] = {
    "outbox": "leadline_outbox",
    "intake": "leadline_intake",
    "validation": "leadline_validation",
    # Nobody connects as this one: what validation adds to its tables, validation cannot change.
    "compliance": "leadline_compliance",
    "dedup": "leadline_dedup",
    "routing": "leadline_routing",
    "reporting": "leadline_reporting",
}

#: Schemas by the part that owns them. The migration runner makes them: no role may create one.
SCHEMAS: Mapping[str, tuple[str, ...]] = {
    "outbox": ("outbox",),
    "intake": ("catalog", "intake", "ledger"),
    "compliance": ("compliance",),
    "dedup": ("dedup",),
    "routing": ("routing",),
    "reporting": ("reporting",),
}

#: Folders of migrations that are not `services/<part>/migrations`.
FOLDERS: Mapping[str, str] = {"outbox": "shared/db/migrations", "compliance": "services/validation/migrations"}

#: The order in which migrations run: later parts may grant on and refer to what earlier ones made.
PARTS: tuple[str, ...] = tuple(SCHEMAS)
