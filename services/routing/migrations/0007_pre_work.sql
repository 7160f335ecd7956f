-- Work for sales: who may take a task, who has it, what was tried and what became of it. No contact data anywhere.

-- Tasks written before knew neither their order nor what they are worth: they are for anybody, at no value.
ALTER TABLE routing.call_task
    DROP CONSTRAINT call_task_state_check,
    ADD CONSTRAINT call_task_state_check CHECK (state IN ('open', 'claimed', 'waiting', 'done', 'cancelled')),
    -- The team whose agents may take it now: `team`, or a fallback of it.
    ADD COLUMN queue            text        NOT NULL DEFAULT '',
    -- Teams that had it, in turn; a fallback never goes round in a circle.
    ADD COLUMN queues           text[]      NOT NULL DEFAULT '{}',
    -- Who has it, until when without another sign of life, and since when.
    ADD COLUMN agent            text        NOT NULL DEFAULT '',
    ADD COLUMN lease_until      timestamptz,
    ADD COLUMN assigned_at      timestamptz,
    -- Agents who declined it or let it go, and when the last of them did: for a while none of them is given it again.
    ADD COLUMN passed_by        text[]      NOT NULL DEFAULT '{}',
    ADD COLUMN passed_at        timestamptz,
    -- Not to be given to anybody before this, such as the hour from which a call is lawful.
    ADD COLUMN not_before       timestamptz,
    -- The time at which the person was promised a call, and by whom.
    ADD COLUMN promised_at      timestamptz,
    ADD COLUMN promised_by      text        NOT NULL DEFAULT '',
    -- `not_lawful_now` while it is kept back for the hour, and since when; else empty. What nobody can take for another
    -- reason is in routing.left_over: thousands of tasks are without anybody at once, and not one of them is written.
    ADD COLUMN unattended_since timestamptz,
    ADD COLUMN unattended       text        NOT NULL DEFAULT '',
    -- When it came into this queue.
    ADD COLUMN queued_at        timestamptz,
    -- Why it was cancelled, or what ended it.
    ADD COLUMN ended_by         text        NOT NULL DEFAULT '',
    -- What an agent must be able to do, and what the lead is worth.
    ADD COLUMN order_slug       text        NOT NULL DEFAULT '',
    ADD COLUMN catalog_revision bigint      NOT NULL DEFAULT 0,
    ADD COLUMN seller           text        NOT NULL DEFAULT '',
    ADD COLUMN source           text        NOT NULL DEFAULT '',
    ADD COLUMN product          text        NOT NULL DEFAULT '',
    ADD COLUMN lead_type        text        NOT NULL DEFAULT '',
    ADD COLUMN language         text        NOT NULL DEFAULT 'en',
    ADD COLUMN us_state         text        NOT NULL DEFAULT '',
    ADD COLUMN value_minor      bigint      NOT NULL DEFAULT 0,
    ADD COLUMN traceparent      text        NOT NULL DEFAULT '',
    -- The step of the playbook that asked for it; null: none.
    ADD COLUMN step_id          uuid,
    ADD CONSTRAINT call_task_holder CHECK ((state = 'claimed') = (agent <> '') AND (agent <> '') = (lease_until IS NOT NULL));

UPDATE routing.call_task SET queue = team, queues = ARRAY[team], queued_at = created_at;

-- A queue by what is due, what is fresh and what was promised; who holds what; leases that ran out.
CREATE INDEX call_task_queue ON routing.call_task (buyer_id, queue, due_at) WHERE state IN ('open', 'waiting');
CREATE INDEX call_task_fresh ON routing.call_task (buyer_id, queue, clock_started_at)
    WHERE state IN ('open', 'waiting');
CREATE INDEX call_task_promised ON routing.call_task (buyer_id, queue, promised_at)
    WHERE state = 'waiting' AND promised_at IS NOT NULL;
CREATE INDEX call_task_held ON routing.call_task (buyer_id, agent) WHERE state = 'claimed';
CREATE INDEX call_task_lease ON routing.call_task (lease_until) WHERE state = 'claimed';

