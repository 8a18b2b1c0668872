package shell

import "testing"

func TestCellsRunNothing(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "order.placed": "order.placed", "": "", "@x": "'@x"} {
		if got := inert(in); got != want {
			t.Errorf("inert(%q) = %q, want %q", in, got, want)
		}
	}
}
