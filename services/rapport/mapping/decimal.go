package mapping

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// decimal is digits·10^-scale. Money is counted in it and never in binary
// fractions, in which 0.1 does not exist.
type decimal struct {
	digits int64
	scale  int
}

// maxScale keeps a power of ten within 64 bits.
const maxScale = 18

var errLarge = errors.New("a number is too large to be counted exactly")

func parseDecimal(text string) (decimal, error) {
	head, tail, _ := strings.Cut(text, ".")
	tail = strings.TrimRight(tail, "0")
	bare := strings.TrimPrefix(strings.TrimPrefix(head, "-"), "+")
	if strings.Trim(bare+tail, "0123456789") != "" || bare == "" {
		return decimal{}, fmt.Errorf("%s is not a decimal number", quoted(text))
	}
	digits := head
	if tail != "" {
		digits += tail
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(tail) > maxScale || n == math.MinInt64 {
		return decimal{}, errLarge
	}
	return decimal{n, len(tail)}, nil
}

// rescaled is the same number with more digits behind the point.
func (d decimal) rescaled(scale int) (decimal, error) {
	for ; d.scale < scale; d.scale++ {
		if d.digits > math.MaxInt64/10 || d.digits < -math.MaxInt64/10 {
			return d, errLarge
		}
		d.digits *= 10
	}
	return d, nil
}

func (d decimal) plus(e decimal) (decimal, error) {
	scale := max(d.scale, e.scale)
	d, err := d.rescaled(scale)
	if err != nil {
		return d, err
	}
	if e, err = e.rescaled(scale); err != nil {
		return d, err
	}
	sum := d.digits + e.digits
	if (sum > d.digits) != (e.digits > 0) && e.digits != 0 {
		return d, errLarge
	}
	return decimal{sum, scale}, nil
}

func (d decimal) times(e decimal) (decimal, error) {
	product := d.digits * e.digits
	if d.digits != 0 && (product/d.digits != e.digits || product == math.MinInt64) {
		return d, errLarge
	}
	out := decimal{product, d.scale + e.scale}
	for out.scale > 0 && out.digits%10 == 0 {
		out.digits, out.scale = out.digits/10, out.scale-1
	}
	if out.scale > maxScale {
		return d, errLarge
	}
	return out, nil
}

// cut drops what stands behind the point.
func (d decimal) cut() decimal {
	for ; d.scale > 0; d.scale-- {
		d.digits /= 10
	}
	return d
}

// String has no more digits than needed.
func (d decimal) String() string {
	for d.scale > 0 && d.digits%10 == 0 {
		d.digits, d.scale = d.digits/10, d.scale-1
	}
	text := strconv.FormatInt(d.digits, 10)
	if d.scale == 0 {
		return text
	}
	sign := ""
	if d.digits < 0 {
		sign, text = "-", text[1:]
	}
	if short := d.scale + 1 - len(text); short > 0 {
		text = strings.Repeat("0", short) + text
	}
	point := len(text) - d.scale
	return sign + text[:point] + "." + text[point:]
}
