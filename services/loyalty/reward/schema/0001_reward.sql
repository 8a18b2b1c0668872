-- +goose Up

-- Pieces of a reward that are taken or held, also as the choice of another one. How many
-- there are in all its definition says.
CREATE TABLE reward_stock (
    brand  TEXT /*postgres COLLATE "C"*/ NOT NULL,
    reward TEXT /*postgres COLLATE "C"*/ NOT NULL,
    taken  BIGINT NOT NULL,
    PRIMARY KEY (brand, reward)
);

-- Takings, for ever. id is the number of the fact that began one; entry that of the entry
-- that holds its points or spent them at once, 0 where it cost none; origin is what the
-- ledger's entries of it are found by. state is that of TakenReward.
CREATE TABLE reward_taken (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    id        BIGINT NOT NULL,
    reward    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    choice    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    programme TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer  BIGINT NOT NULL,
    state     INTEGER NOT NULL,
    points    BIGINT NOT NULL,
    entry     BIGINT NOT NULL,
    origin    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    taken_at  BIGINT NOT NULL,
    ends_at   BIGINT NOT NULL,
    PRIMARY KEY (brand, id)
);

CREATE INDEX reward_taken_customer ON reward_taken (brand, customer, id);
-- Queries must repeat the condition word for word to be answered from it.
CREATE INDEX reward_taken_due ON reward_taken (brand, ends_at, id) WHERE state = 1;
