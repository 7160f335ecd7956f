-- intake proposes returns from what agents say: it takes messages like the other consumers.

GRANT USAGE ON SCHEMA outbox TO leadline_intake;
GRANT EXECUTE ON FUNCTION
    outbox.take(text, int),
    outbox.done(text, text, uuid),
    outbox.fail(text, text, uuid, text, interval),
    outbox.replay(text),
    outbox.behind(text, text)
TO leadline_intake;
