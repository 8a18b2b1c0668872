package records

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// all reads everything: rows as "line:a|b", malformed ones as "line!REASON".
func all(t *testing.T, text string, f Format, columns ...string) []string {
	t.Helper()
	r, err := New(strings.NewReader(text), f)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Bind(columns); err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		rec, err := r.Next()
		var bad *Malformed
		switch {
		case errors.Is(err, io.EOF):
			return got
		case errors.As(err, &bad):
			got = append(got, fmt.Sprintf("%d!%s", bad.Line, bad.Reason))
		case err != nil:
			t.Fatal(err)
		default:
			got = append(got, fmt.Sprintf("%d:%s", rec.Line, strings.Join(rec.Cells, "|")))
		}
	}
}

func TestCSV(t *testing.T) {
	latin, err := ParseEncoding("latin-1", "")
	if err != nil {
		t.Fatal(err)
	}
	mixed, err := ParseEncoding("utf-8", "windows-1251")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, text string
		format     Format
		want       []string
	}{
		{"plain", "a,b\n1,2\n3,4\n", Format{}, []string{"2:1|2", "3:3|4"}},
		{"no break at the end", "a,b\n1,2", Format{}, []string{"2:1|2"}},
		{"mark and CRLF", "\ufeffa,b\r\n1,2\r\n\r\n3,4\r\n", Format{}, []string{"2:1|2", "4:3|4"}},
		{"spaces in the head", "a  , b\n 1,2 \n", Format{}, []string{"2: 1|2 "}},
		{"quoted breaks stay whole", "a,b\n\"x\r\n\r\ny\",2\n3,4\n", Format{}, []string{"2:x\r\n\r\ny|2", "5:3|4"}},
		{"doubled quotes", "a,b\n\"\"\"x\"\", \"\"\",\"\"\n", Format{}, []string{"2:\"x\", \"|"}},
		{"lazy quotes", "a,b\n5\" pipe,\"the \"best\" one\"\n", Format{}, []string{"2:5\" pipe|the \"best\" one"}},
		{"doubled, then lazy", "a,b\n\"a\"\"b\"c\"\"\",2\n", Format{}, []string{"2:a\"b\"c\"|2"}},
		{"columns too few and too many", "a,b\n1\n1,2,3\n3,4\n", Format{},
			[]string{"2!ROW_COLUMNS", "3!ROW_COLUMNS", "4:3|4"}},
		{"an open quote takes nothing along", "a,b\n1,\"x\n3,4\n5,\"6\"\n7,8\n", Format{},
			[]string{"2!ROW_MALFORMED", "3:3|4", "4:5|6", "5:7|8"}},
		{"what is quoted by the rules stays one cell", "a,b\n1,\"x\n3,4\n5,\"\n7,8\n", Format{},
			[]string{"2:1|x\n3,4\n5,", "5:7|8"}},
		{"columns gone wrong over lines", "a,b\n1,\"x\n3\",4\n5,6\n", Format{},
			[]string{"2!ROW_COLUMNS", "3:3\"|4", "4:5|6"}},
		{"never closed", "a,b\n1,\"x\n3,4", Format{}, []string{"2!ROW_MALFORMED", "3:3|4"}},
		{"semicolons", "a;b\n1,5;2\n", Format{Delimiter: ';'}, []string{"2:1,5|2"}},
		{"no head", "1,2\n3,4\n", Format{Columns: []string{"a", "b"}}, []string{"1:1|2", "2:3|4"}},
		{"not UTF-8", "a,b\n\xe9,1\n\xc3\xa9,2\n", Format{}, []string{"2!ROW_ENCODING", "3:é|2"}},
		{"latin-1", "a,b\n\xe9,1\n", Format{Encoding: latin}, []string{"2:é|1"}},
		{"mixed", "a,b\n\xcf\xf0,1\nПр,2\n", Format{Encoding: mixed}, []string{"2:Пр|1", "3:Пр|2"}},
		{"too long", "a,b\n1," + strings.Repeat("x", maxRecord) + "\n3,4\n", Format{}, []string{"2!ROW_MALFORMED", "3:3|4"}},
		{"open for too long", "a,b\n1,\"" + strings.Repeat("\n", maxLines) + "\n3,4\n", Format{},
			[]string{"2!ROW_MALFORMED", fmt.Sprintf("%d:3|4", maxLines+3)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, all(t, tt.text, tt.format, "a", "b")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCSVColumns(t *testing.T) {
	r, err := New(strings.NewReader("a,b,b\n"), Format{})
	if err != nil {
		t.Fatal(err)
	}
	for column, want := range map[string]string{"c": `no column "c"; the file has a, b, b`, "b": `column "b" stands twice in the file`} {
		if err := r.Bind([]string{column}); err == nil || err.Error() != want {
			t.Errorf("bind %s: %v, want %s", column, err, want)
		}
	}
	if err := r.Bind([]string{"a", "a"}); err != nil {
		t.Errorf("a column may be used twice: %v", err)
	}
	for _, text := range []string{"", "\xff\xfea\x00", "\x1f\x8brubbish"} {
		if _, err := New(strings.NewReader(text), Format{}); err == nil {
			t.Errorf("head %q was taken", text)
		}
	}
}

func TestGzip(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.WriteString(w, "a,b\n1,2\n")
	w.Close()
	if diff := cmp.Diff([]string{"2:1|2"}, all(t, packed.String(), Format{}, "a", "b")); diff != "" {
		t.Error(diff)
	}
	// A file that was cut off is an error, not an end.
	r, err := New(bytes.NewReader(packed.Bytes()[:packed.Len()-6]), Format{})
	if err == nil {
		for err == nil {
			_, err = r.Next()
		}
	}
	if errors.Is(err, io.EOF) {
		t.Error("a file cut off reads as complete")
	}
}

func TestNDJSON(t *testing.T) {
	text := `{"a": "x", "b": {"c": 4.50, "d.e": true}, "f": ["1", 2]}` + "\n\n" +
		`{"a": 1` + "\n" + `[1]` + "\n" + `null` + "\n" + `{} {}` + "\n" + `{"a": null, "b": {"c": {"x": 1}}}`
	want := []string{"1:x|4.50|true|1\n2", "3!ROW_MALFORMED", "4!ROW_MALFORMED", "5!ROW_MALFORMED", "6!ROW_MALFORMED",
		"7:|{\"x\":1}||"}
	if diff := cmp.Diff(want, all(t, text, Format{JSON: true}, "a", "b.c", "b.d.e", "f")); diff != "" {
		t.Error(diff)
	}
}

// A file of any content ends, gives only whole lines, never goes back, and what
// was written by the rules is read back.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a,b\n\"x\ny\",2\n", "a,b\n1,\"\n\"\"\n3,4\n", "\ufeffa;b\r\n", "a,b\n\"a\"b,c\"\n"} {
		f.Add(s, byte(','))
	}
	f.Fuzz(func(t *testing.T, text string, comma byte) {
		if comma == 0 || comma == '"' || comma == '\n' || comma == '\r' {
			return
		}
		r, err := New(strings.NewReader(text), Format{Delimiter: comma, Columns: []string{"a", "b"}})
		if err != nil {
			return
		}
		if err := r.Bind([]string{"b", "a"}); err != nil {
			t.Fatal(err)
		}
		var last int64
		for {
			rec, err := r.Next()
			line := rec.Line
			var bad *Malformed
			if errors.As(err, &bad) {
				line = bad.Line
			} else if err != nil {
				break
			}
			if line <= last {
				t.Fatalf("line %d after %d", line, last)
			}
			last = line
		}
		quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		if strings.Count(text, "\n") > maxLines/2 || len(text) > maxRecord/8 {
			return
		}
		text = strings.ToValidUTF8(text, "?")
		got := all(t, quote(text)+string([]byte{comma})+quote(text)+"\n", Format{Delimiter: comma, Columns: []string{"a", "b"}}, "a", "b")
		if comma < 0x80 && !cmp.Equal(got, []string{"1:" + text + "|" + text}) {
			t.Fatalf("%q with %q reads back as %q", text, comma, got)
		}
	})
}

func FuzzNDJSON(f *testing.F) {
	f.Add(`{"a": 1}`)
	f.Add("{\"a\": {\"b\": [1, null]}}\n{")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := New(strings.NewReader(text), Format{JSON: true})
		if err != nil {
			return
		}
		if err := r.Bind([]string{"a", "a.b"}); err != nil {
			t.Fatal(err)
		}
		for {
			_, err := r.Next()
			var bad *Malformed
			if err != nil && !errors.As(err, &bad) {
				return
			}
		}
	})
}
