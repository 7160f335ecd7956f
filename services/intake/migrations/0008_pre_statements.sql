-- Statements: a seller's transfers of a period, closed once and never changed. What is posted for a closed period's
-- leads later, or was posted in it and committed too late, belongs to the next one.

CREATE TABLE ledger.statement (
    buyer_id           text        NOT NULL,
    seller             text        NOT NULL,
    -- From 1, without a gap.
    number             integer     NOT NULL CHECK (number > 0),
    starts_at          timestamptz NOT NULL,
    ends_at            timestamptz NOT NULL CHECK (ends_at > starts_at),
    currency           text        NOT NULL,
    -- All amounts in minor units. What could be paid to the seller, and what was withheld, before and after.
    opening_minor      bigint      NOT NULL,
    opening_held_minor bigint      NOT NULL,
    leads              bigint      NOT NULL,
    charged_minor      bigint      NOT NULL,
    credited_minor     bigint      NOT NULL,
    reversed_minor     bigint      NOT NULL,
    fees_minor         bigint      NOT NULL,
    -- Above 0 in the seller's favour.
    adjusted_minor     bigint      NOT NULL,
    held_minor         bigint      NOT NULL,
    released_minor     bigint      NOT NULL,
    closing_minor      bigint      NOT NULL,
    closing_held_minor bigint      NOT NULL,
    transfers          bigint      NOT NULL,
    closed_by          text        NOT NULL CHECK (closed_by <> ''),
    closed_at          timestamptz NOT NULL,
    -- The digest of the statement before it; zeros for the first.
    previous_digest    bytea       NOT NULL CHECK (octet_length(previous_digest) = 32),
    -- ledger.digest_of
    digest             bytea       NOT NULL CHECK (octet_length(digest) = 32),
    PRIMARY KEY (buyer_id, seller, number),
    CHECK (closing_minor = opening_minor + charged_minor - credited_minor + reversed_minor + fees_minor
                           + adjusted_minor - held_minor + released_minor),
    CHECK (closing_held_minor = opening_held_minor + held_minor - released_minor)
);

-- Which statement a transfer is in; one at most.
CREATE TABLE ledger.statement_entry (
    buyer_id    text    NOT NULL,
    transfer_id uuid    NOT NULL,
    seller      text    NOT NULL,
    number      integer NOT NULL,
    PRIMARY KEY (buyer_id, transfer_id)
);

CREATE INDEX statement_entry_by_number ON ledger.statement_entry (buyer_id, seller, number);

CREATE TRIGGER statement_is_closed
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.statement
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER statement_entry_is_closed
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.statement_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Entries are written before their statement, in one transaction: a statement that is there has them all.
CREATE FUNCTION ledger.refuse_late_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN ledger.statement AS s USING (buyer_id, seller, number)) THEN
        RAISE EXCEPTION 'a closed statement takes no more entries' USING ERRCODE = 'LLBKS';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER statement_entry_comes_before_closing
    AFTER INSERT ON ledger.statement_entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_late_entry();

-- Every transfer with the instant at which statements count it: when it was posted, or the beginning of the period
-- that it came into because its own was closed.
CREATE VIEW ledger.booked AS
    SELECT t.*, e.number, greatest(t.posted_at, coalesce(s.starts_at, latest.ends_at)) AS booked_at
      FROM ledger.transfer AS t
      LEFT JOIN ledger.statement_entry AS e USING (buyer_id, transfer_id)
      LEFT JOIN ledger.statement AS s
        ON (s.buyer_id, s.seller, s.number) = (e.buyer_id, e.seller, e.number)
      LEFT JOIN (SELECT buyer_id, seller, max(ends_at) AS ends_at FROM ledger.statement GROUP BY buyer_id, seller)
             AS latest ON (latest.buyer_id, latest.seller) = (t.buyer_id, t.seller);

-- SHA-256 over what a statement says, and over the SHA-256 of each of its transfers by the order of their ids, so that
-- no word of it can change unseen. It covers the digest of the statement before it, and so all that came before.
CREATE FUNCTION ledger.digest_of(s ledger.statement) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT sha256(
        convert_to(jsonb_build_array(
            s.buyer_id, s.seller, s.number, s.starts_at, s.ends_at, s.currency, s.opening_minor, s.opening_held_minor,
            s.leads, s.charged_minor, s.credited_minor, s.reversed_minor, s.fees_minor, s.adjusted_minor, s.held_minor,
            s.released_minor, s.closing_minor, s.closing_held_minor, s.transfers, s.closed_by, s.closed_at,
            encode(s.previous_digest, 'hex'))::text, 'UTF8')
        || coalesce(string_agg(sha256(convert_to(jsonb_build_array(
            t.transfer_id, t.kind, t.debit_account, t.credit_account, t.amount_minor, t.currency, t.lead_id, t.seller,
            t.order_slug, t.order_version, t.posted_at, t.cause, t.who, t.why, t.undoes)::text, 'UTF8')), ''
            ORDER BY e.transfer_id), ''))
      FROM ledger.statement_entry AS e LEFT JOIN ledger.transfer AS t USING (buyer_id, transfer_id)
     WHERE (e.buyer_id, e.seller, e.number) = (s.buyer_id, s.seller, s.number)
