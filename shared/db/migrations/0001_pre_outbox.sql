-- Messages on their way from the transaction that made them true to the consumers that act on them.

-- One row per event and consumer, gone as soon as the consumer has acted: the table stays small whatever happened
-- before, so vacuum must be quick rather than thorough.
CREATE TABLE outbox.message (
    buyer_id   text        NOT NULL,
    consumer   text        NOT NULL,
    message_id uuid        NOT NULL,
    topic      text        NOT NULL,
    payload    bytea       NOT NULL,
    attempts   smallint    NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    visible_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (buyer_id, consumer, message_id)
) WITH (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 10000
);
-- Serves outbox.take: the messages of one consumer that are due, the longest due first.
CREATE INDEX message_due ON outbox.message (consumer, visible_at);

-- What a consumer could not act on in many attempts. Kept until somebody replays it.
CREATE TABLE outbox.dead_letter (
    buyer_id   text        NOT NULL,
    consumer   text        NOT NULL,
    message_id uuid        NOT NULL,
    topic      text        NOT NULL,
    payload    bytea       NOT NULL,
    attempts   smallint    NOT NULL,
    failure    text        NOT NULL,
    created_at timestamptz NOT NULL,
    died_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (buyer_id, consumer, message_id)
);

-- A consumer is the service of its name. The role is read from the setting because inside these functions
-- current_user is their owner.
CREATE FUNCTION outbox.only(p_consumer text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('role') <> 'leadline_' || p_consumer THEN
        RAISE insufficient_privilege USING MESSAGE = format('only the service %s reads its messages', p_consumer);
    END IF;
END
$$;

-- Writes messages; one that is already there stays as it is.
CREATE FUNCTION outbox.put(p_buyer text[], p_consumer text[], p_message uuid[], p_topic text[], p_payload bytea[])
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO outbox.message (buyer_id, consumer, message_id, topic, payload)
    SELECT * FROM unnest(p_buyer, p_consumer, p_message, p_topic, p_payload)
    ON CONFLICT DO NOTHING
$$;

-- Takes up to p_limit due messages away. They come back if the caller's transaction is rolled back.
-- A plan that was made while the table was empty would go on reading all of it: hence the index, always.
CREATE FUNCTION outbox.take(p_consumer text, p_limit int)
RETURNS TABLE (buyer_id text, message_id uuid, topic text, payload bytea, attempts smallint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM outbox.only(p_consumer);
    RETURN QUERY
    DELETE FROM outbox.message AS m
    WHERE m.ctid = ANY (ARRAY(
        SELECT due.ctid FROM outbox.message AS due
        WHERE due.consumer = p_consumer AND due.visible_at <= now()
        ORDER BY due.visible_at
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING m.buyer_id, m.message_id, m.topic, m.payload, m.attempts;
END
$$;

-- Takes one message away; true where it was there to take.
CREATE FUNCTION outbox.done(p_consumer text, p_buyer text, p_message uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM outbox.only(p_consumer);
    DELETE FROM outbox.message AS m
    WHERE m.ctid = ANY (ARRAY(
        SELECT one.ctid FROM outbox.message AS one
        WHERE one.buyer_id = p_buyer AND one.consumer = p_consumer AND one.message_id = p_message
        FOR UPDATE SKIP LOCKED
    ));
    RETURN FOUND;
END
$$;

-- Counts a failed attempt: the message is due again after p_wait, or is dead where p_wait is null.
CREATE FUNCTION outbox.fail(p_consumer text, p_buyer text, p_message uuid, p_failure text, p_wait interval)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM outbox.only(p_consumer);
    IF p_wait IS NOT NULL THEN
        UPDATE outbox.message SET attempts = attempts + 1, visible_at = now() + p_wait
        WHERE buyer_id = p_buyer AND consumer = p_consumer AND message_id = p_message;
        RETURN;
    END IF;
    WITH dead AS (
        DELETE FROM outbox.message
        WHERE buyer_id = p_buyer AND consumer = p_consumer AND message_id = p_message
        RETURNING *
    )
    INSERT INTO outbox.dead_letter (buyer_id, consumer, message_id, topic, payload, attempts, failure, created_at)
    SELECT buyer_id, consumer, message_id, topic, payload, attempts + 1, p_failure, created_at FROM dead
    ON CONFLICT (buyer_id, consumer, message_id) DO UPDATE SET
        attempts = excluded.attempts, failure = excluded.failure, died_at = excluded.died_at;
END
$$;

-- Gives a consumer's dead letters another ten attempts; returns how many.
CREATE FUNCTION outbox.replay(p_consumer text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moved bigint;
BEGIN
    PERFORM outbox.only(p_consumer);
    WITH risen AS (
        DELETE FROM outbox.dead_letter WHERE consumer = p_consumer
        RETURNING *
    )
    INSERT INTO outbox.message (buyer_id, consumer, message_id, topic, payload, created_at)
    SELECT buyer_id, consumer, message_id, topic, payload, created_at FROM risen
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

-- How far a consumer is behind, for one buyer or, where p_buyer is null, for all; and how many letters are dead.
CREATE FUNCTION outbox.behind(p_consumer text, p_buyer text)
RETURNS TABLE (messages bigint, oldest_seconds double precision, dead bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM outbox.only(p_consumer);
    RETURN QUERY
    SELECT count(*),
           coalesce(greatest(extract(epoch FROM clock_timestamp() - min(m.created_at)), 0), 0)::double precision,
           (SELECT count(*) FROM outbox.dead_letter AS d
            WHERE d.consumer = p_consumer AND (p_buyer IS NULL OR d.buyer_id = p_buyer))
    FROM outbox.message AS m
    WHERE m.consumer = p_consumer AND (p_buyer IS NULL OR m.buyer_id = p_buyer);
END
$$;

GRANT USAGE ON SCHEMA outbox TO leadline_intake, leadline_routing, leadline_reporting;
GRANT EXECUTE ON FUNCTION outbox.put(text[], text[], uuid[], text[], bytea[]) TO leadline_intake, leadline_routing;
GRANT EXECUTE ON FUNCTION
    outbox.take(text, int),
    outbox.done(text, text, uuid),
    outbox.fail(text, text, uuid, text, interval),
    outbox.replay(text),
    outbox.behind(text, text)
TO leadline_routing, leadline_reporting;
