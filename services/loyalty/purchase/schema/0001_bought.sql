-- +goose Up

-- What a customer's number bought and brought back of one article (a:), of a category
-- without articles (c:) or by receipts without lines (r:): a Shelf, packed. Persons are
-- put together on read. unmatched counts returned lines that found no purchase, or not
-- wholly.
CREATE TABLE bought (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer  BIGINT  NOT NULL,
    goods     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    unmatched INTEGER NOT NULL,
    shelf     BYTEA   NOT NULL,
    PRIMARY KEY (brand, customer, goods)
);

CREATE INDEX bought_unmatched ON bought (brand, customer, goods) WHERE unmatched > 0;

-- What orders were of, whether they arrived and what cancelled them: OrderGoods, packed.
CREATE TABLE bought_order (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    order_id TEXT /*postgres COLLATE "C"*/ NOT NULL,
    goods    BYTEA NOT NULL,
    PRIMARY KEY (brand, order_id)
);

-- What a rule with a cap of the day gave a number for purchases of a day.
CREATE TABLE capped (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer  BIGINT  NOT NULL,
    programme TEXT /*postgres COLLATE "C"*/ NOT NULL,
    rule      TEXT /*postgres COLLATE "C"*/ NOT NULL,
    day       INTEGER NOT NULL,
    points    BIGINT  NOT NULL,
    PRIMARY KEY (brand, customer, programme, rule, day)
);
