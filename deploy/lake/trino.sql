-- The lake in Trino, by its Hive connector (catalog hive, a schema rapport; external
-- writes to tables of its own are not needed). Put the lake's address in LOCATION.
CREATE TABLE hive.rapport.files (
    event_id bigint, customer_id bigint, order_id varchar, kind varchar, channel varchar, subjects varchar,
    touchpoint varchar, reason varchar, employee boolean, occurred_at timestamp(6), day date, sequence integer,
    amount_minor bigint, items_milli bigint,
    brand varchar, month varchar)
WITH (external_location = 's3://LOCATION/events', format = 'PARQUET', partitioned_by = ARRAY['brand', 'month']);

-- Again whenever a month has begun.
CALL hive.system.sync_partition_metadata('rapport', 'files', 'FULL');

CREATE TABLE hive.rapport.live (
    path varchar, first_day varchar, last_day varchar, bucket varchar, events varchar, upto_seq varchar, brand varchar)
WITH (external_location = 's3://LOCATION/live', format = 'CSV', skip_header_line_count = 1, partitioned_by = ARRAY['brand']);

CALL hive.system.sync_partition_metadata('rapport', 'live', 'FULL');

-- The session's parquet timestamps are UTC; hive.timestamp-precision must be MICROSECONDS.
CREATE VIEW hive.rapport.events AS
SELECT *, CAST(to_unixtime(occurred_at) * 1000000 AS bigint) AS at_us
FROM hive.rapport.files
WHERE regexp_extract("$path", '[^/]+$') IN (SELECT regexp_extract(path, '[^/]+$') FROM hive.rapport.live);
