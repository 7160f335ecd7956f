-- Who was bought, recognised by keyed digests only; and the one function that may say "not bought before".

-- One row per identity of every bought lead. The history stays, so that each order can have its own
-- window, and so that a finding can name the lead it collided with. No other index: each would be paid for by
-- every lead (a BRIN on claimed_at measured 15 % of a claim), and old rows can be removed by a slow scan.
CREATE TABLE dedup.identity_claim (
    buyer_id   text        NOT NULL,
    -- HMAC-SHA256 cut to 16 bytes over `buyer|kind|value`: no reader of this table learns a phone or an address.
    digest     bytea       NOT NULL CHECK (octet_length(digest) = 16),
    kind       text        NOT NULL,
    lead_id    uuid        NOT NULL,
    seller     text        NOT NULL,
    -- The buyer's own site brought it.
    own        boolean     NOT NULL,
    claimed_at timestamptz NOT NULL,
    -- Serves both look-ups (settlement and advice) from the index alone. Digests are evenly spread,
    -- so a miss, the normal case, reads one leaf page however many rows there are.
    PRIMARY KEY (buyer_id, digest, kind, lead_id) INCLUDE (seller, own, claimed_at)
);

-- Claims the identities of a batch of leads for good, or says who has them.
--
-- i_* are parallel, one element per identity; i_lead counts p_lead from 1. i_window_seconds 0: recorded,
-- never in conflict. A claim is in conflict while it is younger than the window, to the microsecond:
-- one exactly as old as the window is free.
--
-- Returned: a row per conflict. A lead with any row got no claim at all. in_batch = false: another lead was
-- bought before. in_batch = true: an earlier lead of this same call has the identity, and whether that one is
-- bought is not known yet, so settle this lead in the next round. A lead may have rows of both sorts; the first
-- is then final. A lead never conflicts with its own claims, so the same call twice is the same as once.
CREATE FUNCTION dedup.claim(
    p_buyer text, p_at timestamptz, p_lead uuid[], p_seller text[], p_own boolean[],
    i_lead integer[], i_kind text[], i_digest bytea[], i_window_seconds bigint[]
) RETURNS TABLE (lead integer, kind text, other_lead uuid, other_seller text, other_own boolean, in_batch boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- In a snapshot older than the locks, a rival's commit would be invisible and both would win.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'dedup.claim needs READ COMMITTED';
    END IF;

    -- The row that would conflict may not exist yet, so no row lock can help: lock the digest itself.
    -- All callers lock in the same order, so they queue up and never wait for each other in a ring.
    PERFORM pg_advisory_xact_lock(wanted.lock_key)
    FROM (
        SELECT DISTINCT ('x' || encode(substring(digest FOR 8), 'hex'))::bit(64)::bigint AS lock_key
        FROM unnest(i_digest) AS given (digest)
        ORDER BY lock_key
    ) AS wanted;

    -- A statement of its own: it sees everything committed before the locks were ours.
    RETURN QUERY
    WITH identity AS MATERIALIZED (
        SELECT given.*, p_lead[given.lead] AS lead_id,
               min(given.lead) OVER (PARTITION BY given.kind, given.digest) AS first_lead
        FROM unnest(i_lead, i_kind, i_digest, i_window_seconds) AS given (lead, kind, digest, window_seconds)
    ),
    conflict AS MATERIALIZED (
        SELECT i.lead, i.kind, c.lead_id, c.seller, c.own, false AS in_batch
        FROM identity AS i
        CROSS JOIN LATERAL (
            SELECT * FROM dedup.identity_claim AS known
            WHERE known.buyer_id = p_buyer AND known.digest = i.digest AND known.kind = i.kind
              AND known.lead_id <> i.lead_id
              AND known.claimed_at > p_at - make_interval(secs => i.window_seconds)
            ORDER BY known.claimed_at DESC
            LIMIT 1
        ) AS c
        WHERE i.window_seconds > 0
        UNION ALL
        SELECT i.lead, i.kind, p_lead[i.first_lead], p_seller[i.first_lead], p_own[i.first_lead], true
        FROM identity AS i
        WHERE i.first_lead < i.lead AND i.window_seconds > 0
    ),
    claimed AS (
        INSERT INTO dedup.identity_claim AS known (buyer_id, digest, kind, lead_id, seller, own, claimed_at)
        SELECT p_buyer, i.digest, i.kind, i.lead_id, p_seller[i.lead], p_own[i.lead], p_at
        FROM identity AS i
        WHERE i.lead NOT IN (SELECT conflict.lead FROM conflict)
        ON CONFLICT DO NOTHING
    )
    SELECT * FROM conflict ORDER BY 1, 2, 6;
END
$$;

-- The settlement may claim; it can neither read nor change what is claimed.
REVOKE ALL ON FUNCTION dedup.claim FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dedup.claim TO leadline_intake;
GRANT USAGE ON SCHEMA dedup TO leadline_intake;
