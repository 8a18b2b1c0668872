-- The lake in ClickHouse. The folder must lie under user_files_path as lake; for an
-- object store put s3('https://…/events/**.parquet', …) in the place of file(…).
CREATE OR REPLACE VIEW live AS
SELECT path FROM file('lake/live/*/events.csv', CSVWithNames, 'path String, first_day Date, last_day Date, bucket UInt8, events UInt64, upto_seq UInt64');

CREATE OR REPLACE VIEW events AS
SELECT
    extract(_path, 'brand=([^/]+)') AS brand,
    extract(_path, 'month=([^/]+)') AS month,
    event_id, customer_id, order_id, kind, channel, subjects, touchpoint, reason, employee,
    occurred_at, day, sequence, amount_minor, items_milli,
    toUnixTimestamp64Micro(occurred_at) AS at_us
FROM file('lake/events/*/*/*.parquet', Parquet,
    'event_id Int64, customer_id Int64, order_id String, kind LowCardinality(String), channel LowCardinality(String),
     subjects LowCardinality(String), touchpoint LowCardinality(String), reason LowCardinality(String), employee Bool,
     occurred_at DateTime64(6, ''UTC''), day Date32, sequence Int32, amount_minor Int64, items_milli Int64')
-- The name of a file is in no folder twice.
WHERE _file IN (SELECT basename(path) FROM live);
