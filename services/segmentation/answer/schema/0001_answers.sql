-- +goose Up

-- One row a customer number that answered anything that is scored, never a person:
-- persons are put together on read. history has all answers, packed, so that the one
-- before comes back when the last is taken out.
CREATE TABLE answer (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer BIGINT NOT NULL,
    history  BYTEA  NOT NULL,
    PRIMARY KEY (brand, customer)
);
