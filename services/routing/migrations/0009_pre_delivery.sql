-- Deliveries to people over any channel and to the buyer's own systems; every try is kept; dead ones can be replayed.
-- The defaults are for rows that the version before this one still writes.

ALTER TABLE routing.delivery
    DROP CONSTRAINT delivery_channel_check,
    DROP CONSTRAINT delivery_state_check,
    ADD CONSTRAINT delivery_channel_check
        CHECK (channel IN ('email', 'text', 'call', 'webhook', 'adf_email', 'adf_post', 'csv')),
    ADD CONSTRAINT delivery_state_check
        CHECK (state IN ('waiting', 'handed_off', 'dead', 'blocked', 'discarded')),
    -- A receiver of the catalog; for people, the channel's own name.
    ADD COLUMN receiver   text NOT NULL DEFAULT 'email',
    ADD COLUMN purpose    text NOT NULL DEFAULT 'confirmation'
        CHECK (purpose IN ('confirmation', 'follow_up', 'reply', 'lead')),
    ADD COLUMN template   text NOT NULL DEFAULT '',
    ADD COLUMN step_id    uuid,
    -- Tries that a person gave it again: waits are counted from here.
    ADD COLUMN replayed_after integer NOT NULL DEFAULT 0,
    -- When tries end, a few days after the first was due.
    ADD COLUMN give_up_at timestamptz NOT NULL DEFAULT now() + interval '3 days',
    -- What shares one fate: a channel to people, over all buyers, or one system of one buyer. A slow lane holds up
    -- its own only.
    ADD COLUMN lane text COLLATE "C" NOT NULL GENERATED ALWAYS AS (
        CASE WHEN channel IN ('email', 'text', 'call') THEN channel ELSE channel || ':' || buyer_id || '/' || receiver END
    ) STORED;

-- Claims, lane by lane.
CREATE INDEX delivery_lane ON routing.delivery (lane, due_at) WHERE state = 'waiting';
DROP INDEX routing.delivery_due;
-- ListDeliveries (ids are in the order of the leads' time), ListReceivers; few are in any other state.
CREATE INDEX delivery_open ON routing.delivery (buyer_id, delivery_id) WHERE state <> 'handed_off';

CREATE TABLE routing.delivery_try (
    buyer_id    text        NOT NULL,
    delivery_id uuid        NOT NULL,
    -- From 1. One is missing where a worker died in the middle of it.
    attempt     integer     NOT NULL,
    ended_at    timestamptz NOT NULL,
    outcome     text        NOT NULL CHECK (outcome IN ('handed_off', 'postponed', 'refused', 'blocked')),
    -- Phase and code; never what a receiver said, which may repeat the lead.
    error       text        NOT NULL,
    PRIMARY KEY (buyer_id, delivery_id, attempt)
);

-- What workers found of each lane's receiver, for people to see and for the next worker to begin with.
CREATE TABLE routing.lane (
    -- Empty for a channel to people.
    buyer_id    text        NOT NULL,
    lane        text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
    -- Outages in a row.
    failures    integer     NOT NULL,
    next_try_at timestamptz,
    last_error  text        NOT NULL,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, lane)
);