-- People who call. Named by a word of the buyer's own; no names, addresses or numbers.
CREATE TABLE routing.agent (
    buyer_id     text        NOT NULL,
    agent        text        NOT NULL,
    team         text        NOT NULL,
    -- Empty: any.
    products     text[]      NOT NULL DEFAULT '{}',
    lead_types   text[]      NOT NULL DEFAULT '{}',
    languages    text[]      NOT NULL DEFAULT '{en}',
    -- USPS codes of the states in which the agent is licensed; empty: no licence is needed anywhere.
    states       text[]      NOT NULL DEFAULT '{}',
    -- Tasks at once, and the share under `weighted`.
    capacity     integer     NOT NULL DEFAULT 1 CHECK (capacity BETWEEN 1 AND 100),
    weight       integer     NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000),
    state        text        NOT NULL DEFAULT 'available' CHECK (state IN ('available', 'paused', 'away')),
    -- JSON text of `shared.catalog.buying.Schedule`; no hours: always.
    shifts       text        NOT NULL DEFAULT '{}',
    changed_at   timestamptz NOT NULL,
    -- The last sign of life; null: none yet.
    seen_at      timestamptz,
    -- Where the agent stands in the team's turns: see services/routing/work/distribution.py.
    passed       double precision NOT NULL DEFAULT 0,
    present_in   bigint      NOT NULL DEFAULT 0,
    assigned_at  timestamptz,
    PRIMARY KEY (buyer_id, agent)
);

CREATE INDEX agent_by_team ON routing.agent (buyer_id, team);

-- The turns of a team that is given its work; one row is locked while one task is given.
CREATE TABLE routing.turn (
    buyer_id text             NOT NULL,
    team     text             NOT NULL,
    round    bigint           NOT NULL DEFAULT 0,
    reached  double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (buyer_id, team)
);

-- Tasks that nobody of their queue can take now: those that ask the same of an agent are one row.
CREATE TABLE routing.left_over (
    buyer_id   text        NOT NULL,
    queue      text        NOT NULL,
    us_state   text        NOT NULL,
    product    text        NOT NULL,
    lead_type  text        NOT NULL,
    language   text        NOT NULL,
    reason     text        NOT NULL,
    since      timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, queue, us_state, product, lead_type, language)
);

-- Tries to reach a person. The id is given by whoever made it, so that a second telling changes nothing.
CREATE TABLE routing.attempt (
    buyer_id            text        NOT NULL,
    attempt_id          uuid        NOT NULL,
    lead_id             uuid        NOT NULL,
    task_id             uuid,
    channel             text        NOT NULL CHECK (channel IN ('call', 'text', 'email')),
    automatic           boolean     NOT NULL,
    team                text        NOT NULL,
    agent               text        NOT NULL,
    -- `blocked`: the gate said no, and nobody was called; no attempt.
    state               text        NOT NULL CHECK (state IN ('begun', 'ended', 'blocked')),
    began_at            timestamptz NOT NULL,
    ended_at            timestamptz,
    live                boolean     NOT NULL DEFAULT false,
    live_at             timestamptz,
    seconds             integer,
    -- Where a recording lies, such as a ticket's number; never its content.
    recording           text        NOT NULL DEFAULT '',
    -- The gate's decision; null: made without asking it, and told afterwards.
    decision_id         uuid,
    blocked_by          text        NOT NULL DEFAULT '',
    not_before          timestamptz,
    lawful_milliseconds bigint      NOT NULL DEFAULT -1,
    PRIMARY KEY (buyer_id, attempt_id)
);

CREATE INDEX attempt_by_lead ON routing.attempt (buyer_id, lead_id, began_at);

-- What agents say became of leads. What holds is worked out from all of them, so their order does not matter.
CREATE TABLE routing.disposition (
    buyer_id       text        NOT NULL,
    disposition_id uuid        NOT NULL,
    lead_id        uuid        NOT NULL,
    task_id        uuid,
    disposition    text        NOT NULL,
    at             timestamptz NOT NULL,
    team           text        NOT NULL,
    agent          text        NOT NULL,
    product        text        NOT NULL DEFAULT '',
    -- The call back, or the appointment.
    agreed_for     timestamptz,
    PRIMARY KEY (buyer_id, disposition_id)
);

CREATE INDEX disposition_by_lead ON routing.disposition (buyer_id, lead_id, at);
