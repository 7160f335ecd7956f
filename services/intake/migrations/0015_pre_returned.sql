-- Follow-up is told of the leads that are given back: a credit for a return.

-- As in 0006, but for the message to routing.
CREATE OR REPLACE FUNCTION ledger.post(p_buyer text, p_transfers ledger.new_transfer[]) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    posted uuid[];
BEGIN
    IF EXISTS (SELECT FROM unnest(p_transfers) AS n WHERE n.kind = 'charge' OR n.event IS NULL) THEN
        RAISE EXCEPTION 'a transfer is posted with its event, and only settlement charges' USING ERRCODE = 'LLBKS';
    END IF;
    PERFORM FROM ledger.transfer AS t
      WHERE t.buyer_id = p_buyer AND t.kind = 'charge'
        AND t.transfer_id = ANY (ARRAY(SELECT n.lead_id FROM unnest(p_transfers) AS n))
      ORDER BY t.transfer_id FOR NO KEY UPDATE;
    PERFORM ledger.refuse_others(p_buyer, p_transfers);
    WITH written AS (
        INSERT INTO ledger.transfer (
            buyer_id, transfer_id, kind, debit_account, credit_account, amount_minor, currency, lead_id, seller,
            order_slug, order_version, posted_at, cause, who, why, undoes)
        SELECT p_buyer, n.transfer_id, n.kind, n.debit_account, n.credit_account, n.amount_minor, n.currency,
               n.lead_id, n.seller, n.order_slug, n.order_version, n.posted_at, n.cause, n.who, n.why, n.undoes
          FROM unnest(p_transfers) WITH ORDINALITY AS n
         WHERE NOT EXISTS (SELECT FROM ledger.transfer AS t
                            WHERE t.buyer_id = p_buyer AND t.transfer_id = n.transfer_id)
         ORDER BY n.lead_id, n.ordinality
        ON CONFLICT (buyer_id, transfer_id) DO NOTHING
        RETURNING transfer_id
    )
    SELECT coalesce(array_agg(w.transfer_id), '{}') INTO posted FROM written AS w;
    -- Without a lead there is no lock: another may have written the same in the meantime.
    PERFORM ledger.refuse_others(p_buyer, p_transfers);
    PERFORM outbox.put(array_agg(p_buyer), array_agg('reporting'::text), array_agg(n.transfer_id),
                       array_agg('transferred'::text), array_agg(n.event))
       FROM unnest(p_transfers) AS n WHERE n.transfer_id = ANY (posted);
    -- A lead that is given back is not followed up any more.
    PERFORM outbox.put(array_agg(p_buyer), array_agg('routing'::text), array_agg(n.transfer_id),
                       array_agg('transferred'::text), array_agg(n.event))
       FROM unnest(p_transfers) AS n
      WHERE n.transfer_id = ANY (posted) AND n.kind = 'credit' AND n.cause LIKE 'return:%'
     HAVING count(*) > 0;
    RETURN cardinality(posted);
END
$$;
