-- +goose Up

-- How often a brand's rows were counted anew: who keeps what he counted from them asks
-- for it.
ALTER TABLE purchase_head ADD COLUMN rebuilt BIGINT NOT NULL DEFAULT 0;
