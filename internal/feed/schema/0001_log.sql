-- +goose Up

-- One row per brand: its last fact. Locking the row is what orders commits.
CREATE TABLE log_head (
    brand     TEXT /*postgres COLLATE "C"*/ PRIMARY KEY,
    seq       BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    commit_id BIGINT NOT NULL
) /*postgres WITH (fillfactor = 10)*/;

CREATE TABLE fact (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    seq       BIGINT NOT NULL,
    kind      INTEGER NOT NULL,
    key       BYTEA,
    day       INTEGER NOT NULL,
    day2      INTEGER NOT NULL,
    who       BIGINT NOT NULL,
    of        BIGINT NOT NULL,
    commit_id BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    data      BYTEA,
    body      BYTEA,
    PRIMARY KEY (brand, seq)
);

-- -2147483648 is the day of facts that have none. Queries must repeat an
-- index's condition word for word to be answered from it.
CREATE UNIQUE INDEX fact_key ON fact (brand, key) WHERE key IS NOT NULL;
CREATE INDEX fact_day ON fact (brand, day, seq) WHERE day <> -2147483648;
CREATE INDEX fact_day2 ON fact (brand, day2, seq) WHERE day2 <> day;
CREATE INDEX fact_of ON fact (brand, of, seq) WHERE of <> 0;
CREATE INDEX fact_who ON fact (brand, who, seq) WHERE who <> 0;
CREATE INDEX fact_kind ON fact (brand, kind, seq) WHERE day = -2147483648;

-- How far each consumer has come, and who has the courtesy of going on.
CREATE TABLE consumer_cursor (
    consumer  TEXT /*postgres COLLATE "C"*/ NOT NULL,
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    seq       BIGINT NOT NULL,
    commit_id BIGINT NOT NULL,
    holder    TEXT NOT NULL,
    until     BIGINT NOT NULL,
    PRIMARY KEY (consumer, brand)
);
