-- The lake in DuckDB. Say first where it is:  SET VARIABLE lake = 'data/lake';
-- The list is read here: run this file again, or SET files again, before each question
-- that must be exact while Journey seals.
SET VARIABLE files = (
  SELECT list(getvariable('lake') || '/' || path)
  FROM read_csv(getvariable('lake') || '/live/*/events.csv', header = true));

CREATE OR REPLACE VIEW events AS
SELECT *, epoch_us(occurred_at) AS at_us
FROM read_parquet(getvariable('files'), hive_partitioning = true);
