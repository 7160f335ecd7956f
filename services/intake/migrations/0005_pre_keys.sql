-- What an access key may be used for, how fast, and when it last was.

ALTER TABLE catalog.access_key
    -- Empty: everything that a seller may do.
    ADD COLUMN scopes       text[]  NOT NULL DEFAULT '{}',
    -- Leads a minute on average; null: any number.
    ADD COLUMN per_minute   integer CHECK (per_minute > 0),
    -- Leads that may come at once after a pause.
    ADD COLUMN burst        integer CHECK (burst > 0),
    -- To some seconds; null: never used.
    ADD COLUMN last_used_at timestamptz,
    ADD CHECK ((per_minute IS NULL) = (burst IS NULL));
