-- +goose Up

-- One row a brand: how far its evaluator is. turn counts what was written by it, so
-- that two never go by the same state; day is the latest day anybody was evaluated
-- for, rolled_to that for which everybody was; as_of is the commit time of the last
-- fact that counts. based is the number up to which segment_base tells who is in what.
CREATE TABLE segment_state (
    brand     TEXT /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
    turn      BIGINT  NOT NULL,
    day       INTEGER NOT NULL,
    rolled_to INTEGER NOT NULL,
    as_of     BIGINT  NOT NULL,
    based     BIGINT  NOT NULL
);

-- Who was in a version of a segment behind the fact seq, so that a restart and a past
-- day need not read all of the log. base is the number of the version's first fact,
-- changed that of the last one that changed it, day the one which that counts for.
CREATE TABLE segment_base (
    brand   TEXT /*postgres COLLATE "C"*/ NOT NULL,
    segment TEXT /*postgres COLLATE "C"*/ NOT NULL,
    version INTEGER NOT NULL,
    seq     BIGINT  NOT NULL,
    base    BIGINT  NOT NULL,
    changed BIGINT  NOT NULL,
    day     INTEGER NOT NULL,
    members BYTEA   NOT NULL,
    PRIMARY KEY (brand, segment, version, seq)
);
