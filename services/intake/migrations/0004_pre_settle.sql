-- The settlement: the one function in which decisions become true.

-- Who decides a lead, and for whom: small, because the settlement looks at it several times.
CREATE TYPE intake.taken_submission AS (
    lead_id        uuid,
    seller         text,
    submission_key text,
    content_hash   bytea,
    expires_at     timestamptz,
    -- The lead was pending: it is on the pending list, and its submission was taken when it got there.
    resumed        boolean,
    -- The buyer's own site brought it.
    own            boolean
);

-- A decided lead and its person: kilobytes, so that the settlement takes it apart once. The fields are the columns of
-- intake.lead and intake.person, which say what they mean.
CREATE TYPE intake.decided_lead AS (
    buyer_id         text,
    lead_id          uuid,
    seller           text,
    external_id      text,
    source           text,
    sub_source       text,
    outcome          text,
    order_slug       text,
    order_version    integer,
    price_minor      bigint,
    currency         text,
    team             text,
    test             boolean,
    catalog_revision bigint,
    traceparent      text,
    submitted_at     timestamptz,
    received_at      timestamptz,
    decided_at       timestamptz,
    clock            bytea,
    lead_type        bytea,
    answer           bytea,
    receipt          bytea,
    fields           jsonb,
    submission       bytea,
    payload          bytea
);

-- One way to recognise the person of a bought lead; `lead` counts the call's leads from 1.
CREATE TYPE intake.claimed_identity AS (lead integer, kind text, digest bytea, window_seconds bigint);

-- One row of capacity that a bought lead uses; `lead` as above.
CREATE TYPE intake.capacity_demand AS (
    lead integer, order_slug text, window_kind text, starts_at timestamptz, max_leads bigint, max_spend bigint,
    price_minor bigint
);

-- One message of the outbox.
CREATE TYPE intake.told_message AS (buyer_id text, consumer text, message_id uuid, topic text, payload bytea);

-- Why nothing was settled; `lead` as above.
CREATE TYPE intake.obstacle AS (
    -- `taken`: another process has decided this submission. `claimed`: another lead has this person. `full`: no room.
    what        text,
    lead        integer,
    -- The kind of the identity that is claimed; the window that is full.
    detail      text,
    -- `claimed`: who sold the person before, and whether that was the buyer's own site.
    seller      text,
    own         boolean,
    -- `full`: `leads` or `spend`.
    limit_kind  text
);

-- Takes the submissions that are not taken, or whose key has expired, for their leads; returns the leads that got
-- theirs. Those of resumed leads were taken before and are passed over. The rows go in by the order of their keys.
CREATE FUNCTION intake.take_submissions(
    p_buyer text, p_now timestamptz, p_submissions intake.taken_submission[]
) RETURNS SETOF uuid
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO intake.submission AS known (buyer_id, seller, submission_key, content_hash, lead_id, expires_at)
    SELECT p_buyer, s.seller, s.submission_key, s.content_hash, s.lead_id, s.expires_at
      FROM unnest(p_submissions) AS s
     WHERE NOT s.resumed
     ORDER BY s.seller, s.submission_key
    ON CONFLICT (buyer_id, seller, submission_key) DO UPDATE
       SET content_hash = EXCLUDED.content_hash, lead_id = EXCLUDED.lead_id, expires_at = EXCLUDED.expires_at
     WHERE known.expires_at <= p_now
    RETURNING lead_id
$$;

