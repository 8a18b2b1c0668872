-- The funnel visit → cart, within 7 days → purchase, within 1 day, of persons, as
-- JourneyService.GetFunnel counts it; the same text for DuckDB, ClickHouse, Trino and
-- Spark. For orders put order_id in the place of customer_id, and order_id <> '' in
-- that of the two conditions on customers.
--
-- at1 is the time of the latest step 1 before an event in the order, at2 that of the
-- latest event that reached step 2, and so on: an event counts for a later step only
-- behind an earlier one, whatever their times, and equal times are within any.
WITH taken AS (
  SELECT customer_id AS unit, at_us, sequence, event_id,
    CASE WHEN kind = 'visit' OR kind LIKE 'visit.%' THEN 1 ELSE 0 END AS is1,
    CASE WHEN kind = 'cart' OR kind LIKE 'cart.%' THEN 1 ELSE 0 END AS is2,
    CASE WHEN kind = 'purchase' OR kind LIKE 'purchase.%' THEN 1 ELSE 0 END AS is3
  FROM events
  WHERE brand = 'demo' AND day >= DATE '2025-01-01' AND day < DATE '2026-01-01'
    AND customer_id <> 0 AND NOT employee
), behind1 AS (
  SELECT taken.*, MAX(CASE WHEN is1 = 1 THEN at_us END) OVER (PARTITION BY unit ORDER BY at_us, sequence, event_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS at1
  FROM taken
), reached2 AS (
  SELECT behind1.*, CASE WHEN is2 = 1 AND at_us - at1 <= 7 * 86400000000 THEN 1 ELSE 0 END AS to2
  FROM behind1
), behind2 AS (
  SELECT reached2.*, MAX(CASE WHEN to2 = 1 THEN at_us END) OVER (PARTITION BY unit ORDER BY at_us, sequence, event_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS at2
  FROM reached2
), reached AS (
  SELECT 1 AS step, unit, at_us, sequence, event_id, at_us - at_us AS took FROM behind2 WHERE is1 = 1
  UNION ALL
  SELECT 2 AS step, unit, at_us, sequence, event_id, at_us - at1 AS took FROM behind2 WHERE to2 = 1
  UNION ALL
  SELECT 3 AS step, unit, at_us, sequence, event_id, at_us - at2 AS took FROM behind2
  WHERE is3 = 1 AND at_us - at2 <= 1 * 86400000000
), firsts AS (
  SELECT step, took, ROW_NUMBER() OVER (PARTITION BY step, unit ORDER BY at_us, sequence, event_id) AS nth
  FROM reached
), ranked AS (
  SELECT step, took, ROW_NUMBER() OVER (PARTITION BY step ORDER BY took) AS place, COUNT(*) OVER (PARTITION BY step) AS n
  FROM firsts WHERE nth = 1
)
SELECT step, MAX(n) AS units,
  MIN(CASE WHEN place >= 0.5 * n THEN took END) / 1000000.0 AS p50_seconds,
  MIN(CASE WHEN place >= 0.9 * n THEN took END) / 1000000.0 AS p90_seconds,
  MIN(CASE WHEN place >= 0.99 * n THEN took END) / 1000000.0 AS p99_seconds
FROM ranked GROUP BY step ORDER BY step;
