-- +goose Up

-- What is subscribed to, as its last fact says. due_at is 0 where nothing is due; one
-- that is further ahead than reach was computed by a clock that stood wrong.
CREATE TABLE subscription (
    brand  TEXT /*postgres COLLATE "C"*/ NOT NULL,
    id     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    owner  TEXT /*postgres COLLATE "C"*/ NOT NULL,
    due_at BIGINT NOT NULL,
    reach  BIGINT NOT NULL,
    seq    BIGINT NOT NULL,
    body   BYTEA NOT NULL,
    PRIMARY KEY (brand, id)
);

CREATE INDEX subscription_due ON subscription (brand, due_at) WHERE due_at <> 0;

-- What was due. next_at is when it may be tried, also by somebody else: whoever begins
-- an attempt moves it behind the time that an attempt takes. Of the attempts begun,
-- the end of `told` is known; doubt is 1 once it may have arrived.
CREATE TABLE delivery (
    brand        TEXT /*postgres COLLATE "C"*/ NOT NULL,
    id           TEXT /*postgres COLLATE "C"*/ NOT NULL,
    subscription TEXT /*postgres COLLATE "C"*/ NOT NULL,
    owner        TEXT /*postgres COLLATE "C"*/ NOT NULL,
    due_at       BIGINT NOT NULL,
    status       INTEGER NOT NULL,
    next_at      BIGINT NOT NULL,
    attempts     INTEGER NOT NULL,
    told         INTEGER NOT NULL,
    doubt        INTEGER NOT NULL,
    error        TEXT NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (brand, id)
);

CREATE INDEX delivery_pending ON delivery (brand, next_at) WHERE status = 1;
CREATE INDEX delivery_due ON delivery (brand, due_at, id);
CREATE INDEX delivery_of ON delivery (brand, subscription, due_at, id);
