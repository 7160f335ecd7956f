-- What agents say of leads proposes returns, too: `disconnected`, `wrong_number` and `do_not_contact`.

-- Some sellers take a lead back only once it is so old: looked at again then. NULL: at once.
ALTER TABLE intake.proposal ADD COLUMN not_before timestamptz;
