-- What came back from people. Neither words nor addresses are kept: an address is a keyed digest.

CREATE TABLE routing.inbound (
    buyer_id    text        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('text', 'email')),
    -- The provider's, as it was signed: the same one again has the same answer and does nothing.
    message_id  text        NOT NULL CHECK (length(message_id) BETWEEN 1 AND 128),
    -- Of whoever sent it.
    digest      bytea       NOT NULL CHECK (octet_length(digest) = 16),
    -- The lead that it is about, where one is known.
    lead_id     uuid,
    outcome     text        NOT NULL,
    -- What was to be texted back; about the buyer, never the person.
    reply       text        NOT NULL DEFAULT '',
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (buyer_id, kind, message_id)
);
-- Whether an opt-out was confirmed before.
CREATE INDEX inbound_confirmed ON routing.inbound (buyer_id, digest, recorded_at)
    WHERE outcome = 'opted_out' AND reply <> '';
-- A lead's story.
CREATE INDEX inbound_of_lead ON routing.inbound (buyer_id, lead_id) WHERE lead_id IS NOT NULL;

-- Mailboxes that take no mail ever (5.x.x): written to no more.
CREATE TABLE routing.bad_address (
    buyer_id  text        NOT NULL,
    digest    bytea       NOT NULL CHECK (octet_length(digest) = 16),
    marked_at timestamptz NOT NULL,
    -- The e-mail that came back; null: not told.
    delivery_id uuid,
    PRIMARY KEY (buyer_id, digest)
);
