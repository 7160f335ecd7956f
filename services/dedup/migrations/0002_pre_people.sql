-- Whose purchases count, how long a lead is exclusive, and people that are only alike.

-- The look-ups still read the index alone.
ALTER TABLE dedup.identity_claim
    ADD COLUMN product text NOT NULL DEFAULT '',
    -- Bought as nobody else's until here; -infinity: bought as shared.
    ADD COLUMN exclusive_until timestamptz NOT NULL DEFAULT '-infinity',
    DROP CONSTRAINT identity_claim_pkey,
    ADD PRIMARY KEY (buyer_id, digest, kind, lead_id) INCLUDE (seller, own, claimed_at, product, exclusive_until);

-- Bought people by what those who may be one of them share: a keyed digest of, say, the sound of a name and an area.
-- It finds leads to compare; the details that are compared are in intake.person and nowhere else. Filled only
-- while an order of the buyer compares people.
CREATE TABLE dedup.likeness_claim (
    buyer_id        text        NOT NULL,
    digest          bytea       NOT NULL CHECK (octet_length(digest) = 16),
    -- Rises within a digest in the order of commits, since a claim holds the digest's lock until then.
    seen            bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    lead_id         uuid        NOT NULL,
    seller          text        NOT NULL,
    own             boolean     NOT NULL,
    product         text        NOT NULL,
    claimed_at      timestamptz NOT NULL,
    exclusive_until timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, digest, seen)
);

-- As the function of this name with fewer parameters, which the release before calls, and besides:
--
-- p_product and p_exclusive_until are parallel to p_lead. i_scope says whose purchases an identity is in conflict with:
-- those of the same `seller`, of the same `product`, or any of the `buyer`; the buyer's own leads count in each.
--
-- k_* are parallel, one element per digest that similar people share. k_seen is the newest person under the digest that
-- was compared with this one before the lead was decided. A newer one is a conflict of kind `likeness`: whether the two
-- are alike is not known, so look again. k_seen null: recorded, never in conflict.
CREATE FUNCTION dedup.claim(
    p_buyer text, p_at timestamptz, p_lead uuid[], p_seller text[], p_own boolean[], p_product text[],
    p_exclusive_until timestamptz[],
    i_lead integer[], i_kind text[], i_digest bytea[], i_window_seconds bigint[], i_scope text[],
    k_lead integer[], k_digest bytea[], k_seen bigint[]
) RETURNS TABLE (lead integer, kind text, other_lead uuid, other_seller text, other_own boolean, in_batch boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    refused integer[];
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
        FROM (SELECT unnest(i_digest) UNION ALL SELECT unnest(k_digest)) AS given (digest)
        ORDER BY lock_key
    ) AS wanted;

    -- Statements of their own: they see everything committed before the locks were ours.
    refused := '{}';
    FOR lead, kind, other_lead, other_seller, other_own, in_batch IN
        SELECT i.lead, i.kind, c.lead_id, c.seller, c.own, false
        FROM unnest(i_lead, i_kind, i_digest, i_window_seconds, i_scope)
            AS i (lead, kind, digest, window_seconds, scope)
        CROSS JOIN LATERAL (
            SELECT * FROM dedup.identity_claim AS known
            WHERE known.buyer_id = p_buyer AND known.digest = i.digest AND known.kind = i.kind
              AND known.lead_id <> p_lead[i.lead]
              AND known.claimed_at > p_at - make_interval(secs => i.window_seconds)
              AND (i.scope = 'buyer' OR known.own
                   OR i.scope = 'seller' AND known.seller = p_seller[i.lead]
                   OR i.scope = 'product' AND known.product = p_product[i.lead])
            ORDER BY known.claimed_at DESC
            LIMIT 1
        ) AS c
        WHERE i.window_seconds > 0
        UNION ALL
        -- Whatever the scope: the caller settles the later one in the next round, which tells.
        SELECT i.lead, i.kind, p_lead[i.first_lead], p_seller[i.first_lead], p_own[i.first_lead], true
        FROM (
            SELECT given.*, min(given.lead) OVER (PARTITION BY given.kind, given.digest) AS first_lead
            FROM unnest(i_lead, i_kind, i_digest, i_window_seconds) AS given (lead, kind, digest, window_seconds)
        ) AS i
        WHERE i.first_lead < i.lead AND i.window_seconds > 0
        ORDER BY 1, 2, 6
    LOOP
        refused := refused || lead;
        RETURN NEXT;
    END LOOP;

    IF cardinality(k_lead) > 0 THEN
        FOR lead, kind, other_lead, other_seller, other_own, in_batch IN
            SELECT k.lead, 'likeness', c.lead_id, c.seller, c.own, false
            FROM unnest(k_lead, k_digest, k_seen) AS k (lead, digest, seen)
            CROSS JOIN LATERAL (
                SELECT * FROM dedup.likeness_claim AS known
                WHERE known.buyer_id = p_buyer AND known.digest = k.digest AND known.seen > k.seen
                  AND known.lead_id <> p_lead[k.lead]
                ORDER BY known.seen DESC
                LIMIT 1
            ) AS c
            UNION ALL
            SELECT k.lead, 'likeness', p_lead[k.first_lead], p_seller[k.first_lead], p_own[k.first_lead], true
            FROM (
                SELECT given.*, min(given.lead) OVER (PARTITION BY given.digest) AS first_lead
                FROM unnest(k_lead, k_digest, k_seen) AS given (lead, digest, seen)
            ) AS k
            WHERE k.first_lead < k.lead AND k.seen IS NOT NULL
            ORDER BY 1, 6
        LOOP
            refused := refused || lead;
            RETURN NEXT;
        END LOOP;

        INSERT INTO dedup.likeness_claim
            (buyer_id, digest, lead_id, seller, own, product, claimed_at, exclusive_until)
        SELECT p_buyer, k.digest, p_lead[k.lead], p_seller[k.lead], p_own[k.lead], p_product[k.lead], p_at,
               coalesce(p_exclusive_until[k.lead], '-infinity')
        FROM unnest(k_lead, k_digest) AS k (lead, digest)
        WHERE k.lead <> ALL (refused);
    END IF;

    INSERT INTO dedup.identity_claim AS known
        (buyer_id, digest, kind, lead_id, seller, own, claimed_at, product, exclusive_until)
    SELECT p_buyer, i.digest, i.kind, p_lead[i.lead], p_seller[i.lead], p_own[i.lead], p_at, p_product[i.lead],
           coalesce(p_exclusive_until[i.lead], '-infinity')
    FROM unnest(i_lead, i_kind, i_digest) AS i (lead, kind, digest)
    WHERE i.lead <> ALL (refused)
    ON CONFLICT DO NOTHING;
END
$$;

-- The settlement may claim; it can neither read nor change what is claimed.
REVOKE ALL ON FUNCTION dedup.claim(
    text, timestamptz, uuid[], text[], boolean[], text[], timestamptz[], integer[], text[], bytea[], bigint[], text[],
    integer[], bytea[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dedup.claim(
    text, timestamptz, uuid[], text[], boolean[], text[], timestamptz[], integer[], text[], bytea[], bigint[], text[],
    integer[], bytea[], bigint[]) TO leadline_intake;
