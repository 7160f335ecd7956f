-- Capacity that was used for nothing comes back.

-- Gives back what `routing.consume` took: i_* are parallel, one element per demand of a lead that is not bought after
-- all, at the price it was taken at. Whoever calls makes sure that nothing is given back twice.
--
-- A turn (`pace`) that nobody used is not taken again: the order's last lead stays the last.
CREATE FUNCTION routing.release(
    i_buyer text[], i_order text[], i_window text[], i_starts_at timestamptz[], i_price bigint[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    back record;
BEGIN
    -- Rows in the order in which `consume` takes them, so that nobody waits in a ring.
    FOR back IN
        SELECT i.buyer_id, i.order_slug, i.window_kind, i.starts_at, count(*) AS leads, sum(i.price)::bigint AS spend
        FROM (SELECT buyer_id, order_slug, window_kind, price,
                     CASE window_kind WHEN 'pace' THEN 'epoch'::timestamptz ELSE starts_at END AS starts_at
              FROM unnest(i_buyer, i_order, i_window, i_starts_at, i_price)
                   AS given (buyer_id, order_slug, window_kind, starts_at, price)) AS i
        GROUP BY i.buyer_id, i.order_slug, i.window_kind, i.starts_at
        ORDER BY i.buyer_id, i.order_slug, i.window_kind, i.starts_at
    LOOP
        UPDATE routing.capacity AS used
        SET leads = used.leads - back.leads, spend = used.spend - back.spend
        WHERE used.buyer_id = back.buyer_id AND used.order_slug = back.order_slug
          AND used.window_kind = back.window_kind AND used.starts_at = back.starts_at
          AND used.leads >= back.leads AND used.spend >= back.spend;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'more capacity is given back than was used';
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION routing.release FROM PUBLIC;
GRANT EXECUTE ON FUNCTION routing.release TO leadline_intake;
