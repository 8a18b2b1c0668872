package shell_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// TestANewerTimeAloneIsNothingNew: an open page is not sent again what says the same, up
// to a later moment, wherever the part says that.
func TestANewerTimeAloneIsNothingNew(t *testing.T) {
	drawn, err := shell.NewDrawings(fstest.MapFS{"templates/x.html": &fstest.MapFile{Data: []byte(`{{define "x"}}<b>{{.Data.Value}}</b> <i>{{.Data.About}}</i>{{end}}`)}}, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	type data struct {
		shell.Dated
		Value, About string
	}
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, l := range shell.Langs {
		version := func(value string, at time.Time) string {
			fresh := l.Fresh(timestamppb.New(at), time.UTC)
			out := drawn.Draw(t.Context(), l, l, nil, []shell.Section{{ID: "x", Load: func(context.Context) (any, error) {
				return &data{shell.Dated{AsOf: fresh}, value, fmt.Sprintf("2 of 3 · %s · more", fresh)}, nil
			}}})
			return out[0].Version
		}
		first := version("8", noon)
		if again := version("8", noon.Add(25*time.Hour)); again != first {
			t.Errorf("%s: a later moment is another version", l.Code)
		}
		if version("9", noon) == first {
			t.Errorf("%s: another number is the same version", l.Code)
		}
	}
}
