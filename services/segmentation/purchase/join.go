package purchase

// Union is the history of one person of those of its numbers; they are not changed.
// nil stands for a number that bought nothing.
func Union(all ...*History) *History {
	var out *History
	for _, h := range all {
		switch {
		case h == nil || h.Empty():
		case out == nil:
			out = h
		default:
			out = union(out, h)
		}
	}
	return out
}

func union(a, b *History) *History {
	out := &History{days: make([]Day, 0, len(a.days)+len(b.days))}
	x, y := a.days, b.days
	for len(x) > 0 && len(y) > 0 {
		switch {
		case x[0].Day < y[0].Day:
			out.days, x = append(out.days, x[0]), x[1:]
		case y[0].Day < x[0].Day:
			out.days, y = append(out.days, y[0]), y[1:]
		default:
			out.days, x, y = append(out.days, sameDay(&x[0], &y[0])), x[1:], y[1:]
		}
	}
	out.days = append(append(out.days, x...), y...)
	return out
}

func sameDay(a, b *Day) Day {
	out := Day{Day: a.Day, Sums: a.Sums, Seen: append([]Seen(nil), a.Seen...)}
	out.plus(b.Sums)
	for _, s := range b.Seen {
		out.see(s.Trait, s.Purchases)
	}
	return out
}
