-- +goose Up

-- One row per brand. Every change of its files counts version up from the one that
-- the change was made on: of two sealers at once one finds it moved. holder and
-- until are a courtesy that saves work.
CREATE TABLE lake_head (
    brand   TEXT /*postgres COLLATE "C"*/ PRIMARY KEY,
    version BIGINT NOT NULL,
    holder  TEXT NOT NULL,
    until   BIGINT NOT NULL
);

-- Derived: every row can be deleted, and its days are then read from the log. dead_at
-- is 0 while a file is live; after that the file stays for whoever still reads it.
-- All live files of the same days have the same upto_seq.
CREATE TABLE lake_file (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    path      TEXT /*postgres COLLATE "C"*/ NOT NULL,
    first_day INTEGER NOT NULL,
    last_day  INTEGER NOT NULL,
    bucket    INTEGER NOT NULL,
    events    BIGINT NOT NULL,
    upto_seq  BIGINT NOT NULL,
    size      BIGINT NOT NULL,
    sealed_at BIGINT NOT NULL,
    dead_at   BIGINT NOT NULL,
    PRIMARY KEY (brand, path)
);

CREATE UNIQUE INDEX lake_file_live ON lake_file (brand, first_day, last_day, bucket) WHERE dead_at = 0;
