-- Sellers, orders and access keys: what is bought, from whom, on which terms.
-- A revision and an order version are written once and never changed; `head` names the one in force.

CREATE TABLE catalog.head (
    buyer_id text PRIMARY KEY,
    revision bigint NOT NULL CHECK (revision > 0),
    -- Grows with every key made or revoked, so that a cache of keys sees by one cheap read that it is old.
    keys_revision bigint NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL
);

CREATE TABLE catalog.snapshot (
    buyer_id text NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    -- JSON, kept as the text that was written: nobody queries inside it.
    document text NOT NULL,
    approved_by text NOT NULL,
    note text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, revision)
);

CREATE TABLE catalog.order_version (
    buyer_id text NOT NULL,
    order_slug text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    -- The catalog revision that brought it.
    revision bigint NOT NULL,
    terms text NOT NULL,
    approved_by text NOT NULL,
    note text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, order_slug, version)
);

CREATE TABLE catalog.access_key (
    buyer_id text NOT NULL,
    key_id text NOT NULL,
    seller text NOT NULL,
    -- Empty: every order of the seller.
    orders text[] NOT NULL DEFAULT '{}',
    -- SHA-256 of the whole key. The key has 256 random bits, so that a plain hash cannot be searched.
    secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
    label text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (buyer_id, key_id)
);

GRANT USAGE ON SCHEMA catalog TO leadline_validation, leadline_dedup, leadline_routing, leadline_reporting;
GRANT SELECT ON catalog.head, catalog.snapshot
    TO leadline_validation, leadline_dedup, leadline_routing, leadline_reporting;
