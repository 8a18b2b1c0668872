-- +goose Up

-- SQLite takes a brand to be some ten rows, and would rather read all of it by the
-- table's own key than look up rows it finds in an index: there the index has all
-- that is asked for.
DROP INDEX identity_customer;
CREATE INDEX identity_customer ON identity (brand, customer /*sqlite , kind, sealed, seal_key*/);
