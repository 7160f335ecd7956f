-- Money that moves after the charge, beside what was spent: every amount in minor units, in the hour it was posted.

ALTER TABLE reporting.funnel
    -- Credits less reversals.
    ADD COLUMN credited_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN fees_minor     bigint NOT NULL DEFAULT 0,
    -- Above 0 in the seller's favour.
    ADD COLUMN adjusted_minor bigint NOT NULL DEFAULT 0,
    -- Holds less releases.
    ADD COLUMN held_minor     bigint NOT NULL DEFAULT 0;
