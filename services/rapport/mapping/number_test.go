package mapping

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// rat is a decimal as an exact fraction.
func rat(t *testing.T, text string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return r
}

// Sums and products are exact or refused, whatever the numbers.
func TestDecimalIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := func() string {
		d := decimal{random.Int64() >> random.IntN(62), random.IntN(7)}
		if random.IntN(2) == 0 {
			d.digits = -d.digits
		}
		return d.String()
	}
	refused := 0
	for range 20_000 {
		a, b := some(), some()
		x, errX := parseDecimal(a)
		y, errY := parseDecimal(b)
		if errX != nil || errY != nil {
			t.Fatalf("%s or %s cannot be read again: %v, %v", a, b, errX, errY)
		}
		sum, err := x.plus(y)
		if err != nil {
			refused++
		} else if want := new(big.Rat).Add(rat(t, a), rat(t, b)); rat(t, sum.String()).Cmp(want) != 0 {
			t.Fatalf("%s + %s = %s, want %s", a, b, sum, want)
		}
		product, err := x.times(y)
		if err != nil {
			refused++
			continue
		}
		want := new(big.Rat).Mul(rat(t, a), rat(t, b))
		if rat(t, product.String()).Cmp(want) != 0 {
			t.Fatalf("%s × %s = %s, want %s", a, b, product, want)
		}
		whole := new(big.Int).Quo(want.Num(), want.Denom())
		if product.cut().String() != whole.String() {
			t.Fatalf("%s × %s cut is %s, want %s", a, b, product.cut(), whole)
		}
	}
	if refused == 0 || refused > 35_000 {
		t.Errorf("%d of 40000 were refused as too large", refused)
	}
}

func TestDecimalText(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0.00": "0", "007.50": "7.5", "+3": "3", "-0.5": "-0.5", "12.": "12", "0.001": "0.001",
		"9223372036854775807": "9223372036854775807", "1.000000000000000000000": "1",
	} {
		if d, err := parseDecimal(text); err != nil || d.String() != want {
			t.Errorf("%q is %s, %v, want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", ".", ".5", "-", "1e3", "1,5", "1.2.3", "--1", "+-1", "0x10", "1_000", "٣", " 1", "9223372036854775808", "-9223372036854775808", "0.0000000000000000001"} {
		if d, err := parseDecimal(text); err == nil {
			t.Errorf("%q was read as %s", text, d)
		}
	}
}

func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"1.50", "-0.001", "9223372036854775807", "1e3", "+.5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDecimal(text)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(strings.TrimSuffix(text, "."))
		if !ok || rat(t, d.String()).Cmp(want) != 0 {
			t.Fatalf("%q is %s", text, d)
		}
	})
}
