-- Leads asked back from their sellers.

CREATE TABLE intake.return_request (
    buyer_id      text        NOT NULL,
    return_id     uuid        NOT NULL,
    lead_id       uuid        NOT NULL,
    seller        text        NOT NULL,
    order_slug    text        NOT NULL,
    order_version integer     NOT NULL,
    -- When the lead was bought: the window that the terms' cap counts goes by it.
    bought_at     timestamptz NOT NULL,
    reason        text        NOT NULL,
    state         text        NOT NULL
        CHECK (state IN ('open', 'contested', 'granted', 'disputed', 'reversed', 'refused', 'withdrawn')),
    -- What is asked back, in minor units; of a refused one what was asked, and it may be nonsense.
    amount_minor  bigint      NOT NULL,
    currency      text        NOT NULL,
    -- `credit`, `refund` or `replacement`, by the terms of the order's version.
    settlement    text        NOT NULL,
    attempts      integer     NOT NULL,
    -- [{"kind", "reference"}]: what is brought, and where it lies. Never contact data.
    evidence      jsonb       NOT NULL,
    requested_by  text        NOT NULL,
    requested_at  timestamptz NOT NULL,
    -- Until when the seller may answer; then it is granted.
    answer_by     timestamptz,
    -- Until when the seller may dispute what was granted; null: it may not.
    dispute_by    timestamptz,
    -- How many steps its life has taken; each moves money under a cause of its own.
    steps         integer     NOT NULL DEFAULT 0,
    -- The transfer that stands: the credit of a granted one, the hold of a disputed one.
    credit_id     uuid,
    hold_id       uuid,
    PRIMARY KEY (buyer_id, return_id),
    CHECK ((state = 'open') = (answer_by IS NOT NULL)),
    CHECK (state = 'refused' OR amount_minor > 0)
);

-- A lead is taken back once.
CREATE UNIQUE INDEX return_live_once ON intake.return_request (buyer_id, lead_id)
    WHERE state IN ('open', 'contested', 'granted', 'disputed');
-- Serves lists, newest first, and the cap.
CREATE INDEX return_by_seller ON intake.return_request (buyer_id, seller, requested_at DESC);
CREATE INDEX return_counted ON intake.return_request (buyer_id, order_slug, bought_at)
    WHERE state IN ('open', 'contested', 'granted', 'disputed');
-- Serves the sweeper.
CREATE INDEX return_unanswered ON intake.return_request (answer_by) WHERE state = 'open';

-- What happened to a return; nothing here is ever changed.
CREATE TABLE intake.return_step (
    buyer_id  text        NOT NULL,
    return_id uuid        NOT NULL,
    step      integer     NOT NULL,
    -- `request`, or an action.
    action    text        NOT NULL,
    state     text        NOT NULL,
    at        timestamptz NOT NULL,
    who       text        NOT NULL,
    why       text        NOT NULL,
    -- [{"term", "message"}] of a refused one.
    faults    jsonb       NOT NULL DEFAULT '[]',
    PRIMARY KEY (buyer_id, return_id, step),
    FOREIGN KEY (buyer_id, return_id) REFERENCES intake.return_request (buyer_id, return_id)
);

CREATE TRIGGER return_step_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON intake.return_step
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
