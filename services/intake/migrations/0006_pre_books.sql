-- Double entry in full. Accounts: `spend:<order>` (what an order's leads cost), `payable:<seller>` (what the seller is
-- owed), `held:<seller>` (owed, and withheld while it is disputed). A balance is what an account was credited less
-- what it was debited; nothing stores one.
--
--   charge      spend   -> payable    a bought lead, at its price; written by settlement alone
--   credit      payable -> spend      all or part of a lead's charge given back
--   reversal    spend   -> payable    of one credit, in full, once
--   fee         spend   -> payable    what the seller is due beside the price, such as for a refused return
--   hold        payable -> held       all or part of what a lead is still owed, while it is disputed
--   release     held    -> payable    of one hold, in full, once
--   adjustment  either way between spend and payable; by a person
--
-- A credit that the seller disputes: reversal and hold together; then release, and a new credit where the buyer wins.

ALTER TABLE ledger.transfer
    DROP CONSTRAINT transfer_kind_check,
    -- Only an adjustment may be about no lead.
    ALTER COLUMN lead_id DROP NOT NULL,
    -- What brought it about, such as `return:<id>`; with its kind unique, so that one cause moves money once. Empty
    -- for a charge, whose cause is its lead.
    ADD COLUMN cause text NOT NULL DEFAULT '',
    -- Who decided, a person or a part of the system, and in their words why. Never contact data.
    ADD COLUMN who text NOT NULL DEFAULT '',
    ADD COLUMN why text NOT NULL DEFAULT '',
    -- The credit that a reversal undoes; the hold that a release ends.
    ADD COLUMN undoes uuid,
    ADD CONSTRAINT transfer_moves_between_its_accounts CHECK (CASE kind
        WHEN 'charge' THEN debit_account = 'spend:' || order_slug AND credit_account = 'payable:' || seller
        WHEN 'credit' THEN debit_account = 'payable:' || seller AND credit_account = 'spend:' || order_slug
        WHEN 'reversal' THEN debit_account = 'spend:' || order_slug AND credit_account = 'payable:' || seller
        WHEN 'fee' THEN debit_account = 'spend:' || order_slug AND credit_account = 'payable:' || seller
        WHEN 'hold' THEN debit_account = 'payable:' || seller AND credit_account = 'held:' || seller
        WHEN 'release' THEN debit_account = 'held:' || seller AND credit_account = 'payable:' || seller
        WHEN 'adjustment' THEN debit_account IN ('spend:' || order_slug, 'payable:' || seller)
                           AND credit_account IN ('spend:' || order_slug, 'payable:' || seller)
        ELSE false END),
    ADD CONSTRAINT transfer_says_what_for CHECK (
        kind = 'charge' AND lead_id IS NOT NULL AND undoes IS NULL
        OR cause <> '' AND who <> '' AND why <> ''
            AND (lead_id IS NOT NULL OR kind = 'adjustment')
            AND (undoes IS NOT NULL) = (kind IN ('reversal', 'release')));

-- These leave charges out: settlement pays nothing for them.
CREATE UNIQUE INDEX transfer_by_cause ON ledger.transfer (buyer_id, kind, cause) WHERE kind <> 'charge';
CREATE UNIQUE INDEX transfer_undone_once ON ledger.transfer (buyer_id, undoes) WHERE undoes IS NOT NULL;
CREATE INDEX transfer_about_lead ON ledger.transfer (buyer_id, lead_id) WHERE kind <> 'charge';

