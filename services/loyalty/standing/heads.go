package standing

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// parts is into how many parts a brand's numbers fall. Each is saved by itself: the whole
// seldom, so that members who lie side by side share what it costs, and little at a time,
// so that nobody waits for it.
const parts = 64

// part is that of a number. Numbers that follow one another are in one, and so are their
// rows.
func part(customer int64) int { return int(uint64(customer) >> 10 % parts) }

// heads are up to which fact the rows of each part are true.
type heads [parts]int64

// least is up to which fact all rows are true.
func (h *heads) least() int64 { return slices.Min(h[:]) }

// reach is h with no part behind a fact.
func (h heads) reach(seq int64) heads {
	for p := range h {
		h[p] = max(h[p], seq)
	}
	return h
}

// pack writes how much further than the least each is.
func (h *heads) pack() (b []byte) {
	least := h.least()
	if *h == (heads{}).reach(least) {
		return nil
	}
	for _, seq := range h {
		b = binary.AppendUvarint(b, uint64(seq-least))
	}
	return b
}

var errHeads = errors.New("heads of standings are damaged")

func unpack(least int64, b []byte) (h heads, err error) {
	for p := range h {
		h[p] = least
		if len(b) == 0 && p == 0 {
			return h.reach(least), nil
		}
		more, size := binary.Uvarint(b)
		if size <= 0 {
			return h, errHeads
		}
		h[p], b = h[p]+int64(more), b[size:]
	}
	return h, nil
}

// lockHeads tells up to which facts the tables are true, and keeps others from changing it.
func lockHeads(ctx context.Context, tx *sqldb.Tx, brand string) (heads, error) {
	return scanHeads(tx.QueryRow(ctx, `INSERT INTO standing_head (brand, seq) VALUES ($1, 0)
ON CONFLICT (brand) DO UPDATE SET seq = standing_head.seq RETURNING seq, parts`, brand))
}

func readHeads(ctx context.Context, q sqldb.Querier, brand string) (heads, error) {
	h, err := scanHeads(q.QueryRow(ctx, "SELECT seq, parts FROM standing_head WHERE brand = $1", brand))
	if errors.Is(err, sqldb.ErrNoRows) {
		return heads{}, nil
	}
	return h, err
}

func scanHeads(row interface{ Scan(...any) error }) (heads, error) {
	var seq int64
	var packed []byte
	if err := row.Scan(&seq, &packed); err != nil {
		return heads{}, fmt.Errorf("read heads of standings: %w", err)
	}
	return unpack(seq, packed)
}

func setHeads(ctx context.Context, tx *sqldb.Tx, brand string, h heads) error {
	if _, err := tx.Exec(ctx, "UPDATE standing_head SET seq = $2, parts = $3 WHERE brand = $1", brand, h.least(), h.pack()); err != nil {
		return fmt.Errorf("move heads of standings: %w", err)
	}
	return nil
}
