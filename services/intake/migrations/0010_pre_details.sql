-- What dedup compares people by, for a few leads at a time and never kept: contact data stay in intake.person, and
-- what is forgotten there is forgotten everywhere.
CREATE FUNCTION intake.details_of(p_buyer text, p_leads uuid[]) RETURNS TABLE (lead_id uuid, details text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.lead_id, jsonb_strip_nulls(jsonb_build_object(
               'first_name', p.fields -> 'first_name', 'last_name', p.fields -> 'last_name',
               'full_name', p.fields -> 'full_name', 'email', p.fields -> 'email', 'phone', p.fields -> 'phone',
               'street', p.fields -> 'street', 'city', p.fields -> 'city', 'state', p.fields -> 'state',
               'postal_code', p.fields -> 'postal_code', 'date_of_birth', p.fields -> 'date_of_birth'))::text
      FROM intake.person AS p
     WHERE p.buyer_id = p_buyer AND p.lead_id = ANY (p_leads)
$$;
REVOKE ALL ON FUNCTION intake.details_of(text, uuid[]) FROM PUBLIC;
GRANT USAGE ON SCHEMA intake TO leadline_dedup;
GRANT EXECUTE ON FUNCTION intake.details_of(text, uuid[]) TO leadline_dedup;
