-- +goose Up

-- seq is up to which fact all rows are true; parts how much further those of each part of
-- the numbers are, as varints. NULL: none is.
ALTER TABLE standing_head ADD COLUMN parts BYTEA;
