-- Leads as facts, persons apart from them, and the submissions that brought them.

-- One row per lead, without contact data.
CREATE TABLE intake.lead (
    buyer_id         text        NOT NULL,
    lead_id          uuid        NOT NULL,
    seller           text        NOT NULL,
    external_id      text        NOT NULL,
    -- The source's identifier once validated; as sent (at most 255 characters) while pending.
    source           text        NOT NULL,
    sub_source       text        NOT NULL,
    outcome          text        NOT NULL CHECK (outcome IN ('accepted', 'rejected', 'pending')),
    order_slug       text,
    order_version    integer,
    price_minor      bigint      NOT NULL DEFAULT 0 CHECK (price_minor >= 0),
    currency         text        NOT NULL,
    team             text        NOT NULL DEFAULT '',
    test             boolean     NOT NULL,
    catalog_revision bigint      NOT NULL,
    traceparent      text        NOT NULL,
    submitted_at     timestamptz,
    received_at      timestamptz NOT NULL,
    decided_at       timestamptz,
    -- leadline.events.v1.ClockPoints
    clock            bytea       NOT NULL,
    -- leadline.common.v1.LeadType
    lead_type        bytea       NOT NULL DEFAULT '',
    -- leadline.intake.v1.LeadAnswer exactly as given to the seller; empty while pending.
    answer           bytea       NOT NULL DEFAULT '',
    -- leadline.intake.v1.DecisionReceipt, sealed (services/intake/sealing.py).
    receipt          bytea       NOT NULL DEFAULT '',
    PRIMARY KEY (buyer_id, lead_id),
    -- Only a bought lead has a price; a decided lead has its moment.
    CHECK (price_minor = 0 OR outcome = 'accepted'),
    CHECK ((decided_at IS NULL) = (outcome = 'pending'))
) WITH (toast_tuple_target = 8160);

-- Serves a seller's newest leads. Ids are UUIDv7, so their order is the order of arrival.
CREATE INDEX lead_by_seller ON intake.lead (buyer_id, seller, lead_id DESC);

-- Leads that wait for a decision; empty in quiet times, so kept apart from the big table's indexes.
CREATE TABLE intake.pending (
    buyer_id   text        NOT NULL,
    lead_id    uuid        NOT NULL,
    -- The orders that the access key was limited to; empty: all of the seller's.
    key_orders text[]      NOT NULL,
    -- A sweeper that took the lead has it until here.
    due_at     timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, lead_id)
) WITH (autovacuum_vacuum_scale_factor = 0.01, fillfactor = 70);

CREATE INDEX pending_due ON intake.pending (due_at);

-- Contact data, apart from facts so that it can be forgotten alone.
CREATE TABLE intake.person (
    buyer_id   text  NOT NULL,
    lead_id    uuid  NOT NULL,
    -- Canonical fields by name; empty while pending.
    fields     jsonb NOT NULL,
    -- leadline.common.v1.Submission as the edge read it.
    submission bytea NOT NULL,
    -- The body exactly as it came, for evidence; empty for a caller inside the house.
    payload    bytea NOT NULL,
    PRIMARY KEY (buyer_id, lead_id)
-- A person's row is two to four kilobytes. Compressing it and moving it aside, as Postgres would from two on,
-- costs more than the whole rest of the settlement.
) WITH (toast_tuple_target = 8160);

-- Which submission became which lead. The primary key is what makes a
-- submission run once, however often and wherever it arrives at the same time.
CREATE TABLE intake.submission (
    buyer_id       text        NOT NULL,
    seller         text        NOT NULL,
    -- `key:…` or `id:…` as the seller named it, or `content:…` where only its content identifies it.
    submission_key text        NOT NULL,
    content_hash   bytea       NOT NULL,
    lead_id        uuid        NOT NULL,
    -- From here on the key may be used for another submission.
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, seller, submission_key)
);
