package lake

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"sync"
)

// listOf is the path of the list of a brand's live files, for engines that cannot ask
// for the manifest. It lies apart from the events, so that none takes it for data.
func listOf(brand string) string { return path.Join("live", "brand="+brand, table+".csv") }

// listing keeps two sealings of this process from writing one list at a time.
var listing sync.Mutex

// list writes the list of a brand. It may be a moment behind the manifest; the files
// it names stay readable for the grace.
func (l *Lake) list(ctx context.Context, brand string) error {
	listing.Lock()
	defer listing.Unlock()
	files, err := l.Files(ctx, brand)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{{"path", "first_day", "last_day", "bucket", "events", "upto_seq"}}
	for _, f := range files {
		rows = append(rows, []string{f.Path, f.Days.From.String(), (f.Days.Until - 1).String(), strconv.Itoa(int(f.Bucket)),
			strconv.FormatInt(f.Events, 10), strconv.FormatInt(f.UptoSeq, 10)})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	to := l.local(listOf(brand))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(to+unfinished, out.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(to+unfinished, to)
}
