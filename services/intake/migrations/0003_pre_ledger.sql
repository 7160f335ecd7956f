-- The books. A transfer moves an amount from one account to another, so the books
-- sum to zero by construction; nothing in them is ever changed or removed.

CREATE TABLE ledger.transfer (
    buyer_id       text        NOT NULL,
    -- A charge carries its lead's id, so a second charge for a lead cannot be written.
    transfer_id    uuid        NOT NULL,
    kind           text        NOT NULL CHECK (kind IN ('charge', 'credit')),
    -- `spend:<order>` for a charge.
    debit_account  text        NOT NULL,
    -- `payable:<seller>` for a charge.
    credit_account text        NOT NULL CHECK (credit_account <> debit_account),
    amount_minor   bigint      NOT NULL CHECK (amount_minor > 0),
    currency       text        NOT NULL,
    lead_id        uuid        NOT NULL,
    seller         text        NOT NULL,
    order_slug     text        NOT NULL,
    order_version  integer     NOT NULL,
    posted_at      timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, transfer_id),
    CHECK (kind <> 'charge' OR transfer_id = lead_id)
);

-- Serves statements: one seller, one period.
CREATE INDEX transfer_by_seller ON ledger.transfer (buyer_id, seller, posted_at);

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: correct an entry with a new one';
END
$$;

CREATE TRIGGER transfer_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
