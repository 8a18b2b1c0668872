package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A reward and an offer, from the command line.
func TestRewardsAndOffers(t *testing.T) {
	data := t.TempDir()
	run := func(want string, args ...string) {
		t.Helper()
		if out := must(t, append(append([]string{"loyalty"}, args...), "--embedded", "--data", data)...); !strings.Contains(out, want) {
			t.Errorf("%v: %s", args, out)
		}
	}
	file := func(text string) string {
		t.Helper()
		name := filepath.Join(t.TempDir(), "definition.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	run("beauty version 1", "programme", "create", "../../deploy/examples/loyalty/beauty.yaml")
	run("400 available", "earn", "--programme", "beauty", "--customer", "1", "--points", "400")
	run("cup version 1, gift of beauty: 150 points, 0 taken of 2", "reward", "create",
		file("brand: demo\nreward: {id: cup, programme_id: beauty, kind: KIND_GIFT, cost: 150, stock: 2}"))
	run("it may be taken", "reward", "examine", "cup", "--customer", "1")
	run("250 available, 150 held", "reward", "take", "cup", "--customer", "1", "--hold")
	run("100 available, 150 held", "reward", "take", "cup", "--customer", "1")
	run("nothing is left", "reward", "examine", "cup", "--customer", "1")
	run("150 points, 2 taken of 2", "reward", "list")
	run("held, 150 points", "reward", "taken", "--customer", "1")
	run("beauty     150     reward:", "holds", "--customer", "1", "--programme", "beauty")
	run("spring version 1 of beauty", "offer", "create", file("brand: demo\noffer: {id: spring, programme_id: beauty, points: 30, codes: [A-1],"+
		" valid_from: 2024-01-01T00:00:00Z, valid_until: 2100-01-01T00:00:00Z}"))
	run("1 received it, 0 had it", "offer", "send", "spring", "--customer", "1")
	run("1 redemptions", "offer", "redeem", "--code", "A-1", "--customer", "1")
	run("completed 20", "offer", "of", "--customer", "1")
	run("1 persons received any, 1 completed any", "offer", "funnel")
}
