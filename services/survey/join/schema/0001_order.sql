-- +goose Up

-- What is known of an order. late is the facet's value; '' says that it was known
-- and is not any more.
CREATE TABLE order_known (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    order_id TEXT /*postgres COLLATE "C"*/ NOT NULL,
    late     TEXT NOT NULL,
    PRIMARY KEY (brand, order_id)
);

-- Which responses are about an order; response is the number of the first version.
CREATE TABLE order_response (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    order_id TEXT /*postgres COLLATE "C"*/ NOT NULL,
    response BIGINT NOT NULL,
    PRIMARY KEY (brand, order_id, response)
);
