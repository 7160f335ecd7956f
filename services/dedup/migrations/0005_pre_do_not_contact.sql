-- Which of some people's details stand on a list of people who are not to be contacted: the contact gate asks before
-- anybody is reached. Other lists say whom the buyer does not want to buy, and nothing about contact.
CREATE FUNCTION dedup.do_not_contact(p_buyer text, p_at timestamptz, p_digest bytea[]) RETURNS TABLE (digest bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT s.digest
      FROM dedup.suppressed AS s JOIN dedup.suppression_list AS l USING (buyer_id, list)
     WHERE s.buyer_id = p_buyer AND s.digest = ANY (p_digest) AND s.expires_at > p_at
       AND l.kind = 'do_not_contact' AND l.effective_from <= p_at
$$;
REVOKE ALL ON FUNCTION dedup.do_not_contact(text, timestamptz, bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dedup.do_not_contact(text, timestamptz, bytea[]) TO leadline_routing;
