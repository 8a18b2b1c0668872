-- +goose Up

-- What counts for tiers of a number's purchases of a day, less what was returned of
-- them on whichever day. Days count from 1970-01-01 in the brand's zone.
CREATE TABLE counted (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer  BIGINT  NOT NULL,
    programme TEXT /*postgres COLLATE "C"*/ NOT NULL,
    day       INTEGER NOT NULL,
    points    BIGINT  NOT NULL,
    money     BIGINT  NOT NULL,
    PRIMARY KEY (brand, customer, programme, day)
) /*sqlite WITHOUT ROWID*/;

-- What a number ever did in a programme. first_at is when its first movement happened,
-- in Unix microseconds.
CREATE TABLE lifetime (
    brand       TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer    BIGINT NOT NULL,
    programme   TEXT /*postgres COLLATE "C"*/ NOT NULL,
    first_at    BIGINT NOT NULL,
    earned      BIGINT NOT NULL,
    spent       BIGINT NOT NULL,
    expired     BIGINT NOT NULL,
    adjusted    BIGINT NOT NULL,
    transferred BIGINT NOT NULL,
    PRIMARY KEY (brand, customer, programme)
) /*sqlite WITHOUT ROWID*/;

-- Up to which fact of the own log both are true.
CREATE TABLE standing_head (
    brand TEXT /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
    seq   BIGINT NOT NULL
);
