-- What was let pass and may not have begun yet. Its locks say so too, but end with their connection; this does not.
CREATE TABLE routing.gate_passage (
    buyer_id   text        NOT NULL,
    passage_id uuid        NOT NULL,
    -- Of everybody for whom something passed.
    addresses  bytea[]     NOT NULL,
    until      timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, passage_id)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
