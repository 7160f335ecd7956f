-- Caps of one source, and pacing: when an order took its last lead.

-- order_slug: the order's name, or `order/site` for what it buys of one site. Kind `pace`, at the epoch: the order's
-- last turn.
ALTER TABLE routing.capacity
    DROP CONSTRAINT capacity_window_kind_check,
    ADD CONSTRAINT capacity_window_kind_check
        CHECK (window_kind IN ('hour', 'day', 'week', 'month', 'total', 'pace')),
    -- Of `pace`: when the last lead that was bought had been received.
    ADD COLUMN last_at timestamptz;

-- Uses capacity for a batch of bought leads, without ever passing a limit.
--
-- i_* are parallel, one element per demand: lead i_lead, at price i_price, uses one row, named by order, kind and
-- first instant, under its limits (NULL: unlimited). A lead names a row at most once. A lead gets all its demands
-- or none; where not all leads fit, smaller i_lead goes first.
--
-- A demand of kind `pace` is a turn: i_starts_at is the lead's receipt and i_max_leads the seconds that must lie
-- between the receipt of the last lead bought and this one. A lead received before the last one bought gets none.
-- Even pacing needs no kind of its own: its demand is the day's, with what may be bought by now as its limit.
--
-- Returned: what did not fit, a row per demand and limit_kind (`leads`, `spend` or `pace`; with `source_` before it
-- where the row is one site's). Only leads that are not returned have used anything.
CREATE OR REPLACE FUNCTION routing.consume(
    p_buyer text, i_lead integer[], i_order text[], i_window text[], i_starts_at timestamptz[],
    i_max_leads bigint[], i_max_spend bigint[], i_price bigint[]
) RETURNS TABLE (lead integer, order_slug text, window_kind text, limit_kind text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    want record;
    row_start timestamptz;
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
            row_start := CASE want.window_kind WHEN 'pace' THEN 'epoch'::timestamptz ELSE want.starts_at END;
            FOR attempt IN 1..2 LOOP
                IF want.window_kind = 'pace' THEN
                    UPDATE routing.capacity AS used
                    SET leads = used.leads + 1, spend = used.spend + want.spend, last_at = want.starts_at
                    WHERE used.buyer_id = p_buyer AND used.order_slug = want.order_slug
                      AND used.window_kind = 'pace' AND used.starts_at = row_start
                      -- Leads received at one and the same instant cannot all have the turn.
                      AND want.leads = 1
                      -- NULL: it has bought none yet.
                      AND (used.last_at + make_interval(secs => want.max_leads) <= want.starts_at) IS NOT FALSE;
                ELSE
                    UPDATE routing.capacity AS used
                    SET leads = used.leads + want.leads, spend = used.spend + want.spend
                    WHERE used.buyer_id = p_buyer AND used.order_slug = want.order_slug
                      AND used.window_kind = want.window_kind AND used.starts_at = want.starts_at
                      -- NULL limits are unlimited, and compare as unknown.
                      AND (used.leads + want.leads <= want.max_leads) IS NOT FALSE
                      AND (used.spend + want.spend <= want.max_spend) IS NOT FALSE;
                END IF;
                EXIT WHEN FOUND;
                IF attempt = 2 THEN
                    RAISE SQLSTATE 'LLCAP';
                END IF;
                -- Too little room, or the first batch of a new window; a rival's first batch may be here as well.
                INSERT INTO routing.capacity (buyer_id, order_slug, window_kind, starts_at, leads, spend)
                VALUES (p_buyer, want.order_slug, want.window_kind, row_start, 0, 0)
                ON CONFLICT DO NOTHING;
            END LOOP;
        END LOOP;
        RETURN;
    EXCEPTION WHEN SQLSTATE 'LLCAP' THEN
        NULL;  -- What was taken so far is given back; below decides lead by lead.
    END;

    -- Hold every row until the end, so that the reads below stay true. Same order as above.
    INSERT INTO routing.capacity (buyer_id, order_slug, window_kind, starts_at, leads, spend)
    SELECT DISTINCT p_buyer, i.order_slug, i.window_kind,
           CASE i.window_kind WHEN 'pace' THEN 'epoch'::timestamptz ELSE i.starts_at END, 0, 0
    FROM unnest(i_order, i_window, i_starts_at) AS i (order_slug, window_kind, starts_at)
    ORDER BY 2, 3, 4
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM routing.capacity AS used
    WHERE used.buyer_id = p_buyer AND (used.order_slug, used.window_kind, used.starts_at) IN (
        SELECT i.order_slug, i.window_kind,
               CASE i.window_kind WHEN 'pace' THEN 'epoch'::timestamptz ELSE i.starts_at END
        FROM unnest(i_order, i_window, i_starts_at) AS i (order_slug, window_kind, starts_at))
    ORDER BY used.order_slug, used.window_kind, used.starts_at
    FOR UPDATE;

    FOR next_lead IN SELECT DISTINCT i.lead FROM unnest(i_lead) AS i (lead) ORDER BY i.lead LOOP
        RETURN QUERY
        SELECT next_lead, i.order_slug, i.window_kind,
               CASE WHEN strpos(i.order_slug, '/') > 0 THEN 'source_' ELSE '' END || refused.limit_kind
        FROM unnest(i_lead, i_order, i_window, i_starts_at, i_max_leads, i_max_spend, i_price)
             AS i (lead, order_slug, window_kind, starts_at, max_leads, max_spend, price)
        JOIN routing.capacity AS used
          ON used.buyer_id = p_buyer AND used.order_slug = i.order_slug AND used.window_kind = i.window_kind
         AND used.starts_at = CASE i.window_kind WHEN 'pace' THEN 'epoch'::timestamptz ELSE i.starts_at END
        CROSS JOIN LATERAL (
            VALUES ('leads', i.window_kind <> 'pace' AND used.leads + 1 > i.max_leads),
                   ('spend', used.spend + i.price > i.max_spend),
                   ('pace', i.window_kind = 'pace'
                            AND used.last_at + make_interval(secs => i.max_leads) > i.starts_at)
        ) AS refused (limit_kind, applies)
        WHERE i.lead = next_lead AND refused.applies;

        IF NOT FOUND THEN
            UPDATE routing.capacity AS used
            SET leads = used.leads + 1, spend = used.spend + i.price,
                last_at = CASE i.window_kind WHEN 'pace' THEN i.starts_at END
            FROM unnest(i_lead, i_order, i_window, i_starts_at, i_price)
                 AS i (lead, order_slug, window_kind, starts_at, price)
            WHERE i.lead = next_lead AND used.buyer_id = p_buyer AND used.order_slug = i.order_slug
              AND used.window_kind = i.window_kind
              AND used.starts_at = CASE i.window_kind WHEN 'pace' THEN 'epoch'::timestamptz ELSE i.starts_at END;
        END IF;
    END LOOP;
END
$$;
