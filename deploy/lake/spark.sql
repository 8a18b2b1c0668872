-- The lake in Spark SQL. Put the lake's address in LOCATION; the session's zone is UTC.
SET spark.sql.session.timeZone = UTC;

CREATE OR REPLACE TEMPORARY VIEW live
USING csv OPTIONS (path 'LOCATION/live', header 'true');

CREATE OR REPLACE TEMPORARY VIEW files
USING parquet OPTIONS (path 'LOCATION/events');

CREATE OR REPLACE TEMPORARY VIEW events AS
SELECT *, unix_micros(occurred_at) AS at_us
FROM files
WHERE substring_index(_metadata.file_path, '/', -1) IN (SELECT substring_index(path, '/', -1) FROM live);
