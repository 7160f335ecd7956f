-- Whether people may be reached: what they said, the lists they are on, and every decision. Nobody can be read from
-- any of it: an address is a keyed digest, and words are not kept.

-- Opt-outs, for ever: they outlive the lead, and whoever comes again later is still left alone.
CREATE TABLE routing.opt_out (
    buyer_id    text        NOT NULL,
    -- Of the person's phone or e-mail, 16 bytes.
    digest      bytea       NOT NULL CHECK (octet_length(digest) = 16),
    -- The same for all addresses of one opt-out.
    opt_out_id  uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('phone', 'email')),
    -- `phone` is calls and texts. `all` on any address of a person stops everything.
    scope       text        NOT NULL CHECK (scope IN ('all', 'phone', 'call', 'text', 'email')),
    said_by     text        NOT NULL CHECK (said_by IN ('text', 'email', 'call', 'link', 'agent', 'letter')),
    said_at     timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    -- The agent, or the part of the system that understood it.
    recorded_by text        NOT NULL,
    -- The lead that it was about, where one was named.
    lead_id     uuid,
    PRIMARY KEY (buyer_id, digest, opt_out_id),
    -- Told again, it is the same one.
    UNIQUE (buyer_id, digest, scope, said_by, said_at)
);
-- ListOptOuts.
CREATE INDEX opt_out_newest ON routing.opt_out (buyer_id, recorded_at DESC, opt_out_id);
CREATE INDEX opt_out_of_lead ON routing.opt_out (buyer_id, lead_id) WHERE lead_id IS NOT NULL;

-- An opt-out ends by new express consent only; who took it and how it was given stays on record.
CREATE TABLE routing.opt_out_withdrawal (
    buyer_id     text        NOT NULL,
    opt_out_id   uuid        NOT NULL,
    withdrawn_at timestamptz NOT NULL,
    withdrawn_by text        NOT NULL CHECK (withdrawn_by <> ''),
    -- How and where consent was given, such as the id of a form; no contact data.
    evidence     text        NOT NULL CHECK (evidence <> ''),
    consented_at timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, opt_out_id)
);

-- Do-not-call lists by version: `national`, `internal`, `litigators`, `state-tx` and the like.
CREATE TABLE routing.dnc_list (
    buyer_id    text        NOT NULL,
    list        text        NOT NULL,
    -- The day on which its publisher made it.
    version     date        NOT NULL,
    imported_at timestamptz NOT NULL,
    -- Only a complete version counts, and of those the newest.
    complete    boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (buyer_id, list, version)
);
CREATE TABLE routing.dnc_number (
    buyer_id text  NOT NULL,
    digest   bytea NOT NULL CHECK (octet_length(digest) = 16),
    list     text  NOT NULL,
    version  date  NOT NULL,
    PRIMARY KEY (buyer_id, digest, list, version)
);

-- Every allow and every block.
CREATE TABLE routing.gate_decision (
    buyer_id      text        NOT NULL,
    decision_id   uuid        NOT NULL,
    lead_id       uuid        NOT NULL,
    channel       text        NOT NULL CHECK (channel IN ('call', 'text', 'email')),
    automatic     boolean     NOT NULL,
    purpose       text        NOT NULL CHECK (purpose IN ('confirmation', 'follow_up', 'reply')),
    allowed       boolean     NOT NULL,
    reason        text        NOT NULL,
    -- By name: those that blocked it, or those that were kept.
    rules         text[]      NOT NULL,
    -- Of the rules' data.
    rules_version text        NOT NULL,
    not_before    timestamptz,
    decided_at    timestamptz NOT NULL,
    -- Digest of the address that would have been reached; null: there is none.
    address       bytea,
    PRIMARY KEY (buyer_id, decision_id),
    CHECK (allowed = (reason = ''))
);
-- ListDecisions.
CREATE INDEX gate_decision_of_lead ON routing.gate_decision (buyer_id, lead_id, decided_at);
-- Attempts of the last day; leads whose people were reached at an address.
CREATE INDEX gate_decision_attempts ON routing.gate_decision (buyer_id, address, decided_at) WHERE allowed;

CREATE FUNCTION routing.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER opt_out_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON routing.opt_out
    FOR EACH STATEMENT EXECUTE FUNCTION routing.refuse_change();
CREATE TRIGGER opt_out_withdrawal_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON routing.opt_out_withdrawal
    FOR EACH STATEMENT EXECUTE FUNCTION routing.refuse_change();
CREATE TRIGGER gate_decision_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON routing.gate_decision
    FOR EACH STATEMENT EXECUTE FUNCTION routing.refuse_change();
