-- +goose Up

-- One row a brand. last_id is the last customer number given out; numbers have no
-- gaps. It is changed only under the lock of the brand's log.
CREATE TABLE customer_head (
    brand   TEXT /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
    last_id BIGINT NOT NULL
);

-- One row a number. Times are Unix microseconds. into_id is the number it was
-- merged into, 0 if it is not merged; erased is the erasure that blanked it, 0 if
-- none did. profile is a Customer with what is known alone, sealed with the key of
-- that id; NULL if nothing is.
CREATE TABLE customer (
    brand       TEXT /*postgres COLLATE "C"*/ NOT NULL,
    id          BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    into_id     BIGINT  NOT NULL,
    erased      BIGINT  NOT NULL,
    profile     BYTEA,
    profile_key INTEGER NOT NULL,
    PRIMARY KEY (brand, id)
);

CREATE INDEX customer_merged ON customer (brand, into_id, id) WHERE into_id <> 0;

-- What customers are recognised by. hash is keyed and has brand, kind and
-- namespace in it. sealed is NULL once the customer was erased: the row then only
-- says that nobody may have the identity again.
CREATE TABLE identity (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    hash     BYTEA   NOT NULL,
    customer BIGINT  NOT NULL,
    kind     INTEGER NOT NULL,
    sealed   BYTEA,
    seal_key INTEGER NOT NULL,
    PRIMARY KEY (brand, hash)
) /*sqlite WITHOUT ROWID*/;

CREATE INDEX identity_customer ON identity (brand, customer);
