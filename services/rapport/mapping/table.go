package mapping

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// load reads a table whole, once. A record that cannot be read is told, and the
// others stand.
func (d *Data) load(t *table) error {
	if _, ok := d.index[t]; ok {
		return nil
	}
	in, err := d.open(t.file, append([]string{t.key}, t.columns...))
	if err != nil {
		return err
	}
	defer in.Close()
	byKey := map[string][][]string{}
	for {
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			d.index[t] = byKey
			return nil
		}
		if err != nil {
			err = d.unread(t.file, err)
			var bad *Reject
			if !errors.As(err, &bad) {
				return err
			}
			d.told(bad)
			continue
		}
		blankOut(t.file, rec.Cells)
		key, cells := strings.TrimSpace(rec.Cells[0]), rec.Cells[1:]
		have := byKey[key]
		switch {
		case key == "" || (t.take == takeFirst && len(have) > 0):
		case t.take == takeOnly && len(have) > 0:
			return fmt.Errorf("file %s, line %d: %s %s stands there twice; say which to take: first, last or all",
				t.file.name, rec.Line, t.key, quoted(key))
		case t.take == takeLast:
			byKey[key] = [][]string{cells}
		default:
			byKey[key] = append(have, cells)
		}
	}
}

// find looks up the records of one lookup for the row at hand.
func (s *scope) find(i int, l *lookup) (err error) {
	s.at[i], s.found[i] = 0, nil
	if l.via.over < 0 {
		s.found[i], err = l.records(s)
		return err
	}
	seen := map[string]bool{}
	var all [][]string
	err = s.each(l.via, func(int) error {
		key := l.key.eval(s)
		if seen[key] {
			return nil
		}
		seen[key] = true
		found, err := l.records(s)
		all = append(all, found...)
		return err
	})
	s.found[i] = all
	return err
}

// records are those of the key of the row; a row without a key has none.
func (l *lookup) records(s *scope) ([][]string, error) {
	key := strings.TrimSpace(l.key.eval(s))
	found := s.index[l.table][key]
	if len(found) == 0 && key != "" && !l.optional {
		return nil, &Reject{Reason: ReasonLookup, Field: l.name,
			Text: fmt.Sprintf("no record of %s has %s %s", l.table.file.name, l.table.key, quoted(key))}
	}
	return found, nil
}