-- Settles a batch of one buyer's leads in the caller's transaction: all of it, or nothing.
--
-- Takes the submissions, claims the persons of bought leads, writes leads, persons, charges and messages, and last
-- uses the capacity, whose rows are hot. Where something stands in the way of any lead, nothing is written at all and
-- the obstacles are returned; the caller turns those leads down, or drops them, and calls again. No rows: settled.
-- p_submissions and p_leads are parallel.
--
-- Locks are taken in one order by everybody: submissions by key, persons by digest, capacity by row. Two settlements
-- therefore queue up, and never wait for each other in a ring.
CREATE FUNCTION intake.settle(
    p_buyer text, p_now timestamptz, p_submissions intake.taken_submission[], p_leads intake.decided_lead[],
    p_identities intake.claimed_identity[], p_demands intake.capacity_demand[], p_messages intake.told_message[]
) RETURNS SETOF intake.obstacle
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    obstacles intake.obstacle[];
BEGIN
    BEGIN
        -- 1. The right to decide. A submission belongs to whoever inserts its key first; a pending lead to whoever
        --    takes it off the list. A concurrent settlement of the same one is waited for here.
        WITH fresh AS (
            SELECT taken AS lead_id FROM intake.take_submissions(p_buyer, p_now, p_submissions) AS taken
        ), resumed AS (
            DELETE FROM intake.pending AS p
             WHERE p.buyer_id = p_buyer
               AND p.lead_id = ANY (ARRAY(SELECT s.lead_id FROM unnest(p_submissions) AS s WHERE s.resumed))
            RETURNING lead_id
        )
        SELECT array_agg(ROW('taken', s.ordinality::integer, NULL, NULL, NULL, NULL)::intake.obstacle) INTO obstacles
          FROM unnest(p_submissions) WITH ORDINALITY AS s
         WHERE s.lead_id NOT IN (SELECT lead_id FROM fresh UNION ALL SELECT lead_id FROM resumed);
        IF obstacles IS NOT NULL THEN
            RAISE SQLSTATE 'LLOBS';
        END IF;

        -- 2. The persons.
        SELECT array_agg(ROW('claimed', c.lead, c.kind, c.other_seller, c.other_own, NULL)::intake.obstacle)
          INTO obstacles
          FROM dedup.claim(
            p_buyer, p_now,
            ARRAY(SELECT s.lead_id FROM unnest(p_submissions) AS s),
            ARRAY(SELECT s.seller FROM unnest(p_submissions) AS s),
            ARRAY(SELECT s.own FROM unnest(p_submissions) AS s),
            ARRAY(SELECT i.lead FROM unnest(p_identities) AS i),
            ARRAY(SELECT i.kind FROM unnest(p_identities) AS i),
            ARRAY(SELECT i.digest FROM unnest(p_identities) AS i),
            ARRAY(SELECT i.window_seconds FROM unnest(p_identities) AS i)) AS c;
        IF obstacles IS NOT NULL THEN
            RAISE SQLSTATE 'LLOBS';
        END IF;

        -- 3. The facts. A charge has its lead's own id, so that a second one cannot be written.
        WITH decided AS MATERIALIZED (
            SELECT * FROM unnest(p_leads)
        ), lead AS (
            INSERT INTO intake.lead AS known (
                buyer_id, lead_id, seller, external_id, source, sub_source, outcome, order_slug, order_version,
                price_minor, currency, team, test, catalog_revision, traceparent, submitted_at, received_at,
                decided_at, clock, lead_type, answer, receipt)
            SELECT buyer_id, lead_id, seller, external_id, source, sub_source, outcome, order_slug, order_version,
                   price_minor, currency, team, test, catalog_revision, traceparent, submitted_at, received_at,
                   decided_at, clock, lead_type, answer, receipt
              FROM decided
            ON CONFLICT (buyer_id, lead_id) DO UPDATE SET
                source = EXCLUDED.source, outcome = EXCLUDED.outcome, order_slug = EXCLUDED.order_slug,
                order_version = EXCLUDED.order_version, price_minor = EXCLUDED.price_minor,
                currency = EXCLUDED.currency, team = EXCLUDED.team, catalog_revision = EXCLUDED.catalog_revision,
                decided_at = EXCLUDED.decided_at, clock = EXCLUDED.clock, lead_type = EXCLUDED.lead_type,
                answer = EXCLUDED.answer, receipt = EXCLUDED.receipt
            WHERE known.outcome = 'pending'
        ), person AS (
            INSERT INTO intake.person AS known (buyer_id, lead_id, fields, submission, payload)
            SELECT buyer_id, lead_id, fields, submission, payload FROM decided
            ON CONFLICT (buyer_id, lead_id) DO UPDATE SET fields = EXCLUDED.fields
        )
        INSERT INTO ledger.transfer (
            buyer_id, transfer_id, kind, debit_account, credit_account, amount_minor, currency, lead_id, seller,
            order_slug, order_version, posted_at)
        SELECT buyer_id, lead_id, 'charge', 'spend:' || order_slug, 'payable:' || seller, price_minor, currency,
               lead_id, seller, order_slug, order_version, decided_at
          FROM decided
         WHERE outcome = 'accepted' AND price_minor > 0 AND NOT test;

        PERFORM outbox.put(
            ARRAY(SELECT m.buyer_id FROM unnest(p_messages) AS m),
            ARRAY(SELECT m.consumer FROM unnest(p_messages) AS m),
            ARRAY(SELECT m.message_id FROM unnest(p_messages) AS m),
            ARRAY(SELECT m.topic FROM unnest(p_messages) AS m),
            ARRAY(SELECT m.payload FROM unnest(p_messages) AS m));

        -- 4. The capacity.
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
