-- Amendments take effect at an exact instant.

-- From when on leads are decided by it. In force at an instant is the newest revision whose own has come; so a revision
-- that waits for its instant is superseded by a newer one whose instant is not later.
ALTER TABLE catalog.snapshot ADD COLUMN effective_at timestamptz NOT NULL DEFAULT now();
UPDATE catalog.snapshot SET effective_at = created_at;
COMMENT ON COLUMN catalog.head.revision IS 'The newest revision; it may not be in force yet.';
