-- People whom a buyer does not want to buy.

CREATE TABLE dedup.suppression_list (
    buyer_id       text        NOT NULL,
    list           text        NOT NULL,
    -- The public reason that sellers are told.
    kind           text        NOT NULL CHECK (kind IN ('existing_customer', 'suppressed', 'do_not_contact')),
    effective_from timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, list)
);

-- One row per person's detail and list, by the same keyed digest as a claim's, so that one answer serves both.
CREATE TABLE dedup.suppressed (
    buyer_id   text        NOT NULL,
    digest     bytea       NOT NULL CHECK (octet_length(digest) = 16),
    list       text        NOT NULL,
    -- From here on it counts no more.
    expires_at timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (buyer_id, digest, list) INCLUDE (expires_at)
);

-- Serves the count of a list and its end.
CREATE INDEX suppressed_by_list ON dedup.suppressed (buyer_id, list, expires_at);
