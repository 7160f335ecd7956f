-- Follow-up of accepted leads: calls that people are to make, and messages to be handed to a channel.
-- Neither holds contact data; that is fetched from intake at the moment of sending.

CREATE TABLE routing.call_task (
    buyer_id         text        NOT NULL,
    -- Derived from the lead's id, so an event delivered twice makes one task.
    task_id          uuid        NOT NULL,
    lead_id          uuid        NOT NULL,
    team             text        NOT NULL,
    state            text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')),
    offer            text        NOT NULL,
    clock_started_at timestamptz NOT NULL,
    due_at           timestamptz NOT NULL,
    created_at       timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, task_id)
);

-- GetFollowUp; ListTasks of one team; ListTasks of all teams.
CREATE INDEX call_task_by_lead ON routing.call_task (buyer_id, lead_id);
CREATE INDEX call_task_by_team ON routing.call_task (buyer_id, team, due_at, task_id);
CREATE INDEX call_task_by_due ON routing.call_task (buyer_id, due_at, task_id);

CREATE TABLE routing.delivery (
    buyer_id         text        NOT NULL,
    -- Derived from the lead's id and the channel; also names the message, so that receivers can tell copies.
    delivery_id      uuid        NOT NULL,
    lead_id          uuid        NOT NULL,
    channel          text        NOT NULL CHECK (channel IN ('email')),
    state            text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'handed_off', 'dead')),
    attempts         integer     NOT NULL DEFAULT 0,
    -- While waiting: the next try, or the end of the lease of the worker that is trying.
    due_at           timestamptz NOT NULL,
    lease_id         uuid,
    created_at       timestamptz NOT NULL,
    handed_off_at    timestamptz,
    -- SMTP code and phase; never what the server said, which may repeat the address.
    last_error       text        NOT NULL DEFAULT '',
    -- What rendering and the hand-over event need.
    order_slug       text        NOT NULL,
    catalog_revision bigint      NOT NULL,
    seller           text        NOT NULL,
    source           text        NOT NULL,
    submitted_at     timestamptz,
    received_at      timestamptz NOT NULL,
    decided_at       timestamptz NOT NULL,
    traceparent      text        NOT NULL,
    PRIMARY KEY (buyer_id, delivery_id),
    CHECK ((state = 'handed_off') = (handed_off_at IS NOT NULL))
) WITH (
    -- A queue: two updates a row. Dead rows at the queue's head make every claim slower, so clean up early.
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000
);

-- Claims, over all buyers: a worker serves whoever is due first.
CREATE INDEX delivery_due ON routing.delivery (due_at) WHERE state = 'waiting';
-- GetFollowUp.
CREATE INDEX delivery_by_lead ON routing.delivery (buyer_id, lead_id);
