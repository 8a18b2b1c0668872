-- +goose Up

-- One row an erasure, numbered from 1 within the brand. The reason is kept: it is
-- not personal.
CREATE TABLE erasure (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    id        BIGINT NOT NULL,
    erased_at BIGINT NOT NULL,
    reason    TEXT   NOT NULL,
    PRIMARY KEY (brand, id)
);

-- Whom it erased.
CREATE TABLE erasure_customer (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    erasure  BIGINT NOT NULL,
    customer BIGINT NOT NULL,
    PRIMARY KEY (brand, erasure, customer)
);

-- How far each service is; completed_at 0: not yet.
CREATE TABLE erasure_part (
    brand        TEXT /*postgres COLLATE "C"*/ NOT NULL,
    erasure      BIGINT NOT NULL,
    service      TEXT /*postgres COLLATE "C"*/ NOT NULL,
    completed_at BIGINT NOT NULL,
    records      BIGINT NOT NULL,
    PRIMARY KEY (brand, erasure, service)
);
