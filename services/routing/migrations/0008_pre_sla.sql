-- Clocks agreed with sales: from a lead's purchase to the first real attempt to reach its person.

-- One row a lead. Its two halves come in any order: the agreement with the lead's first task, the attempt whenever a
-- person makes one; until both are there, a half is empty.
CREATE TABLE routing.sla (
    buyer_id           text        NOT NULL,
    lead_id            uuid        NOT NULL,

    -- The agreement. Empty while only an attempt is known.
    task_id            uuid,
    order_slug         text        NOT NULL DEFAULT '',
    team               text        NOT NULL DEFAULT '',
    seller             text        NOT NULL DEFAULT '',
    source             text        NOT NULL DEFAULT '',
    catalog_revision   bigint      NOT NULL DEFAULT 0,
    clock              text        CHECK (clock IN ('wall', 'business')),
    agreed_seconds     integer,
    started_at         timestamptz,
    -- NULL: no reminder.
    remind_at          timestamptz,
    due_at             timestamptz,
    escalate_to        text        NOT NULL DEFAULT '',
    reassign           boolean     NOT NULL DEFAULT false,

    -- What was told, each once.
    reminded_at        timestamptz,
    breached_at        timestamptz,
    escalated_at       timestamptz,

    -- The earliest real attempt that is known, and what it measures on the agreed clock.
    attempt_id         uuid,
    attempt_at         timestamptz,
    attempt_team       text        NOT NULL DEFAULT '',
    agent              text        NOT NULL DEFAULT '',
    clock_milliseconds bigint,

    -- Since when nobody needs to call any more, and why.
    excused_at         timestamptz,
    excuse             text        NOT NULL DEFAULT '',

    -- When to look next; NULL: not before something is told.
    next_at            timestamptz,
    PRIMARY KEY (buyer_id, lead_id),
    CHECK ((task_id IS NULL) = (started_at IS NULL) AND (started_at IS NULL) = (due_at IS NULL)),
    CHECK ((started_at IS NULL) = (clock IS NULL) AND (started_at IS NULL) = (agreed_seconds IS NULL)),
    CHECK ((attempt_id IS NULL) = (attempt_at IS NULL)),
    CHECK ((excused_at IS NULL) = (excuse = '')),
    CHECK (started_at IS NOT NULL OR next_at IS NULL)
) WITH (
    -- A queue by `next_at`, as routing.delivery is.
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000
);

-- Looks, over all buyers.
CREATE INDEX sla_next ON routing.sla (next_at) WHERE next_at IS NOT NULL;
-- ListClocks, of all teams and of one; reports.
CREATE INDEX sla_by_due ON routing.sla (buyer_id, due_at, lead_id) WHERE due_at IS NOT NULL;
CREATE INDEX sla_by_team ON routing.sla (buyer_id, team, due_at, lead_id) WHERE due_at IS NOT NULL;
CREATE INDEX sla_by_start ON routing.sla (buyer_id, started_at) WHERE started_at IS NOT NULL;
-- ListClocks of those without an attempt: few beside all that ever ran.
CREATE INDEX sla_unattended ON routing.sla (buyer_id, due_at, lead_id)
    WHERE due_at IS NOT NULL AND attempt_at IS NULL AND excused_at IS NULL;
