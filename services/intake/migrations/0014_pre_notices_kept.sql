-- Serves the worker, which drops what was delivered long ago.
CREATE INDEX notice_kept ON intake.notice (settled_at) WHERE state = 'delivered';
