-- Sellers are told by webhook what became of their leads.

-- What signs a seller's notices. Unlike an access key it must be known to be used; nobody but intake may read it.
CREATE TABLE catalog.webhook_secret (
    buyer_id text        NOT NULL,
    seller   text        NOT NULL,
    secret   bytea       NOT NULL CHECK (octet_length(secret) BETWEEN 24 AND 64),
    made_at  timestamptz NOT NULL,
    -- Signs too for a day after made_at, so that a seller can change over.
    previous bytea,
    PRIMARY KEY (buyer_id, seller)
);

-- Written in the transaction that made it true; sent afterwards, as often as it takes.
CREATE TABLE intake.notice (
    buyer_id   text        NOT NULL,
    notice_id  uuid        NOT NULL,
    seller     text        NOT NULL,
    type       text        NOT NULL,
    -- The JSON that is sent, to the byte; never contact data.
    payload    text        NOT NULL,
    created_at timestamptz NOT NULL,
    state      text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts   integer     NOT NULL DEFAULT 0,
    -- When it is to be tried next; while one tries, when another may.
    due_at     timestamptz NOT NULL,
    -- Why the last attempt failed, in our words.
    failure    text        NOT NULL DEFAULT '',
    settled_at timestamptz,
    PRIMARY KEY (buyer_id, notice_id)
);
CREATE INDEX notice_due ON intake.notice (buyer_id, seller, due_at) WHERE state = 'waiting';
-- Serves lists, newest first.
CREATE INDEX notice_listed ON intake.notice (buyer_id, created_at DESC);
