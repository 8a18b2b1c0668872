-- +goose Up

-- An offer as a customer's number has it. Persons are put together on read. Times are 0
-- where it has not come to that; movement is the entry of the points it gave, 0: none.
-- spent and purchases are what counts for its condition so far.
CREATE TABLE offer_person (
    brand        TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer     BIGINT NOT NULL,
    offer        TEXT /*postgres COLLATE "C"*/ NOT NULL,
    received_at  BIGINT NOT NULL,
    viewed_at    BIGINT NOT NULL,
    completed_at BIGINT NOT NULL,
    redemptions  BIGINT NOT NULL,
    movement     BIGINT NOT NULL,
    spent        BIGINT NOT NULL,
    purchases    BIGINT NOT NULL,
    PRIMARY KEY (brand, customer, offer)
);

-- Coupons that were used, for ever.
CREATE TABLE offer_coupon (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    code     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    offer    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer BIGINT NOT NULL,
    PRIMARY KEY (brand, code)
);

-- Purchases that count for an offer, by the hash of their event's key: each once, however
-- often Journey tells of it.
CREATE TABLE offer_purchase (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    event    BYTEA NOT NULL,
    offer    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer BIGINT NOT NULL,
    spent    BIGINT NOT NULL,
    PRIMARY KEY (brand, event, offer)
);
