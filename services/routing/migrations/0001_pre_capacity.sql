-- How much of each order's caps is used; and the one function that may use more of it.

-- What an order has bought in one window. The limits are not here: they are terms, of the catalog revision
-- that decides, and an amendment must count what was bought before it.
CREATE TABLE routing.capacity (
    buyer_id    text        NOT NULL,
    order_slug  text        NOT NULL,
    window_kind text        NOT NULL CHECK (window_kind IN ('hour', 'day', 'week', 'month', 'total')),
    -- The window's first instant; the epoch for `total`.
    starts_at   timestamptz NOT NULL,
    leads       bigint      NOT NULL CHECK (leads >= 0),
    -- Minor units of the buyer's currency.
    spend       bigint      NOT NULL CHECK (spend >= 0),
    PRIMARY KEY (buyer_id, order_slug, window_kind, starts_at)
)
-- Few rows, each changed by every batch: room on the page keeps the new versions beside the old ones.
WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Uses capacity for a batch of bought leads, without ever passing a limit.
--
-- i_* are parallel, one element per demand: lead i_lead, at price i_price, uses one row, named by order, kind and
-- first instant, under its limits (NULL: unlimited). A lead names a row at most once. A lead gets all its demands
-- or none; where not all leads fit, smaller i_lead goes first.
--
-- Returned: what did not fit, a row per demand and limit_kind (`leads` or `spend`). Only leads that are not
-- returned have used anything.
CREATE FUNCTION routing.consume(
    p_buyer text, i_lead integer[], i_order text[], i_window text[], i_starts_at timestamptz[],
    i_max_leads bigint[], i_max_spend bigint[], i_price bigint[]
) RETURNS TABLE (lead integer, order_slug text, window_kind text, limit_kind text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    want record;
    next_lead integer;
BEGIN
    -- The normal case: everybody fits, one UPDATE a row for the whole batch. The condition stands in the UPDATE
    -- itself, which looks again after waiting for a rival. All callers touch rows in the same order, so they
    -- queue up and never wait for each other in a ring.
    BEGIN
        FOR want IN
            SELECT i.order_slug, i.window_kind, i.starts_at, count(*) AS leads, sum(i.price)::bigint AS spend,
                   min(i.max_leads) AS max_leads, min(i.max_spend) AS max_spend
            FROM unnest(i_order, i_window, i_starts_at, i_max_leads, i_max_spend, i_price)
                 AS i (order_slug, window_kind, starts_at, max_leads, max_spend, price)
            GROUP BY i.order_slug, i.window_kind, i.starts_at
            ORDER BY i.order_slug, i.window_kind, i.starts_at
        LOOP
            FOR attempt IN 1..2 LOOP
                UPDATE routing.capacity AS used
                SET leads = used.leads + want.leads, spend = used.spend + want.spend
                WHERE used.buyer_id = p_buyer AND used.order_slug = want.order_slug
                  AND used.window_kind = want.window_kind AND used.starts_at = want.starts_at
                  -- NULL limits are unlimited, and compare as unknown.
                  AND (used.leads + want.leads <= want.max_leads) IS NOT FALSE
                  AND (used.spend + want.spend <= want.max_spend) IS NOT FALSE;
                EXIT WHEN FOUND;
                IF attempt = 2 THEN
                    RAISE SQLSTATE 'LLCAP';
                END IF;
                -- Too little room, or the first batch of a new window; a rival's first batch may be here as well.
                INSERT INTO routing.capacity (buyer_id, order_slug, window_kind, starts_at, leads, spend)
                VALUES (p_buyer, want.order_slug, want.window_kind, want.starts_at, 0, 0)
                ON CONFLICT DO NOTHING;
            END LOOP;
        END LOOP;
        RETURN;
    EXCEPTION WHEN SQLSTATE 'LLCAP' THEN
        NULL;  -- What was taken so far is given back; below decides lead by lead.
    END;

    -- Hold every row until the end, so that the reads below stay true. Same order as above.
    INSERT INTO routing.capacity (buyer_id, order_slug, window_kind, starts_at, leads, spend)
    SELECT DISTINCT p_buyer, i.order_slug, i.window_kind, i.starts_at, 0, 0
    FROM unnest(i_order, i_window, i_starts_at) AS i (order_slug, window_kind, starts_at)
    ORDER BY 2, 3, 4
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM routing.capacity AS used
    WHERE used.buyer_id = p_buyer AND (used.order_slug, used.window_kind, used.starts_at) IN (
        SELECT i.order_slug, i.window_kind, i.starts_at
        FROM unnest(i_order, i_window, i_starts_at) AS i (order_slug, window_kind, starts_at))
    ORDER BY used.order_slug, used.window_kind, used.starts_at
    FOR UPDATE;

    FOR next_lead IN SELECT DISTINCT i.lead FROM unnest(i_lead) AS i (lead) ORDER BY i.lead LOOP
        RETURN QUERY
        SELECT next_lead, i.order_slug, i.window_kind, refused.limit_kind
        FROM unnest(i_lead, i_order, i_window, i_starts_at, i_max_leads, i_max_spend, i_price)
             AS i (lead, order_slug, window_kind, starts_at, max_leads, max_spend, price)
        JOIN routing.capacity AS used
          ON used.buyer_id = p_buyer AND used.order_slug = i.order_slug
         AND used.window_kind = i.window_kind AND used.starts_at = i.starts_at
        CROSS JOIN LATERAL (
            VALUES ('leads', used.leads + 1 > i.max_leads), ('spend', used.spend + i.price > i.max_spend)
        ) AS refused (limit_kind, applies)
        WHERE i.lead = next_lead AND refused.applies;

        IF NOT FOUND THEN
            UPDATE routing.capacity AS used
            SET leads = used.leads + 1, spend = used.spend + i.price
            FROM unnest(i_lead, i_order, i_window, i_starts_at, i_price)
                 AS i (lead, order_slug, window_kind, starts_at, price)
            WHERE i.lead = next_lead AND used.buyer_id = p_buyer AND used.order_slug = i.order_slug
              AND used.window_kind = i.window_kind AND used.starts_at = i.starts_at;
        END IF;
    END LOOP;
END
$$;

-- The settlement may use capacity; it can neither read nor change what is used.
REVOKE ALL ON FUNCTION routing.consume FROM PUBLIC;
GRANT EXECUTE ON FUNCTION routing.consume TO leadline_intake;
GRANT USAGE ON SCHEMA routing TO leadline_intake;
