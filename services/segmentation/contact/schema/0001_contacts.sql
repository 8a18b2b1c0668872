-- +goose Up

-- One row an answer to ReserveContact: leave that was given and refusals alike, so
-- that the same request finds the same answer. It is changed only under the lock of
-- the brand's log. Times are Unix microseconds. customer is the number as the caller
-- named it: whose budget it counts against is decided on read, by the merges of the
-- moment. state: 1 counts, 2 was released, 3 was refused. asked is the ContactRequest
-- with the customer's number in the place of an identity, at the time it is for,
-- verdict the ContactVerdict of a refusal.
CREATE TABLE contact (
    brand       TEXT /*postgres COLLATE "C"*/ NOT NULL,
    id          BIGINT  NOT NULL,
    request_id  TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer    BIGINT  NOT NULL,
    purpose     TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    state       INTEGER NOT NULL,
    asked       BYTEA   NOT NULL,
    verdict     BYTEA,
    answered_at BIGINT  NOT NULL,
    PRIMARY KEY (brand, id)
);

CREATE UNIQUE INDEX contact_request ON contact (brand, request_id);
CREATE INDEX contact_customer ON contact (brand, customer, at);
