package ledger

import (
	"errors"
	"strconv"
	"strings"
)

// errPacked says that a row packed by the database cannot be read.
var errPacked = errors.New("packed rows are damaged")

// unpack reads rows that a statement packed: with commas between them and blanks between
// what they hold, the programme first, then so many numbers.
func unpack(rows *string, numbers int, fn func(programme string, n []int64)) error {
	if rows == nil {
		return nil
	}
	n := make([]int64, numbers)
	for row := range strings.SplitSeq(*rows, ",") {
		programme, rest, ok := strings.Cut(row, " ")
		for i := range n {
			var text string
			text, rest, ok = cutNumber(rest, ok)
			v, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return errPacked
			}
			n[i] = v
		}
		if rest != "" {
			return errPacked
		}
		fn(programme, n)
	}
	return nil
}

func cutNumber(rest string, ok bool) (text, left string, more bool) {
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, " ")
}

// readAccounts reads the accounts of one number.
func readAccounts(customer int64, rows *string) (out []*Account, err error) {
	err = unpack(rows, 5+clockWidth, func(programme string, n []int64) {
		a := NewAccount(programme, customer)
		a.Available, a.Held, a.Pending, a.Owed, a.Lots, a.stored = n[0], n[1], n[2], n[3], n[4], true
		a.Clock = readClock(n[5:])
		out = append(out, a)
	})
	return out, err
}

// readLots reads lots of one number.
func readLots(customer int64, rows *string) (out []lotRow, err error) {
	err = unpack(rows, 5, func(programme string, n []int64) {
		out = append(out, lotRow{Place{programme, customer}, &Lot{
			ID: LotID(n[0]), Points: n[1], EarnedAt: n[2], ExpiresAt: n[3], ActiveAt: n[4], stored: true, storedActiveAt: n[4],
		}})
	})
	return out, err
}
