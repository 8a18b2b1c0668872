-- +goose Up
-- One row a brand. Whoever changes cases locks it first, in a statement of its
-- own: last_id then numbers cases without gaps, and what is read next cannot
-- change before the commit. changes counts commits, for readers that poll.
CREATE TABLE case_head (
    brand   TEXT /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
    last_id BIGINT NOT NULL,
    changes BIGINT NOT NULL
);

-- Times are Unix microseconds, durations microseconds. state is the number of
-- the proto enum (3 = RESOLVED). score is -1 where the response has none,
-- resolved_at 0 before the first resolution. clock_micros and business_micros
-- are the time from opening to the last resolution. response opened the case,
-- live counts those of its responses that are not retracted. detail is a Case
-- with the lists alone: subjects and response_ids.
CREATE TABLE case_file (
    brand           TEXT /*postgres COLLATE "C"*/ NOT NULL,
    id              BIGINT  NOT NULL,
    state           INTEGER NOT NULL,
    cause           TEXT    NOT NULL,
    queue           TEXT    NOT NULL,
    person_key      BYTEA   NOT NULL,
    response        BIGINT  NOT NULL,
    survey_id       TEXT    NOT NULL,
    channel         INTEGER NOT NULL,
    customer_id     BIGINT  NOT NULL,
    score           INTEGER NOT NULL,
    comment         TEXT    NOT NULL,
    assignee        TEXT    NOT NULL,
    opened_at       BIGINT  NOT NULL,
    due_at          BIGINT  NOT NULL,
    resolved_at     BIGINT  NOT NULL,
    root_cause      TEXT    NOT NULL,
    reopened        INTEGER NOT NULL,
    revision        BIGINT  NOT NULL,
    clock_micros    BIGINT  NOT NULL,
    business_micros BIGINT  NOT NULL,
    live            INTEGER NOT NULL,
    notes           BIGINT  NOT NULL,
    detail          BYTEA   NOT NULL,
    PRIMARY KEY (brand, id)
);

-- The law of the table, kept by the database whatever the code does.
CREATE UNIQUE INDEX case_file_person ON case_file (brand, person_key, cause) WHERE state <> 3;
-- What waits is a small part of what ever was: pages of it must not pass over
-- the rest. There is no index of both, or SQLite would take that one.
CREATE INDEX case_file_waiting ON case_file (brand, due_at, id) WHERE state <> 3;
CREATE INDEX case_file_done ON case_file (brand, due_at, id) WHERE state = 3;
CREATE INDEX case_file_resolved ON case_file (brand, resolved_at) WHERE state = 3;

-- Which responses a case is about; response is the number of the first version.
CREATE TABLE case_response (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    response BIGINT NOT NULL,
    case_id  BIGINT NOT NULL,
    PRIMARY KEY (brand, response, case_id)
);

-- Every subject a case's responses count in. The response is part of the key,
-- so that an amendment can move its share alone.
CREATE TABLE case_subject (
    brand    TEXT /*postgres COLLATE "C"*/ NOT NULL,
    kind     INTEGER NOT NULL,
    subject  TEXT /*postgres COLLATE "C"*/ NOT NULL,
    case_id  BIGINT  NOT NULL,
    response BIGINT  NOT NULL,
    PRIMARY KEY (brand, kind, subject, case_id, response)
);

CREATE INDEX case_subject_case ON case_subject (brand, case_id, response);

-- Append-only: what was done and written, n from 1 within the case. step is the
-- kind of step, state the case's state after it.
CREATE TABLE case_note (
    brand      TEXT /*postgres COLLATE "C"*/ NOT NULL,
    case_id    BIGINT  NOT NULL,
    n          BIGINT  NOT NULL,
    at         BIGINT  NOT NULL,
    step       INTEGER NOT NULL,
    author     TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    state      INTEGER NOT NULL,
    request_id TEXT    NOT NULL,
    PRIMARY KEY (brand, case_id, n)
);

CREATE UNIQUE INDEX case_note_request ON case_note (brand, request_id) WHERE request_id <> '';
