-- Whose number or mailbox it is that wrote back: bought leads by a keyed digest, the newest first.

CREATE FUNCTION dedup.leads_of(p_buyer text, p_kind text, p_digest bytea, p_most integer)
    RETURNS TABLE (lead_id uuid, claimed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.lead_id, c.claimed_at FROM dedup.identity_claim AS c
     WHERE c.buyer_id = p_buyer AND c.digest = p_digest AND c.kind = p_kind
     ORDER BY c.claimed_at DESC, c.lead_id
     LIMIT p_most
$$;

-- Follow-up may ask about a digest that it can make itself; it can read nothing else of what is claimed.
REVOKE ALL ON FUNCTION dedup.leads_of(text, text, bytea, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dedup.leads_of(text, text, bytea, integer) TO leadline_routing;
GRANT USAGE ON SCHEMA dedup TO leadline_routing;
