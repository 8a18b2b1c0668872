-- +goose Up

-- Until when points live that go after a time without purchases: when the last one happened,
-- until when they live by it, until when by points that came otherwise, and when they last
-- went; Unix microseconds, 0: nothing.
ALTER TABLE account ADD COLUMN clock TEXT /*postgres COLLATE "C"*/ NOT NULL DEFAULT '0 0 0 0';

-- When points may have gone by it, for who posts that; the largest number: there are none, or
-- they never go. Of who has several numbers it may be later than the clock says.
ALTER TABLE account ADD COLUMN idle_at BIGINT NOT NULL DEFAULT 9223372036854775807;

-- Queries must repeat its condition word for word to be answered from it.
CREATE INDEX account_idle ON account (brand, idle_at) WHERE idle_at < 9223372036854775807;
