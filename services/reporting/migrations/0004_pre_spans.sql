-- The first sums, too, are kept by day and by month (UTC) beside the hour: a report over a year reads a dozen rows for
-- each name instead of 8,760. What was counted by the hour until now is added up once.

ALTER TABLE reporting.funnel RENAME COLUMN hour TO starts_at;
ALTER TABLE reporting.funnel ADD COLUMN span text NOT NULL DEFAULT 'hour';
ALTER TABLE reporting.funnel ALTER COLUMN span DROP DEFAULT;
ALTER TABLE reporting.funnel DROP CONSTRAINT funnel_pkey;
ALTER TABLE reporting.funnel ADD PRIMARY KEY
    (buyer_id, span, starts_at, seller, source, sub_source, order_slug, order_version, currency);

INSERT INTO reporting.funnel (span, buyer_id, starts_at, seller, source, sub_source, order_slug, order_version,
                              currency, submitted, accepted, charged, spend_minor, credited_minor, fees_minor,
                              adjusted_minor, held_minor)
SELECT wider, buyer_id, date_trunc(wider, starts_at, 'UTC') AS since, seller, source, sub_source, order_slug,
       order_version, currency, sum(submitted), sum(accepted), sum(charged), sum(spend_minor), sum(credited_minor),
       sum(fees_minor), sum(adjusted_minor), sum(held_minor)
  FROM reporting.funnel CROSS JOIN (VALUES ('day'), ('month')) AS spans (wider)
 GROUP BY wider, buyer_id, since, seller, source, sub_source, order_slug, order_version, currency;

ALTER TABLE reporting.reason RENAME COLUMN hour TO starts_at;
ALTER TABLE reporting.reason ADD COLUMN span text NOT NULL DEFAULT 'hour';
ALTER TABLE reporting.reason ALTER COLUMN span DROP DEFAULT;
ALTER TABLE reporting.reason DROP CONSTRAINT reason_pkey;
ALTER TABLE reporting.reason ADD PRIMARY KEY (buyer_id, span, starts_at, seller, source, sub_source, order_slug, code);

INSERT INTO reporting.reason (span, buyer_id, starts_at, seller, source, sub_source, order_slug, code, leads)
SELECT wider, buyer_id, date_trunc(wider, starts_at, 'UTC') AS since, seller, source, sub_source, order_slug, code,
       sum(leads)
  FROM reporting.reason CROSS JOIN (VALUES ('day'), ('month')) AS spans (wider)
 GROUP BY wider, buyer_id, since, seller, source, sub_source, order_slug, code;

ALTER TABLE reporting.speed RENAME COLUMN hour TO starts_at;
ALTER TABLE reporting.speed ADD COLUMN span text NOT NULL DEFAULT 'hour';
ALTER TABLE reporting.speed ALTER COLUMN span DROP DEFAULT;
ALTER TABLE reporting.speed DROP CONSTRAINT speed_pkey;
ALTER TABLE reporting.speed ADD PRIMARY KEY (buyer_id, span, starts_at, seller, source, stage);

INSERT INTO reporting.speed (span, buyer_id, starts_at, seller, source, stage, leads, total_us, skewed, buckets, counts)
WITH wide AS (
    SELECT wider, date_trunc(wider, starts_at, 'UTC') AS since, s.*
      FROM reporting.speed AS s CROSS JOIN (VALUES ('day'), ('month')) AS spans (wider)
), bucketed AS (
    SELECT wider, buyer_id, since, seller, source, stage, bucket, sum(n)::bigint AS n
      FROM wide CROSS JOIN LATERAL unnest(buckets, counts) AS held (bucket, n)
     GROUP BY wider, buyer_id, since, seller, source, stage, bucket
), merged AS (
    SELECT wider, buyer_id, since, seller, source, stage, array_agg(bucket) AS buckets, array_agg(n) AS counts
      FROM bucketed GROUP BY wider, buyer_id, since, seller, source, stage
), summed AS (
    SELECT wider, buyer_id, since, seller, source, stage, sum(leads) AS leads, sum(total_us) AS total_us,
           sum(skewed) AS skewed
      FROM wide GROUP BY wider, buyer_id, since, seller, source, stage
)
SELECT wider, buyer_id, since, seller, source, stage, leads, total_us, skewed, buckets, counts
  FROM summed JOIN merged USING (wider, buyer_id, since, seller, source, stage);
