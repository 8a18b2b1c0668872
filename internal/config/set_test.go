package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

type settings struct {
	GRPC   string        `flag:"grpc" default:"127.0.0.1:9090" help:"address"`
	Grace  time.Duration `flag:"grace" default:"10s" help:"time to finish"`
	Max    Bytes         `flag:"max-message" default:"4MiB" help:"largest message"`
	Token  SecretFile    `flag:"token-file" help:"file of the token"`
	Peers  []string      `flag:"peers" help:"others"`
	OTLP   string        `flag:"otlp" env:"OTEL_EXPORTER_OTLP_ENDPOINT" help:"collector"`
	Nested struct {
		Quiet bool `flag:"quiet" help:"say less"`
	}
	Derived int
}

func load(t *testing.T, environ []string, args ...string) (settings, error) {
	t.Helper()
	var c, other settings
	s := New(environ, "RAPPORT_TEST_POSTGRES")
	fs := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	s.Bind(fs, &c)
	elsewhere := pflag.NewFlagSet("import", pflag.ContinueOnError)
	s.Bind(elsewhere, &other, &struct {
		Mapping string `flag:"mapping" help:"file"`
	}{})
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return c, s.Load(fs)
}

func TestNoConfigurationRuns(t *testing.T) {
	c, err := load(t, []string{"PATH=/bin"})
	if err != nil || c.GRPC != "127.0.0.1:9090" || c.Grace != 10*time.Second || c.Max != 4<<20 || c.Token != "" {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestFlagBeatsEnvironmentBeatsDefault(t *testing.T) {
	c, err := load(t, []string{
		"RAPPORT_GRPC=:1", "RAPPORT_GRACE=3s", "RAPPORT_MAX_MESSAGE=64KiB", "RAPPORT_PEERS=a,b",
		"RAPPORT_QUIET=true", "OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317", "RAPPORTS=not ours",
		"RAPPORT_MAPPING=x", "RAPPORT_TEST_POSTGRES=y",
	}, "--grpc", ":2")
	if err != nil || c.GRPC != ":2" || c.Grace != 3*time.Second || c.Max != 64<<10 || len(c.Peers) != 2 || !c.Nested.Quiet || c.OTLP != "http://c:4317" {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestUnknownVariableIsTold(t *testing.T) {
	_, err := load(t, []string{"RAPPORT_GRCP=:1", "RAPPORT_SOMETHING_ELSE_ALTOGETHER=1"})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"RAPPORT_GRCP is not a setting; did you mean RAPPORT_GRPC?", "RAPPORT_SOMETHING_ELSE_ALTOGETHER is not a setting"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}

func TestBadValueNamesTheVariableNotTheValue(t *testing.T) {
	_, err := load(t, []string{"RAPPORT_GRACE=hunter2"})
	if err == nil || !strings.Contains(err.Error(), "RAPPORT_GRACE") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestSecretFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := SecretFile(path).Read(); err != nil || string(got) != "s3cret" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := SecretFile("").Read(); err != nil || got != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := os.WriteFile(path, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := SecretFile(path).Read(); err == nil {
		t.Error("an empty secret was accepted")
	}
}

func TestBytes(t *testing.T) {
	for text, want := range map[string]Bytes{"4MiB": 4 << 20, "1GiB": 1 << 30, "12": 12, "7 KiB": 7 << 10, "1B": 1, "0": 0} {
		var b, again Bytes
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%s: got %d, %v", text, b, err)
		}
		if err := again.UnmarshalText([]byte(b.String())); err != nil || again != b {
			t.Errorf("%s: written as %s", text, b)
		}
	}
	for _, text := range []string{"", "4MB", "-1", "99999999999GiB", "x"} {
		if err := new(Bytes).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
