-- Evidence of consent, kept for five years (16 CFR 310.5) in a chain per buyer: each record's hash covers the one before
-- it, so that an edit, a deletion or another order shows. Only added to, by one function; whoever writes cannot change.

-- Consent texts exactly as the sellers presented them, each once.
CREATE TABLE compliance.presented (
    buyer_id text  NOT NULL,
    -- SHA-256 of the text.
    digest   bytea NOT NULL CHECK (octet_length(digest) = 32),
    text     text  NOT NULL,
    PRIMARY KEY (buyer_id, digest)
);

CREATE TABLE compliance.evidence (
    buyer_id      text   NOT NULL,
    -- Place in the buyer's chain, from 1 and without gaps.
    position      bigint NOT NULL CHECK (position > 0),
    lead_id       uuid   NOT NULL,
    -- `consent`: what was known when the lead was bought. `certificate`: what became of keeping its certificate.
    kind          text   NOT NULL CHECK (kind IN ('consent', 'certificate')),
    -- JSON, exactly as it was hashed.
    record        text   NOT NULL,
    keep_until    date   NOT NULL,
    previous_hash bytea  NOT NULL CHECK (octet_length(previous_hash) = 32),
    hash          bytea  NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (buyer_id, position),
    UNIQUE (buyer_id, lead_id, kind)
);

-- Where each chain ends; also what its appenders queue up at.
CREATE TABLE compliance.chain (
    buyer_id text   PRIMARY KEY,
    position bigint NOT NULL,
    hash     bytea  NOT NULL
);

-- What one record's hash is of. services/validation/evidence.py does the same for whoever checks.
CREATE FUNCTION compliance.evidence_hash(
    p_previous bytea, p_buyer text, p_position bigint, p_lead uuid, p_kind text, p_keep_until date, p_record text
) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(p_previous || convert_to(
        concat_ws(E'\n', p_buyer, p_position::text, p_lead::text, p_kind, to_char(p_keep_until, 'YYYY-MM-DD'), p_record),
        'UTF8'))
$$;

-- Adds records to a buyer's chain in their order; one that is already there is passed over. Returns where it ends.
CREATE FUNCTION compliance.append_evidence(
    p_buyer text, p_lead uuid[], p_kind text[], p_keep_until date[], p_record text[],
    OUT added bigint, OUT last_position bigint, OUT last_hash bytea
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    next_hash bytea;
BEGIN
    added := 0;
    INSERT INTO compliance.chain (buyer_id, position, hash) VALUES (p_buyer, 0, decode(repeat('00', 32), 'hex'))
    ON CONFLICT DO NOTHING;
    SELECT c.position, c.hash INTO last_position, last_hash FROM compliance.chain AS c
     WHERE c.buyer_id = p_buyer FOR UPDATE;
    FOR n IN 1 .. coalesce(cardinality(p_lead), 0) LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM compliance.evidence AS e
             WHERE e.buyer_id = p_buyer AND e.lead_id = p_lead[n] AND e.kind = p_kind[n]);
        next_hash := compliance.evidence_hash(
            last_hash, p_buyer, last_position + 1, p_lead[n], p_kind[n], p_keep_until[n], p_record[n]);
        INSERT INTO compliance.evidence (
            buyer_id, position, lead_id, kind, record, keep_until, previous_hash, hash)
        VALUES (p_buyer, last_position + 1, p_lead[n], p_kind[n], p_record[n], p_keep_until[n], last_hash, next_hash);
        last_position := last_position + 1;
        last_hash := next_hash;
        added := added + 1;
    END LOOP;
    UPDATE compliance.chain AS c SET position = last_position, hash = last_hash WHERE c.buyer_id = p_buyer;
END
$$;

CREATE FUNCTION compliance.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence is append-only';
END
$$;
CREATE TRIGGER evidence_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.evidence
    FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
CREATE TRIGGER presented_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.presented
    FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- Certificates that their issuer is to keep, until it does or they are gone.
CREATE TABLE compliance.retention (
    buyer_id    text        NOT NULL,
    lead_id     uuid        NOT NULL,
    -- What names the certificate to its issuer.
    token       text        NOT NULL,
    seller      text        NOT NULL,
    state       text        NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'retained', 'failed')),
    attempts    integer     NOT NULL DEFAULT 0,
    -- Whoever took it has it until here.
    due_at      timestamptz NOT NULL,
    -- The certificate is gone by then.
    give_up_at  timestamptz NOT NULL,
    outcome     text        NOT NULL DEFAULT '',
    PRIMARY KEY (buyer_id, lead_id)
);
CREATE INDEX retention_due ON compliance.retention (due_at) WHERE state = 'due';

GRANT SELECT ON compliance.evidence, compliance.presented, compliance.chain TO leadline_validation;
GRANT INSERT ON compliance.presented TO leadline_validation;
GRANT SELECT, INSERT, UPDATE ON compliance.retention TO leadline_validation;
GRANT EXECUTE ON FUNCTION compliance.append_evidence(text, uuid[], text[], date[], text[]) TO leadline_validation;
