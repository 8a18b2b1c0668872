package mapping

import "strings"

// number is how a text is counted with; nil: it is text and stays as it is.
type number struct {
	comma bool // 1 234,50 stands for 1234.50
	times []*value
	down  bool // what stands behind the point is dropped
}

// counts reads the steps that make a value a number.
func (v *value) counts() *number {
	if v.number == nil {
		v.number = &number{}
	}
	return v.number
}

// factors are one value or several.
func (p *parser) factors(at place) ([]*value, error) {
	if _, err := at.text(); err == nil || at.isMap() {
		one, err := p.value(at)
		return []*value{one}, err
	}
	items, err := at.items()
	if err != nil {
		return nil, err
	}
	out := make([]*value, len(items))
	for i, item := range items {
		if out[i], err = p.value(item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// word is a text that must be the one that is known.
func word(at place, known string) (bool, error) {
	text, err := at.text()
	if err == nil && text != known {
		err = at.errorf("%s is needed here", known)
	}
	return err == nil, err
}

// apply counts exactly. A factor that is blank makes the product blank.
func (n *number) apply(s *scope, text string) (string, error) {
	if n.comma {
		text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ",", ".").Replace(text)
	}
	d, err := parseDecimal(text)
	if err != nil {
		return "", err
	}
	for _, factor := range n.times {
		r, err := factor.eval(s)
		if err != nil || r.isBlank() {
			return "", err
		}
		by, err := parseDecimal(r.text)
		if err == nil {
			d, err = d.times(by)
		}
		if err != nil {
			return "", err
		}
	}
	if n.down {
		d = d.cut()
	}
	return d.String(), nil
}

// total is the sum of a value over many records; blank if it is for all of them.
func (v *value) total(s *scope) (result, error) {
	var sum decimal
	some := false
	err := s.each(v.sum, func(int) error {
		r, err := v.one(s)
		if err != nil || r.isBlank() {
			return err
		}
		d, err := parseDecimal(r.text)
		if err == nil {
			sum, err = sum.plus(d)
		}
		some = true
		return err
	})
	if err != nil || !some {
		return result{}, err
	}
	return result{text: sum.String()}, nil
}
