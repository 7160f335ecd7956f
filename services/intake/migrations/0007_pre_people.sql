-- What a person was bought for, marks on leads, and the watch over exclusivity.

-- Parallel to the submissions of a settlement.
CREATE TYPE intake.claimed_person AS (
    product         text,
    -- The lead is to be nobody else's until here; null: not bought, or bought as shared.
    exclusive_until timestamptz
);

-- One way to recognise the person of a bought lead; `lead` counts the call's leads from 1. `scope`: as dedup.claim's.
CREATE TYPE intake.scoped_identity AS (lead integer, kind text, digest bytea, window_seconds bigint, scope text);

-- What the person is filed under so that people who are like it are found; `lead` as above, `seen` as dedup.claim's.
CREATE TYPE intake.claimed_likeness AS (lead integer, digest bytea, seen bigint);

-- A mark to be put on a lead because of another one.
CREATE TYPE intake.lead_mark AS (
    lead_id    uuid,
    flag       text,
    other_lead uuid,
    -- What shows it: digests, scores, instants. Never contact data.
    evidence   jsonb
);

-- Marks on leads: something that somebody should look at. Few leads have any.
CREATE TABLE intake.lead_flag (
    buyer_id   text        NOT NULL,
    lead_id    uuid        NOT NULL,
    flag       text        NOT NULL
        CHECK (flag IN ('possible_duplicate', 'not_exclusive', 'breaks_exclusivity')),
    other_lead uuid        NOT NULL,
    evidence   jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, lead_id, flag, other_lead)
);

-- A lead that was bought as exclusive and came from another seller while it was to be nobody else's. Kept as it was
-- found, whatever becomes of the leads.
CREATE TABLE intake.exclusivity_breach (
    buyer_id        text        NOT NULL,
    -- The lead that was bought as exclusive, who sold it, from which site, on which order, and when.
    lead_id         uuid        NOT NULL,
    seller          text        NOT NULL,
    source          text        NOT NULL,
    order_slug      text        NOT NULL,
    order_version   integer     NOT NULL,
    price_minor     bigint      NOT NULL,
    currency        text        NOT NULL,
    bought_at       timestamptz NOT NULL,
    -- The lead by which it was found, and what became of that.
    other_lead      uuid        NOT NULL,
    other_seller    text        NOT NULL,
    other_source    text        NOT NULL,
    other_outcome   text        NOT NULL,
    turned_up_at    timestamptz NOT NULL,
    -- {"exclusive_until": instant, "shared": [{"kind", "digest"}], "score": 0 to 100 where likeness shows it}
    evidence        jsonb       NOT NULL,
    PRIMARY KEY (buyer_id, lead_id, other_lead)
);

-- Serves the list of breaches, newest first.
CREATE INDEX exclusivity_breach_newest ON intake.exclusivity_breach (buyer_id, turned_up_at DESC);

-- What the system itself proposes to do about a bought lead, once for each lead and kind.
CREATE TABLE intake.proposal (
    buyer_id    text        NOT NULL,
    proposal_id uuid        NOT NULL DEFAULT gen_random_uuid(),
    lead_id     uuid        NOT NULL,
    -- `exclusivity_breach`: give the price back.
    kind        text        NOT NULL,
    evidence    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    -- `open` until somebody, or a rule, acts on it.
    state       text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'taken', 'dismissed')),
    PRIMARY KEY (buyer_id, proposal_id),
    UNIQUE (buyer_id, lead_id, kind)
);

-- Serves whoever acts on proposals.
CREATE INDEX proposal_open ON intake.proposal (buyer_id, created_at) WHERE state = 'open';

-- Puts marks on leads in the caller's transaction; one that is there stays. The first breach of a paid lead's
-- exclusivity proposes a credit.
CREATE FUNCTION intake.mark(p_buyer text, p_now timestamptz, p_marks intake.lead_mark[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO intake.lead_flag (buyer_id, lead_id, flag, other_lead, evidence, created_at)
    SELECT p_buyer, m.lead_id, m.flag, m.other_lead, m.evidence, p_now FROM unnest(p_marks) AS m
    ON CONFLICT DO NOTHING;

    WITH breach AS (
        INSERT INTO intake.exclusivity_breach (
            buyer_id, lead_id, seller, source, order_slug, order_version, price_minor, currency, bought_at,
            other_lead, other_seller, other_source, other_outcome, turned_up_at, evidence)
        SELECT p_buyer, l.lead_id, l.seller, l.source, l.order_slug, l.order_version, l.price_minor, l.currency,
               l.decided_at, o.lead_id, o.seller, o.source, o.outcome, o.received_at, m.evidence
          FROM unnest(p_marks) AS m
          JOIN intake.lead AS l ON l.buyer_id = p_buyer AND l.lead_id = m.lead_id AND l.outcome = 'accepted'
          JOIN intake.lead AS o ON o.buyer_id = p_buyer AND o.lead_id = m.other_lead
         WHERE m.flag = 'not_exclusive'
        ON CONFLICT DO NOTHING
        RETURNING lead_id, other_lead, price_minor, evidence
    )
    INSERT INTO intake.proposal (buyer_id, lead_id, kind, evidence, created_at)
    SELECT p_buyer, lead_id, 'exclusivity_breach', evidence || jsonb_build_object('other_lead', other_lead), p_now
      FROM breach
     WHERE price_minor > 0
    ON CONFLICT DO NOTHING
$$;

-- Settles a batch of one buyer's leads in the caller's transaction: all of it, or nothing.
--
-- Takes the submissions, claims the persons of bought leads, writes leads, persons, charges and messages, and last
-- uses the capacity, whose rows are hot. Where something stands in the way of any lead, nothing is written at all and
-- the obstacles are returned; the caller turns those leads down, or drops them, and calls again. No rows: settled.
-- p_submissions, p_persons and p_leads are parallel.
--
-- Locks are taken in one order by everybody: submissions by key, persons by digest, capacity by row. Two settlements
-- therefore queue up, and never wait for each other in a ring.
--
-- The function of this name with fewer parameters is called by the release before, and goes with it.
CREATE FUNCTION intake.settle(
    p_buyer text, p_now timestamptz, p_submissions intake.taken_submission[], p_persons intake.claimed_person[],
    p_leads intake.decided_lead[], p_identities intake.scoped_identity[], p_likenesses intake.claimed_likeness[],
    p_demands intake.capacity_demand[], p_messages intake.told_message[], p_marks intake.lead_mark[]
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
            ARRAY(SELECT p.product FROM unnest(p_persons) AS p),
            ARRAY(SELECT p.exclusive_until FROM unnest(p_persons) AS p),
            ARRAY(SELECT i.lead FROM unnest(p_identities) AS i),
            ARRAY(SELECT i.kind FROM unnest(p_identities) AS i),
            ARRAY(SELECT i.digest FROM unnest(p_identities) AS i),
            ARRAY(SELECT i.window_seconds FROM unnest(p_identities) AS i),
            ARRAY(SELECT i.scope FROM unnest(p_identities) AS i),
            ARRAY(SELECT k.lead FROM unnest(p_likenesses) AS k),
            ARRAY(SELECT k.digest FROM unnest(p_likenesses) AS k),
            ARRAY(SELECT k.seen FROM unnest(p_likenesses) AS k)) AS c;
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

        IF cardinality(p_marks) > 0 THEN
            PERFORM intake.mark(p_buyer, p_now, p_marks);
        END IF;

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
