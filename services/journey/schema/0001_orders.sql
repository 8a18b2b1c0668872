-- +goose Up

-- A person's time line, newest day first. It takes the place of the log's index of
-- customers by number of fact, which nobody asks here: late events stand elsewhere
-- in the log than in time. Queries must repeat its condition word for word.
CREATE INDEX fact_trail ON fact (brand, who, day, seq) WHERE who <> 0 AND kind = 1;
DROP INDEX fact_who;

-- The events of each order, copied from the log by the consumer that tells what
-- became of orders. number is the event's, seq its version's, sign -1 for a reversal.
CREATE TABLE order_event (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    order_id TEXT /*postgres COLLATE "C"*/ NOT NULL,
    seq      BIGINT  NOT NULL,
    number   BIGINT  NOT NULL,
    sign     INTEGER NOT NULL,
    who      BIGINT  NOT NULL,
    data     BYTEA   NOT NULL,
    PRIMARY KEY (brand, order_id, seq)
);

-- The outcome that the log holds of each order: number of its first fact and of its
-- newest, whose day and data a reversal repeats.
CREATE TABLE order_state (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    order_id TEXT /*postgres COLLATE "C"*/ NOT NULL,
    number   BIGINT  NOT NULL,
    seq      BIGINT  NOT NULL,
    day      INTEGER NOT NULL,
    who      BIGINT  NOT NULL,
    data     BYTEA   NOT NULL,
    PRIMARY KEY (brand, order_id)
);
