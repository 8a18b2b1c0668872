package bench

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// duckdbVersion is the engine that the lake's questions are measured beside. It comes
// from npm into a folder that is gone afterwards: nothing depends on it.
const duckdbVersion = "1.5.6-r.1"

//go:embed testdata/duckdb.mjs
var duckdbScript []byte

// peer is DuckDB in a process of its own; nil: there is none.
type peer struct {
	process *process
	mu      sync.Mutex
	in      io.Writer
	out     *bufio.Reader
}

// newPeer installs and starts DuckDB with as many threads as Go has, where there is
// npm and it can; else it says so.
func newPeer(b *testing.B) *peer {
	b.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Printf("DuckDB is left out: there is no %s here\n", tool)
			return nil
		}
	}
	dir := b.TempDir()
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", dir, "@duckdb/node-api@"+duckdbVersion)
	if said, err := install.CombinedOutput(); err != nil {
		fmt.Printf("DuckDB is left out: npm does not get it: %v\n%s\n", err, said)
		return nil
	}
	script := filepath.Join(dir, "duckdb.mjs")
	if err := os.WriteFile(script, duckdbScript, 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("node", script, fmt.Sprint(threads))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &peer{process: &process{cmd: cmd}, in: in, out: bufio.NewReaderSize(out, 1<<20)}
}

// threads is how many processors the measurement is about.
const threads = 2

// ask runs a statement and returns its rows.
func (p *peer) ask(sql string) ([][]any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line, err := json.Marshal(sql)
	if err != nil {
		return nil, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	said, err := p.out.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	var bad struct{ Error string }
	if json.Unmarshal(said, &bad) == nil && bad.Error != "" {
		return nil, fmt.Errorf("DuckDB: %s", bad.Error)
	}
	var rows [][]any
	return rows, json.Unmarshal(said, &rows)
}

// open defines the table of a lake's events by the text that the project gives to
// users of DuckDB.
func (p *peer) open(lake string) error {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "lake", "duckdb.sql"))
	if err != nil {
		return err
	}
	if _, err := p.ask(fmt.Sprintf("SET VARIABLE lake = '%s'", lake)); err != nil {
		return err
	}
	_, err = p.ask(string(text))
	return err
}

// step is one of a funnel, within so many microseconds of the one before.
type step struct {
	kind   string
	within int64
}

// funnelSQL is deploy/lake/funnel.sql for other steps, with what makes it faster:
// events that are no step are left out at once, and of persons only the deepest step is
// asked for, not how long it took.
func funnelSQL(steps []step) string {
	var q strings.Builder
	is := make([]string, len(steps))
	for i, s := range steps {
		is[i] = fmt.Sprintf("(kind = '%s' OR kind LIKE '%s.%%')", s.kind, s.kind)
	}
	fmt.Fprintf(&q, "WITH reached1 AS (SELECT customer_id AS unit, at_us, sequence, event_id, kind, %s AS to1 FROM events\n"+
		"WHERE brand = 'demo' AND customer_id <> 0 AND NOT employee AND (%s))", is[0], strings.Join(is, " OR "))
	for i := 1; i < len(steps); i++ {
		fmt.Fprintf(&q, `,
behind%[1]d AS (SELECT *, MAX(CASE WHEN to%[1]d THEN at_us END) OVER (PARTITION BY unit ORDER BY at_us, sequence, event_id
ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS at%[1]d FROM reached%[1]d),
reached%[2]d AS (SELECT *, %[3]s AND at_us - at%[1]d <= %[4]d AS to%[2]d FROM behind%[1]d)`, i, i+1, is[i], steps[i].within)
	}
	q.WriteString("\nSELECT ")
	for i := range steps {
		fmt.Fprintf(&q, "COUNT(DISTINCT CASE WHEN to%d THEN unit END), ", i+1)
	}
	fmt.Fprintf(&q, "FROM reached%d", len(steps))
	return strings.Replace(q.String(), ", FROM", " FROM", 1)
}

// between parts the kinds of a path in the answer; no kind has it.
const between = "\x1f"

// pathsSQL are the 20 commonest sequences of kinds; length bounds them to the first
// so many, 0: all. The last row has all units and how many paths there are.
func pathsSQL(length int) string {
	kinds := "list(kind ORDER BY at_us, sequence, event_id)"
	if length > 0 {
		kinds += fmt.Sprintf("[1:%d]", length)
	}
	return fmt.Sprintf(`WITH way AS (
  SELECT array_to_string(%s, chr(31)) AS kinds FROM events
  WHERE brand = 'demo' AND customer_id <> 0 AND NOT employee GROUP BY customer_id),
ways AS (SELECT kinds, COUNT(*) AS units FROM way GROUP BY kinds),
top AS (SELECT kinds, units FROM ways ORDER BY units DESC, kinds LIMIT 20)
SELECT kinds, units FROM (
  SELECT kinds, units, 0 AS last FROM top UNION ALL SELECT COUNT(*)::VARCHAR, SUM(units)::BIGINT, 1 FROM ways)
ORDER BY last, units DESC, kinds`, kinds)
}
