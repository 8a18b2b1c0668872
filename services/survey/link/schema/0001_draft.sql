-- +goose Up

-- What was answered so far by a link, of an open one on a visit ('' of a personal one).
-- version counts the saves, so that of two at once none is lost; body is a LinkDraft.
CREATE TABLE link_draft (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    link     BIGINT NOT NULL,
    visit    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    customer BIGINT NOT NULL,
    version  BIGINT NOT NULL,
    until    BIGINT NOT NULL,
    body     BYTEA NOT NULL,
    PRIMARY KEY (brand, link, visit)
);

CREATE INDEX link_draft_until ON link_draft (brand, until);
CREATE INDEX link_draft_customer ON link_draft (brand, customer) WHERE customer <> 0;
