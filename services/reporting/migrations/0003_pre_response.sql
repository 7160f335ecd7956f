-- How people answered leads. A story for each lead, and sums over stories that every report is put together from.

-- What is known of one lead, as text (see story.py); no contact data. It only ever grows.
CREATE TABLE reporting.lead (
    buyer_id text NOT NULL,
    lead_id  uuid NOT NULL,
    story    text NOT NULL,
    PRIMARY KEY (buyer_id, lead_id)
) WITH (fillfactor = 60);

-- Sums over leads by hour, day and month (UTC) of their purchase: a report over years reads months.
-- `side` origin: by seller, source, order and team; holder: by team and agent. Names of the other side are empty.
CREATE TABLE reporting.response (
    buyer_id    text        NOT NULL,
    side        text        NOT NULL,
    span        text        NOT NULL,
    starts_at   timestamptz NOT NULL,
    seller      text        NOT NULL,
    source      text        NOT NULL,
    order_slug  text        NOT NULL,
    team        text        NOT NULL,
    agent       text        NOT NULL,
    -- Bought, and not held back on purpose; all other numbers are of these.
    leads       bigint      NOT NULL,
    held_back   bigint      NOT NULL,
    attempted   bigint      NOT NULL,
    contacted   bigint      NOT NULL,
    appointed   bigint      NOT NULL,
    converted   bigint      NOT NULL,
    -- The seller's clock was ahead of ours.
    skewed      bigint      NOT NULL,
    -- Where the time to the first attempt went.
    seller_us   bigint      NOT NULL,
    system_us   bigint      NOT NULL,
    waiting_us  bigint      NOT NULL,
    human_us    bigint      NOT NULL,
    -- First attempts within 5, 15 and 60 minutes, and later; by the wall clock and by the lawful one.
    wall_5      bigint      NOT NULL,
    wall_15     bigint      NOT NULL,
    wall_60     bigint      NOT NULL,
    wall_more   bigint      NOT NULL,
    lawful_5    bigint      NOT NULL,
    lawful_15   bigint      NOT NULL,
    lawful_60   bigint      NOT NULL,
    lawful_more bigint      NOT NULL,
    PRIMARY KEY (buyer_id, side, span, starts_at, seller, source, order_slug, team, agent)
) WITH (fillfactor = 70);

-- Durations of the same leads, in the buckets of sketch.py: counts[i] of them fell into buckets[i].
CREATE TABLE reporting.response_time (
    buyer_id   text        NOT NULL,
    side       text        NOT NULL,
    span       text        NOT NULL,
    starts_at  timestamptz NOT NULL,
    seller     text        NOT NULL,
    source     text        NOT NULL,
    order_slug text        NOT NULL,
    team       text        NOT NULL,
    agent      text        NOT NULL,
    -- attempt, lawful, contact or total.
    timed      text        NOT NULL,
    buckets    int[]       NOT NULL,
    counts     bigint[]    NOT NULL,
    -- A report asks for one of them more often than for all.
    PRIMARY KEY (buyer_id, side, timed, span, starts_at, seller, source, order_slug, team, agent)
) WITH (fillfactor = 50);

-- Weekday by hour is worked out when it is asked for, since the zone is; so it is kept by hour. Once for each facet
-- (all, seller, source, order, team, agent): then a year is 8,760 rows however many names there are.
CREATE TABLE reporting.heat (
    buyer_id   text        NOT NULL,
    facet      text        NOT NULL,
    seller     text        NOT NULL,
    source     text        NOT NULL,
    order_slug text        NOT NULL,
    team       text        NOT NULL,
    agent      text        NOT NULL,
    hour       timestamptz NOT NULL,
    -- Of leads bought in the hour.
    leads      bigint      NOT NULL,
    held_back  bigint      NOT NULL,
    attempted  bigint      NOT NULL,
    contacted  bigint      NOT NULL,
    -- Of attempts begun in the hour.
    attempts   bigint      NOT NULL,
    contacts   bigint      NOT NULL,
    wall_5     bigint      NOT NULL,
    wall_15    bigint      NOT NULL,
    wall_60    bigint      NOT NULL,
    wall_more  bigint      NOT NULL,
    -- Purchase to first attempt, in coarse buckets.
    buckets    int[]       NOT NULL,
    counts     bigint[]    NOT NULL,
    -- A source may be asked for without its seller, and an agent without the team.
    PRIMARY KEY (buyer_id, facet, source, seller, order_slug, agent, team, hour)
) WITH (fillfactor = 50);

-- Leads of orders that hold a random share back. An outcome counts within its days of the purchase.
CREATE TABLE reporting.hold_out (
    buyer_id      text        NOT NULL,
    span          text        NOT NULL,
    starts_at     timestamptz NOT NULL,
    order_slug    text        NOT NULL,
    delay_seconds int         NOT NULL,
    arm           text        NOT NULL,
    leads         bigint      NOT NULL,
    attempted     bigint      NOT NULL,
    contacted     bigint      NOT NULL,
    converted     bigint      NOT NULL,
    PRIMARY KEY (buyer_id, span, starts_at, order_slug, delay_seconds, arm)
) WITH (fillfactor = 70);