$$;

-- Closes a period of a seller: every transfer posted before its end that is in no statement yet becomes part of it.
-- Refuses with SQLSTATE LLBKS a period that has not ended, overlaps a closed one, or leaves money before it out.
CREATE FUNCTION ledger.close_statement(
    p_buyer text, p_seller text, p_from timestamptz, p_to timestamptz, p_currency text, p_by text, p_at timestamptz
) RETURNS SETOF ledger.statement
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    latest ledger.statement;
    closed ledger.statement;
BEGIN
    -- One closing of a seller at a time; the second sees the first.
    PERFORM pg_advisory_xact_lock(hashtextextended(format('ledger.statement %s %s', p_buyer, p_seller), 0));
    SELECT * INTO latest FROM ledger.statement AS s
     WHERE s.buyer_id = p_buyer AND s.seller = p_seller ORDER BY s.number DESC LIMIT 1;
    IF p_to > p_at THEN
        RAISE EXCEPTION 'the period has not ended' USING ERRCODE = 'LLBKS';
    END IF;
    IF latest.ends_at > p_from THEN
        RAISE EXCEPTION 'statement % of % is closed and covers this period or a part of it', latest.number, p_seller
            USING ERRCODE = 'LLBKS';
    END IF;
    PERFORM FROM ledger.transfer AS t
      WHERE t.buyer_id = p_buyer AND t.seller = p_seller AND t.posted_at < p_from
        AND t.posted_at >= coalesce(latest.ends_at, '-infinity');
    IF FOUND THEN
        RAISE EXCEPTION 'money moved before this period and is in no statement: close that period first'
            USING ERRCODE = 'LLBKS';
    END IF;

    closed.buyer_id := p_buyer;
    closed.seller := p_seller;
    closed.number := coalesce(latest.number, 0) + 1;
    closed.starts_at := p_from;
    closed.ends_at := p_to;
    closed.currency := p_currency;
    closed.opening_minor := coalesce(latest.closing_minor, 0);
    closed.opening_held_minor := coalesce(latest.closing_held_minor, 0);
    closed.closed_by := p_by;
    closed.closed_at := p_at;
    closed.previous_digest := coalesce(latest.digest, decode(repeat('00', 32), 'hex'));
    INSERT INTO ledger.statement_entry (buyer_id, transfer_id, seller, number)
    SELECT t.buyer_id, t.transfer_id, t.seller, closed.number
      FROM ledger.transfer AS t
     WHERE t.buyer_id = p_buyer AND t.seller = p_seller AND t.posted_at < p_to
       AND NOT EXISTS (SELECT FROM ledger.statement_entry AS e
                        WHERE e.buyer_id = t.buyer_id AND e.transfer_id = t.transfer_id);
    PERFORM FROM ledger.statement_entry AS e JOIN ledger.transfer AS t USING (buyer_id, transfer_id)
      WHERE (e.buyer_id, e.seller, e.number) = (p_buyer, p_seller, closed.number) AND t.currency <> p_currency;
    IF FOUND THEN
        RAISE EXCEPTION 'money moved in another currency than %', p_currency USING ERRCODE = 'LLBKS';
    END IF;
    SELECT count(*) FILTER (WHERE t.kind = 'charge'),
           coalesce(sum(t.amount_minor) FILTER (WHERE t.kind = 'charge'), 0),
           coalesce(sum(t.amount_minor) FILTER (WHERE t.kind = 'credit'), 0),
           coalesce(sum(t.amount_minor) FILTER (WHERE t.kind = 'reversal'), 0),
           coalesce(sum(t.amount_minor) FILTER (WHERE t.kind = 'fee'), 0),
           coalesce(sum(CASE WHEN t.credit_account = 'payable:' || t.seller THEN t.amount_minor ELSE -t.amount_minor END)
                    FILTER (WHERE t.kind = 'adjustment'), 0),
           coalesce(sum(t.amount_minor) FILTER (WHERE t.kind = 'hold'), 0),
           coalesce(sum(t.amount_minor) FILTER (WHERE t.kind = 'release'), 0),
           count(*)
      INTO closed.leads, closed.charged_minor, closed.credited_minor, closed.reversed_minor, closed.fees_minor,
           closed.adjusted_minor, closed.held_minor, closed.released_minor, closed.transfers
      FROM ledger.statement_entry AS e JOIN ledger.transfer AS t USING (buyer_id, transfer_id)
     WHERE (e.buyer_id, e.seller, e.number) = (p_buyer, p_seller, closed.number);
    closed.closing_minor := closed.opening_minor + closed.charged_minor - closed.credited_minor + closed.reversed_minor
        + closed.fees_minor + closed.adjusted_minor - closed.held_minor + closed.released_minor;
    closed.closing_held_minor := closed.opening_held_minor + closed.held_minor - closed.released_minor;
    closed.digest := ledger.digest_of(closed);
    INSERT INTO ledger.statement SELECT closed.*;
    RETURN NEXT closed;
END
$$;

REVOKE EXECUTE ON FUNCTION
    ledger.close_statement(text, text, timestamptz, timestamptz, text, text, timestamptz),
    ledger.digest_of(ledger.statement)
FROM PUBLIC;
