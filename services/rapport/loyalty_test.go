package main

import (
	"strings"
	"testing"
)

// A programme of the examples, and a member's points, from the command line.
func TestLoyalty(t *testing.T) {
	data := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		return must(t, append(append([]string{"loyalty"}, args...), "--embedded", "--data", data)...)
	}
	const file = "../../deploy/examples/loyalty/beauty.yaml"
	for _, args := range [][]string{{"programme", "create", file}, {"programme", "create", "--update", file}, {"programme", "list"}} {
		if out := run(args...); !strings.Contains(out, "beauty version 1, in force from 2024-01-01T00:00:00Z: 2 rules, 3 tiers") {
			t.Errorf("%v: %s", args, out)
		}
	}
	if out := run("programme", "show", "beauty"); !strings.Contains(out, "top                  from 100000, ×1.50") {
		t.Error(out)
	}
	who := []string{"--programme", "beauty", "--customer", "EMAIL:anna@example.com"}
	earn := append([]string{"earn", "--points", "400", "--order", "a1", "--request-id", "k1"}, who...)
	if out := run(earn...); !strings.Contains(out, "400 available, 0 held, 0 pending, 0 owed") {
		t.Error(out)
	}
	if out := run(earn...); !strings.Contains(out, "as it was recorded before") {
		t.Error(out)
	}
	run(append([]string{"redeem", "--points", "150", "--receipt", "50000"}, who...)...)
	if out := run(append([]string{"adjust", "--points", "-50", "--reason", "counted twice"}, who...)...); !strings.Contains(out, "200 available") {
		t.Error(out)
	}
	if out := run(append([]string{"balance"}, who...)...); !strings.Contains(out, "400 earned, 150 spent, 0 expired, -50 adjusted") || !strings.Contains(out, "tier insider; 35000 more to vip") {
		t.Error(out)
	}
	if out := run("entries", "--customer", "1"); strings.Count(out, "\n") != 3 || !strings.Contains(out, "redeem    available -150") {
		t.Error(out)
	}
	if out := run("balance", "--programme", "beauty", "--customer", "1", "--json"); !strings.Contains(out, `"available": "200"`) {
		t.Error(out)
	}
	if out := run("holds", "--customer", "1"); !strings.HasPrefix(out, "hold  programme  points  for  ends\nas of 20") {
		t.Error(out)
	}
	if out := run("flow", "--programme", "beauty"); !strings.Contains(out, "(no member yet)  insider") || !strings.Contains(out, "1 members: 0 rose, 0 fell, 0 stayed, 1 joined\nas of 20") {
		t.Error(out)
	}
	if _, err := rapport(t, "loyalty", "redeem", "--embedded", "--data", data, "--programme", "beauty", "--customer", "1", "--points", "900", "--receipt", "990000"); err == nil ||
		!strings.Contains(plain(err), "200 points are available") {
		t.Error(err)
	}
	if _, err := rapport(t, "loyalty", "redeem", "--embedded", "--data", data, "--programme", "beauty", "--customer", "1", "--points", "150"); err == nil ||
		!strings.Contains(plain(err), "points pay at most 30.00 % of it") {
		t.Error(err)
	}
	if _, err := rapport(t, "loyalty", "balance", "--embedded", "--data", data, "--programme", "beauty", "--customer", "anna"); err == nil ||
		!strings.Contains(plain(err), "write a number, or an identity") {
		t.Error(err)
	}
}
