-- Pings, and the capacity that their bids hold until a post takes them up or their life is over.

-- Every ping that was answered, without personal data: what it told is kept as keyed digests.
CREATE TABLE intake.ping (
    buyer_id         text        NOT NULL,
    ping_id          uuid        NOT NULL,
    seller           text        NOT NULL,
    -- `key:…` or `id:…` as the seller named it; else the ping's own id, which nobody sends again.
    submission_key   text        NOT NULL,
    content_hash     bytea       NOT NULL,
    outcome          text        NOT NULL CHECK (outcome IN ('bid', 'no_bid')),
    order_slug       text,
    order_version    integer,
    price_minor      bigint      NOT NULL CHECK (price_minor = 0 OR outcome = 'bid'),
    currency         text        NOT NULL,
    catalog_revision bigint      NOT NULL,
    test             boolean     NOT NULL,
    received_at      timestamptz NOT NULL,
    decided_at       timestamptz NOT NULL,
    -- The end of the bid's life; null without a bid.
    expires_at       timestamptz CHECK ((expires_at IS NULL) = (outcome = 'no_bid')),
    -- leadline.intake.v1.PingAnswer exactly as given to the seller.
    answer           bytea       NOT NULL,
    -- What the post has to say again (services/intake/pings/comparison.py).
    told             bytea       NOT NULL,
    -- The lead that took the bid up, whatever became of it.
    lead_id          uuid,
    PRIMARY KEY (buyer_id, ping_id),
    UNIQUE (buyer_id, seller, submission_key)
);

-- Serves forgetting old pings; they arrive in this order.
CREATE INDEX ping_age ON intake.ping USING brin (received_at);

-- The capacity of a bid that is neither taken up nor over. The row is the right to it: who deletes the row has used
-- the capacity for a lead, or gives it back.
CREATE TABLE intake.hold (
    buyer_id    text          NOT NULL,
    ping_id     uuid          NOT NULL,
    price_minor bigint        NOT NULL,
    expires_at  timestamptz   NOT NULL,
    -- A pending lead that took the bid up and keeps it until it is decided; null: free.
    lead_id     uuid,
    -- The demands that `routing.consume` met, parallel.
    orders      text[]        NOT NULL,
    windows     text[]        NOT NULL,
    starts_at   timestamptz[] NOT NULL,
    PRIMARY KEY (buyer_id, ping_id)
) WITH (autovacuum_vacuum_scale_factor = 0.01, fillfactor = 70);

CREATE INDEX hold_expiry ON intake.hold (expires_at);

-- A ping that was decided; the fields are the columns of intake.ping.
CREATE TYPE intake.placed_ping AS (
    ping_id          uuid,
    seller           text,
    submission_key   text,
    content_hash     bytea,
    outcome          text,
    order_slug       text,
    order_version    integer,
    price_minor      bigint,
    currency         text,
    catalog_revision bigint,
    test             boolean,
    received_at      timestamptz,
    decided_at       timestamptz,
    expires_at       timestamptz,
    answer           bytea,
    told             bytea
);

-- Writes a batch of one buyer's pings and holds the capacity of their bids: all of it, or nothing.
--
-- Where something stands in the way of any ping, nothing is written and the obstacles are returned, as
-- `intake.settle` does: `taken` where a ping of this key was answered, `full` where there is no room.
CREATE FUNCTION intake.place_pings(
    p_buyer text, p_pings intake.placed_ping[], p_demands intake.capacity_demand[]
) RETURNS SETOF intake.obstacle
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    obstacles intake.obstacle[];
BEGIN
    BEGIN
        WITH fresh AS (
            INSERT INTO intake.ping (
                buyer_id, ping_id, seller, submission_key, content_hash, outcome, order_slug, order_version,
                price_minor, currency, catalog_revision, test, received_at, decided_at, expires_at, answer, told)
            SELECT p_buyer, ping_id, seller, submission_key, content_hash, outcome, order_slug, order_version,
                   price_minor, currency, catalog_revision, test, received_at, decided_at, expires_at, answer, told
              FROM unnest(p_pings)
             ORDER BY seller, submission_key
            ON CONFLICT (buyer_id, seller, submission_key) DO NOTHING
            RETURNING ping_id
        )
        SELECT array_agg(ROW('taken', p.ordinality::integer, NULL, NULL, NULL, NULL)::intake.obstacle) INTO obstacles
          FROM unnest(p_pings) WITH ORDINALITY AS p
         WHERE p.ping_id NOT IN (SELECT ping_id FROM fresh);
        IF obstacles IS NOT NULL THEN
            RAISE SQLSTATE 'LLOBS';
        END IF;

        INSERT INTO intake.hold (buyer_id, ping_id, price_minor, expires_at, orders, windows, starts_at)
        SELECT p_buyer, p.ping_id, p.price_minor, p.expires_at,
               ARRAY(SELECT d.order_slug FROM unnest(p_demands) WITH ORDINALITY AS d
                      WHERE d.lead = p.ordinality ORDER BY d.ordinality),
               ARRAY(SELECT d.window_kind FROM unnest(p_demands) WITH ORDINALITY AS d
                      WHERE d.lead = p.ordinality ORDER BY d.ordinality),
               ARRAY(SELECT d.starts_at FROM unnest(p_demands) WITH ORDINALITY AS d
                      WHERE d.lead = p.ordinality ORDER BY d.ordinality)
          FROM unnest(p_pings) WITH ORDINALITY AS p
         WHERE p.outcome = 'bid' AND NOT p.test;

        -- Last, since its rows are hot.
        IF cardinality(p_demands) > 0 THEN
            SELECT array_agg(ROW('full', s.lead, s.window_kind, NULL, NULL, s.limit_kind)::intake.obstacle)
              INTO obstacles
              FROM routing.consume(
                p_buyer,
                ARRAY(SELECT d.lead FROM unnest(p_demands) AS d),
                ARRAY(SELECT d.order_slug FROM unnest(p_demands) AS d),
                ARRAY(SELECT d.window_kind FROM unnest(p_demands) AS d),
                ARRAY(SELECT d.starts_at FROM unnest(p_demands) AS d),
                ARRAY(SELECT d.max_leads FROM unnest(p_demands) AS d),
                ARRAY(SELECT d.max_spend FROM unnest(p_demands) AS d),
                ARRAY(SELECT d.price_minor FROM unnest(p_demands) AS d)) AS s;
            IF obstacles IS NOT NULL THEN
                RAISE SQLSTATE 'LLOBS';
            END IF;
        END IF;
    EXCEPTION WHEN SQLSTATE 'LLOBS' THEN
        NULL;  -- Everything above is undone; what stood in the way is remembered.
    END;
    RETURN QUERY SELECT * FROM unnest(obstacles);
