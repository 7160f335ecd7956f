-- What compliance sees to. The schema belongs to a role that no process takes, so that validation can do here what is
-- granted below and nothing else.

GRANT USAGE ON SCHEMA compliance TO leadline_validation;

-- Consent texts that were no approved disclosure, each once per seller and site, until somebody decides about them.
CREATE TABLE compliance.wording (
    buyer_id    text        NOT NULL,
    -- 16 hex digits of a digest of seller, site and the text's letters.
    wording_id  text        NOT NULL,
    seller      text        NOT NULL,
    -- The source's site; empty where it was unreadable.
    site        text        NOT NULL,
    -- As the consumer saw it; what was the consumer's own is a `*`.
    text        text        NOT NULL,
    -- The approved disclosure that it is most like, how much, and what differs; empty where none is approved.
    nearest     text        NOT NULL,
    percent     integer     NOT NULL,
    difference  text        NOT NULL,
    first_seen  timestamptz NOT NULL,
    last_seen   timestamptz NOT NULL,
    leads       bigint      NOT NULL CHECK (leads > 0),
    state       text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'refused')),
    -- Who decided, when and why, and the disclosure that it became at which catalog revision.
    decided_by  text        NOT NULL DEFAULT '',
    decided_at  timestamptz,
    note        text        NOT NULL DEFAULT '',
    slug        text        NOT NULL DEFAULT '',
    revision    bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (buyer_id, wording_id),
    CHECK ((decided_at IS NULL) = (state = 'open'))
);
-- Serves the queue, and the count that bounds it.
CREATE INDEX wording_by_state ON compliance.wording (buyer_id, state, seller, last_seen DESC);

GRANT SELECT, INSERT, UPDATE ON compliance.wording TO leadline_validation;
