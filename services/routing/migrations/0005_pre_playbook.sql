-- Runs of playbooks: how far each bought lead has come, and what ends it. No contact data.

CREATE TABLE routing.run (
    buyer_id         text        NOT NULL,
    lead_id          uuid        NOT NULL,
    playbook         text        NOT NULL,
    -- The playbook, the offer and the templates of this revision are used to the end.
    catalog_revision bigint      NOT NULL,
    order_slug       text        NOT NULL,
    -- Of a hold-out: drawn once, by the lead's id; empty: the order ran none.
    arm              text        NOT NULL CHECK (arm IN ('', 'at_once', 'held_back')),
    delay_seconds    integer     NOT NULL DEFAULT 0,
    -- What ends it, so that whoever tells a fact needs no catalog.
    stops            text[]      NOT NULL,
    state            text        NOT NULL CHECK (state IN ('running', 'finished', 'stopped')),
    stopped_by       text        NOT NULL DEFAULT '',
    -- When the runner looks next; null: not before something is told.
    due_at           timestamptz,
    -- What was told, as conditions see it.
    answered         boolean     NOT NULL DEFAULT false,
    disposition      text        NOT NULL DEFAULT '',
    disposition_at   timestamptz,
    bad_number       boolean     NOT NULL DEFAULT false,
    opted_out        text[]      NOT NULL DEFAULT '{}',
    decided_at       timestamptz NOT NULL,
    started_at       timestamptz NOT NULL,
    ended_at         timestamptz,
    -- The leadline.events.v1.LeadEvent that told of the purchase.
    purchase         bytea       NOT NULL,
    PRIMARY KEY (buyer_id, lead_id),
    CHECK ((state = 'running') = (ended_at IS NULL)),
    CHECK (state = 'running' OR due_at IS NULL),
    CHECK ((state = 'stopped') = (stopped_by <> ''))
) WITH (
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000
);

-- Looks, over all buyers: whoever is due first.
CREATE INDEX run_due ON routing.run (due_at) WHERE due_at IS NOT NULL;

-- A row for each step that was looked at; the others' due times follow from these and the playbook.
CREATE TABLE routing.step (
    buyer_id text        NOT NULL,
    lead_id  uuid        NOT NULL,
    -- Its place in the playbook, from 0.
    position smallint    NOT NULL,
    name     text        NOT NULL,
    channel  text        NOT NULL,
    -- Derived from the lead's id and the step's name; the task or the delivery that it opened has the same.
    step_id  uuid        NOT NULL,
    state    text        NOT NULL CHECK (state IN ('waiting', 'opened', 'skipped')),
    due_at   timestamptz NOT NULL,
    -- When it was opened or left out, and when it was over: a call with its attempt.
    at       timestamptz,
    ended_at timestamptz,
    why      text        NOT NULL DEFAULT '',
    PRIMARY KEY (buyer_id, lead_id, position),
    CHECK ((state = 'waiting') = (at IS NULL)),
    CHECK (state <> 'skipped' OR why <> '')
);
