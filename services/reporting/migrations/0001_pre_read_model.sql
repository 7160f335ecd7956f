-- The read model: sums per hour, rebuilt at any time from events, never the source of a number that the ledger has.
-- Rows are updated in place until their hour is over: room on each page keeps that off the indexes.

CREATE TABLE reporting.funnel (
    buyer_id      text        NOT NULL,
    hour          timestamptz NOT NULL,
    seller        text        NOT NULL,
    source        text        NOT NULL,
    sub_source    text        NOT NULL,
    -- Empty with version 0 where no order could be named.
    order_slug    text        NOT NULL,
    order_version int         NOT NULL,
    currency      text        NOT NULL,
    submitted     bigint      NOT NULL,
    accepted      bigint      NOT NULL,
    -- Accepted at a price above 0: what the ledger has a charge for.
    charged       bigint      NOT NULL,
    spend_minor   bigint      NOT NULL,
    PRIMARY KEY (buyer_id, hour, seller, source, sub_source, order_slug, order_version, currency)
) WITH (fillfactor = 70);

CREATE TABLE reporting.reason (
    buyer_id   text        NOT NULL,
    hour       timestamptz NOT NULL,
    seller     text        NOT NULL,
    source     text        NOT NULL,
    sub_source text        NOT NULL,
    order_slug text        NOT NULL,
    code       text        NOT NULL,
    leads      bigint      NOT NULL,
    PRIMARY KEY (buyer_id, hour, seller, source, sub_source, order_slug, code)
) WITH (fillfactor = 70);

-- Durations in logarithmic buckets, so that percentiles of any hours together keep their bound of error.
-- counts[i] durations fell into buckets[i]. One row for all buckets of a stage: a row per bucket cost three times
-- the time to add to and five times the room.
CREATE TABLE reporting.speed (
    buyer_id text        NOT NULL,
    hour     timestamptz NOT NULL,
    seller   text        NOT NULL,
    source   text        NOT NULL,
    stage    text        NOT NULL,
    leads    bigint      NOT NULL,
    total_us bigint      NOT NULL,
    -- Those that came out negative, and count as 0.
    skewed   bigint      NOT NULL,
    buckets  int[]       NOT NULL,
    counts   bigint[]    NOT NULL,
    PRIMARY KEY (buyer_id, hour, seller, source, stage)
) WITH (fillfactor = 50);
