package reward

import (
	"context"
	"fmt"
	"maps"
	"slices"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// past is what the log says of takings and stocks.
type past struct {
	taken map[int64]*Row
	stock map[string]int64
}

// replay reads all takings of a brand. tx sees one moment.
func replay(ctx context.Context, tx *sqldb.Tx, brand string) (*past, error) {
	p := &past{map[int64]*Row{}, map[string]int64{}}
	programmes := map[string]string{}
	err := feed.In(tx).ReadKind(ctx, brand, []int16{record.Reward, record.Taking}, 0, func(f *feed.Fact) error {
		if f.Kind == record.Reward {
			b := NewBook()
			if err := b.Apply(f); err != nil {
				return err
			}
			for _, r := range b.List("", true) {
				programmes[r.GetId()] = r.GetProgrammeId()
			}
			return nil
		}
		r, err := record.Parse(f)
		if err != nil {
			return err
		}
		return p.apply(f, r, programmes)
	})
	return p, err
}

func (p *past) apply(f *feed.Fact, r *loyaltyv1.EntryRecord, programmes map[string]string) error {
	t := r.GetTaken()
	if f.Of != 0 {
		row := p.taken[f.Of]
		if row == nil {
			return fmt.Errorf("fact %d continues taking %d, which is not there", f.Seq, f.Of)
		}
		row.State = t.GetState()
		if row.State != taken {
			p.move(row, -1)
		}
		return nil
	}
	row := &Row{
		ID: f.Seq, Reward: t.GetRewardId(), Choice: t.GetChoiceId(), Programme: programmes[t.GetRewardId()], Customer: t.GetCustomerId(),
		State: t.GetState(), Points: t.GetPoints(), Entry: r.GetEntry(), Origin: origin(f.Key), TakenAt: t.GetTakenAt().AsTime().UnixMicro(),
	}
	if t.GetEndsAt() != nil {
		row.EndsAt = t.GetEndsAt().AsTime().UnixMicro()
	}
	p.taken[row.ID] = row
	p.move(row, 1)
	return nil
}

func (p *past) move(row *Row, by int64) {
	p.stock[row.Reward] += by
	if row.Choice != "" {
		p.stock[row.Choice] += by
	}
}

// Verify compares every taking and stock of a brand with its log, and returns how many it
// looked at.
func Verify(ctx context.Context, tx *sqldb.Tx, brand string, report func(table string, seq int64, reason string)) (int, error) {
	p, err := replay(ctx, tx, brand)
	if err != nil {
		return 0, err
	}
	n := 0
	for after := int64(0); ; {
		rows, err := rowsOf(ctx, tx, "WHERE brand = $1 AND id > $2 ORDER BY id LIMIT $3", brand, after, pieceOf)
		if err != nil {
			return n, err
		}
		for _, r := range rows {
			after = r.ID
			if want := p.taken[r.ID]; want == nil || *want != r {
				report("reward_taken", r.ID, fmt.Sprintf("taking %d is %+v, the log says %+v", r.ID, r, want))
			}
			delete(p.taken, r.ID)
		}
		if n += len(rows); len(rows) < pieceOf {
			break
		}
	}
	for id := range p.taken {
		report("reward_taken", id, fmt.Sprintf("taking %d is not there", id))
	}
	got, err := stocks(ctx, tx, brand)
	for id, pieces := range got {
		if pieces != p.stock[id] {
			report("reward_stock", 0, fmt.Sprintf("%d pieces of %s are gone, the log says %d", pieces, id, p.stock[id]))
		}
	}
	for id, pieces := range p.stock {
		if _, known := got[id]; !known && pieces != 0 {
			report("reward_stock", 0, fmt.Sprintf("no pieces of %s are gone, the log says %d", id, pieces))
		}
	}
	return n + len(got), err
}

// Rebuild makes the tables of a brand anew from the log, which tx has locked.
func Rebuild(ctx context.Context, tx *sqldb.Tx, brand string) error {
	p, err := replay(ctx, tx, brand)
	if err != nil {
		return err
	}
	for _, table := range []string{"reward_taken", "reward_stock"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE brand = $1", brand); err != nil {
			return fmt.Errorf("empty %s: %w", table, err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.taken)) {
		if err := insert(ctx, tx, brand, p.taken[id]); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.stock)) {
		if err := move(ctx, tx, brand, id, p.stock[id]); err != nil {
			return err
		}
	}
	return nil
}