END
$$;

-- Spends the holds of leads that are about to be settled, in the transaction of `intake.settle` and before it:
-- everybody locks holds before submissions, persons and capacity.
--
-- p_* are parallel, a lead and the ping whose bid it took up. An accepted lead uses the hold's capacity for good. A
-- rejected one gives it up: its hold ends at once, and is returned like one whose life is over.
--
-- Returned: the accepted leads that have no hold. `used`: another lead took the bid up. `expired`: its life is over.
CREATE FUNCTION intake.spend_holds(
    p_buyer text, p_now timestamptz, p_ping uuid[], p_lead uuid[], p_accepted boolean[]
) RETURNS TABLE (n integer, why text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bid record;
BEGIN
    PERFORM 1 FROM intake.hold AS h WHERE h.buyer_id = p_buyer AND h.ping_id = ANY (p_ping)
      ORDER BY h.ping_id FOR UPDATE;
    FOR bid IN
        SELECT b.* FROM unnest(p_ping, p_lead, p_accepted) WITH ORDINALITY AS b (ping_id, lead_id, accepted, position)
    LOOP
        IF bid.accepted THEN
            DELETE FROM intake.hold AS h
             WHERE h.buyer_id = p_buyer AND h.ping_id = bid.ping_id
               AND (h.lead_id = bid.lead_id OR (h.lead_id IS NULL AND h.expires_at > p_now));
        ELSE
            UPDATE intake.hold AS h SET expires_at = '-infinity', lead_id = NULL
             WHERE h.buyer_id = p_buyer AND h.ping_id = bid.ping_id
               AND (h.lead_id = bid.lead_id OR (h.lead_id IS NULL AND h.expires_at > p_now));
        END IF;
        IF FOUND THEN
            UPDATE intake.ping AS p SET lead_id = bid.lead_id
             WHERE p.buyer_id = p_buyer AND p.ping_id = bid.ping_id;
        ELSIF bid.accepted THEN
            RETURN QUERY
            SELECT bid.position::integer,
                   CASE WHEN EXISTS (
                       SELECT FROM intake.ping AS p
                        WHERE p.buyer_id = p_buyer AND p.ping_id = bid.ping_id AND p.lead_id <> bid.lead_id)
                   THEN 'used' ELSE 'expired' END;
        END IF;
    END LOOP;
END
$$;

-- Keeps the holds of leads that are kept undecided, each until p_until at least. p_* are parallel.
CREATE FUNCTION intake.keep_holds(
    p_buyer text, p_now timestamptz, p_ping uuid[], p_lead uuid[], p_until timestamptz[]
) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    WITH kept AS (
        UPDATE intake.hold AS h SET lead_id = b.lead_id, expires_at = greatest(h.expires_at, b.until)
          FROM unnest(p_ping, p_lead, p_until) AS b (ping_id, lead_id, until)
         WHERE h.buyer_id = p_buyer AND h.ping_id = b.ping_id AND h.lead_id IS NULL AND h.expires_at > p_now
        RETURNING h.ping_id, h.lead_id
    )
    UPDATE intake.ping AS p SET lead_id = kept.lead_id
      FROM kept
     WHERE p.buyer_id = p_buyer AND p.ping_id = kept.ping_id
$$;

-- Gives back the capacity of holds whose life is over, at most p_most of them; returns how many those were.
CREATE FUNCTION intake.return_holds(p_now timestamptz, p_most integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    over intake.hold[];
BEGIN
    -- One that a post is spending at this moment is let be: its post decides.
    WITH due AS (
        SELECT h.buyer_id, h.ping_id FROM intake.hold AS h
         WHERE h.expires_at <= p_now ORDER BY h.expires_at LIMIT p_most FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM intake.hold AS h USING due
         WHERE h.buyer_id = due.buyer_id AND h.ping_id = due.ping_id
        RETURNING h
    )
    SELECT array_agg(gone.h) INTO over FROM gone;
    PERFORM routing.release(
        array_agg(h.buyer_id), array_agg(d.order_slug), array_agg(d.window_kind), array_agg(d.starts_at),
        array_agg(h.price_minor))
       FROM unnest(over) AS h
      CROSS JOIN LATERAL unnest(h.orders, h.windows, h.starts_at) AS d (order_slug, window_kind, starts_at);
    RETURN coalesce(cardinality(over), 0);
END
$$;
