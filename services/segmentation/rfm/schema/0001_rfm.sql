-- +goose Up

-- Whom a run scored, some thousand persons a row, ascending by number and packed.
-- Written once, in the transaction that writes the run's fact, and never changed: a
-- run stays what it was, whatever is bought or merged later.
CREATE TABLE rfm_block (
    brand        TEXT /*postgres COLLATE "C"*/ NOT NULL,
    run          BIGINT NOT NULL,
    first_person BIGINT NOT NULL,
    body         BYTEA  NOT NULL,
    PRIMARY KEY (brand, run, first_person)
);