-- Refuses, with SQLSTATE LLBKS and a sentence for a person, whatever would make no sense beside what is written. The
-- charge's row is the lock of its lead's money, so that two corrections of one lead queue up and the second one sees
-- the first.
CREATE FUNCTION ledger.refuse_nonsense() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    charge ledger.transfer;
    undone ledger.transfer;
    spoken bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- Another level would judge by what was there before the lock came free.
        RAISE EXCEPTION 'the ledger is written under READ COMMITTED only' USING ERRCODE = 'LLBKS';
    END IF;
    IF NEW.lead_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT * INTO charge FROM ledger.transfer AS t
     WHERE t.buyer_id = NEW.buyer_id AND t.transfer_id = NEW.lead_id AND t.kind = 'charge'
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'lead % was not charged', NEW.lead_id USING ERRCODE = 'LLBKS';
    END IF;
    IF (NEW.seller, NEW.order_slug, NEW.order_version, NEW.currency)
       <> (charge.seller, charge.order_slug, charge.order_version, charge.currency) THEN
        RAISE EXCEPTION 'lead % was charged to another seller, order version or currency', NEW.lead_id
            USING ERRCODE = 'LLBKS';
    END IF;
    IF NEW.kind IN ('reversal', 'release') THEN
        SELECT * INTO undone FROM ledger.transfer AS t
         WHERE t.buyer_id = NEW.buyer_id AND t.transfer_id = NEW.undoes AND t.lead_id = NEW.lead_id
           AND t.kind = CASE NEW.kind WHEN 'reversal' THEN 'credit' ELSE 'hold' END;
        IF NOT FOUND OR undone.amount_minor <> NEW.amount_minor THEN
            RAISE EXCEPTION 'a % undoes one % of its lead, in full', NEW.kind,
                CASE NEW.kind WHEN 'reversal' THEN 'credit' ELSE 'hold' END USING ERRCODE = 'LLBKS';
        END IF;
        PERFORM FROM ledger.transfer AS t WHERE t.buyer_id = NEW.buyer_id AND t.undoes = NEW.undoes;
        IF FOUND THEN
            RAISE EXCEPTION 'transfer % was undone before', NEW.undoes USING ERRCODE = 'LLBKS';
        END IF;
    END IF;
    IF NEW.kind IN ('credit', 'hold') THEN
        -- What credits and holds of this lead have taken of its charge so far.
        SELECT coalesce(sum(CASE WHEN t.kind IN ('credit', 'hold') THEN t.amount_minor ELSE -t.amount_minor END), 0)
          INTO spoken
          FROM ledger.transfer AS t
         WHERE t.buyer_id = NEW.buyer_id AND t.lead_id = NEW.lead_id
           AND t.kind IN ('credit', 'reversal', 'hold', 'release');
        IF NEW.amount_minor > charge.amount_minor - spoken THEN
            RAISE EXCEPTION 'lead % has % minor units left of its charge, less than this % of %', NEW.lead_id,
                charge.amount_minor - spoken, NEW.kind, NEW.amount_minor USING ERRCODE = 'LLBKS';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER transfer_makes_sense
    BEFORE INSERT ON ledger.transfer
    FOR EACH ROW WHEN (NEW.kind <> 'charge') EXECUTE FUNCTION ledger.refuse_nonsense();

-- One transfer to post.
CREATE TYPE ledger.new_transfer AS (
    transfer_id    uuid,
    kind           text,
    debit_account  text,
    credit_account text,
    amount_minor   bigint,
    currency       text,
    lead_id        uuid,
    seller         text,
    order_slug     text,
    order_version  integer,
    posted_at      timestamptz,
    cause          text,
    who            text,
    why            text,
    undoes         uuid,
    -- leadline.events.v1.LeadEvent, for reporting; its event_id is the transfer's.
    event          bytea
);

-- Refuses transfers whose id, or whose kind and cause, is taken by one that says something else.
CREATE FUNCTION ledger.refuse_others(p_buyer text, p_transfers ledger.new_transfer[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    other text;
BEGIN
    SELECT format('%s of %s', n.kind, n.cause) INTO other
      FROM unnest(p_transfers) AS n CROSS JOIN LATERAL (
            SELECT * FROM ledger.transfer AS same WHERE same.buyer_id = p_buyer AND same.transfer_id = n.transfer_id
            UNION ALL
            SELECT * FROM ledger.transfer AS same
             WHERE same.buyer_id = p_buyer AND same.kind = n.kind AND same.cause = n.cause AND same.kind <> 'charge') AS t
     WHERE (t.transfer_id, t.kind, t.debit_account, t.credit_account, t.amount_minor, t.currency, t.lead_id, t.seller,
            t.order_slug, t.order_version, t.cause, t.undoes)
           IS DISTINCT FROM
           (n.transfer_id, n.kind, n.debit_account, n.credit_account, n.amount_minor, n.currency, n.lead_id, n.seller,
            n.order_slug, n.order_version, n.cause, n.undoes)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the % was posted before, with other content', other USING ERRCODE = 'LLBKS';
    END IF;
END
$$;

-- Posts transfers other than charges, in the caller's transaction, and tells reporting of each; all of them or none.
-- Returns how many were new: one that is already there is passed over, one that says something else under the same
-- cause is refused. Transfers of one lead are posted in the order given, so that a release makes room for the credit
-- after it. Locks are taken by the order of leads.
CREATE FUNCTION ledger.post(p_buyer text, p_transfers ledger.new_transfer[]) RETURNS integer
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
    RETURN cardinality(posted);
END
$$;

REVOKE EXECUTE ON FUNCTION ledger.refuse_others(text, ledger.new_transfer[]), ledger.post(text, ledger.new_transfer[])
    FROM PUBLIC;

-- Each transfer as the two postings that it is; by account, order and seller they sum to balances.
CREATE VIEW ledger.posting AS
    SELECT buyer_id, transfer_id, debit_account AS account, -amount_minor AS amount_minor, currency, seller, order_slug,
           lead_id, kind, posted_at
      FROM ledger.transfer
    UNION ALL
    SELECT buyer_id, transfer_id, credit_account, amount_minor, currency, seller, order_slug, lead_id, kind, posted_at
      FROM ledger.transfer;

-- What each account holds, by seller and order.
CREATE VIEW ledger.balance AS
    SELECT buyer_id, account, seller, order_slug, currency, sum(amount_minor)::bigint AS balance_minor
      FROM ledger.posting GROUP BY buyer_id, account, seller, order_slug, currency;
