-- +goose Up

-- One row a customer number that bought or brought back anything, never a person:
-- persons are summed on read. Days count from 1970-01-01 in the brand's zone; first
-- and last are of purchases and mean nothing where there is none. Sums are minor
-- units of the brand's currency. history has all of it day by day, packed. Customers buy
-- in any order and are walked along by number: SQLite would look each row up elsewhere.
CREATE TABLE purchase (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer  BIGINT  NOT NULL,
    first_day INTEGER NOT NULL,
    last_day  INTEGER NOT NULL,
    purchases BIGINT  NOT NULL,
    returns   BIGINT  NOT NULL,
    spent     BIGINT  NOT NULL,
    returned  BIGINT  NOT NULL,
    history   BYTEA   NOT NULL,
    PRIMARY KEY (brand, customer)
) /*sqlite WITHOUT ROWID*/;

-- Up to which of Journey's facts, by commit time in Unix microseconds.
CREATE TABLE purchase_head (
    brand TEXT /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
    as_of BIGINT NOT NULL
);
