-- +goose Up
-- Derived: every row can be deleted and is folded again from the log. seq and
-- commit_id name the last fact known to be in content, so that a row of another
-- log (one restored out of a backup) is recognised.
CREATE TABLE slab (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL,
    measure   TEXT /*postgres COLLATE "C"*/ NOT NULL,
    day       INTEGER NOT NULL,
    seq       BIGINT  NOT NULL,
    commit_id BIGINT  NOT NULL,
    content   BYTEA   NOT NULL,
    PRIMARY KEY (brand, measure, day)
);
