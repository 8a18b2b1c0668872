-- +goose Up

-- The order that a counted purchase named, and what is left of it: OfferBought, packed.
-- Returns and what cancels an order have rows without: each takes effect once.
ALTER TABLE offer_purchase ADD COLUMN order_id TEXT /*postgres COLLATE "C"*/ NOT NULL DEFAULT '';
ALTER TABLE offer_purchase ADD COLUMN bought BYTEA;

CREATE INDEX offer_purchase_customer ON offer_purchase (brand, customer, offer);
CREATE INDEX offer_purchase_order ON offer_purchase (brand, order_id) WHERE order_id <> '';
