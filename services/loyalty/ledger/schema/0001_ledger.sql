-- +goose Up

-- What a customer's number has in a programme, as posted: the sums of its lots and holds.
-- lots counts its rows of lot.
CREATE TABLE account (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer  BIGINT NOT NULL,
    programme TEXT /*postgres COLLATE "C"*/ NOT NULL,
    available BIGINT NOT NULL,
    held      BIGINT NOT NULL,
    pending   BIGINT NOT NULL,
    owed      BIGINT NOT NULL,
    lots      BIGINT NOT NULL,
    PRIMARY KEY (brand, customer, programme)
) /*postgres WITH (fillfactor = 70)*/;

-- What is left of points given at once; a lot without any has no row. id is the number of
-- its movement × 2^20 + its place. active_at is 0 once the points may be spent.
CREATE TABLE lot (
    brand      TEXT /*postgres COLLATE "C"*/ NOT NULL,
    id         BIGINT NOT NULL,
    customer   BIGINT NOT NULL,
    programme  TEXT /*postgres COLLATE "C"*/ NOT NULL,
    points     BIGINT NOT NULL,
    earned_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    active_at  BIGINT NOT NULL,
    PRIMARY KEY (brand, id)
) /*postgres WITH (fillfactor = 80)*/;

-- In the order in which they are spent, behind those that may be spent now.
CREATE INDEX lot_spend ON lot (brand, customer, programme, active_at, expires_at, id);
CREATE INDEX lot_due ON lot (brand, expires_at, id);
-- Queries must repeat its condition word for word to be answered from it.
CREATE INDEX lot_ripe ON lot (brand, active_at, id) WHERE active_at <> 0;

-- Points set aside: a row for each number whose points they are. Nobody reads parts but
-- the ledger.
CREATE TABLE hold (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    id        BIGINT NOT NULL,
    owner     BIGINT NOT NULL,
    programme TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer  BIGINT NOT NULL,
    ends_at   BIGINT NOT NULL,
    parts     BYTEA  NOT NULL,
    origin    BYTEA,
    PRIMARY KEY (brand, id, owner)
);
CREATE INDEX hold_owner ON hold (brand, owner);
CREATE INDEX hold_due ON hold (brand, ends_at, id);

-- The movements of an order, for ever.
CREATE TABLE order_entry (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    order_id TEXT /*postgres COLLATE "C"*/ NOT NULL,
    seq      BIGINT NOT NULL,
    PRIMARY KEY (brand, order_id, seq)
) /*sqlite WITHOUT ROWID*/;

-- The movements that touch a number beside the one they came with.
CREATE TABLE other_entry (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    PRIMARY KEY (brand, customer, seq)
) /*sqlite WITHOUT ROWID*/;
