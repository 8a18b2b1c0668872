package outbox

import (
	"testing"

	"github.com/rapport-cx/rapport/services/gateway/page/shell/shelltest"
)

// TestLanguagesSayTheSame: no text is missing in one of them, and all take what
// the others take.
func TestLanguagesSayTheSame(t *testing.T) {
	for _, l := range catalogues[1:] {
		shelltest.SameWords(t, l.Code, *catalogues[0], *l)
	}
}
