-- +goose Up
-- Identities that could not be resolved when their fact came in, encrypted, until
-- Segmentation answers.
CREATE TABLE sealed_identity (
    brand  TEXT /*postgres COLLATE "C"*/ NOT NULL,
    seq    BIGINT NOT NULL,
    sealed BYTEA  NOT NULL,
    PRIMARY KEY (brand, seq)
);

-- What this service has blanked of whom, until it is reported.
CREATE TABLE erased_customer (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    erasure  BIGINT NOT NULL,
    customer BIGINT NOT NULL,
    records  BIGINT NOT NULL,
    PRIMARY KEY (brand, erasure, customer)
);
