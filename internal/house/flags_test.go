package house

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// built is the real binary, since only it knows which flags a command has.
var built = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs(workspace)
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", filepath.Join(dir, "rapport"), "./services/rapport")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &buildError{string(out)}
	}
	return filepath.Join(dir, "rapport"), nil
})

type buildError struct{ told string }

func (e *buildError) Error() string { return e.told }

// settings are the flags and variables of rapport serve.
type settings struct{ help string }

func serveSettings(t *testing.T) settings {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.Command(binary, "serve", "--help")
	cmd.Stdout, cmd.Env = &out, []string{}
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return settings{out.String()}
}

var flagShape = regexp.MustCompile(`^--[a-z][a-z-]*(=|$)`)

// check finds arguments of a process that rapport serve would refuse.
func (s settings) check(t *testing.T, where string, args []string) {
	t.Helper()
	if len(args) == 0 || args[0] != "serve" {
		t.Errorf("%s: runs %q, not serve", where, args)
		return
	}
	for _, arg := range args[1:] {
		if !strings.HasPrefix(arg, "-") {
			if _, err := os.Stat(filepath.Join(root, "services", arg, "bind.go")); err != nil {
				t.Errorf("%s: no service is named %s", where, arg)
			}
			continue
		}
		name, _, _ := strings.Cut(arg, "=")
		if !flagShape.MatchString(arg) || !strings.Contains(s.help, " "+name+" ") {
			t.Errorf("%s: rapport serve has no %s", where, name)
		}
	}
}

// checkEnv finds variables of ours that rapport serve would refuse.
func (s settings) checkEnv(t *testing.T, where, name string) {
	t.Helper()
	if strings.HasPrefix(name, "RAPPORT_") && !strings.Contains(s.help, "($"+name+")") {
		t.Errorf("%s: rapport serve has no $%s", where, name)
	}
}

// value is what a flag is given; "" if it is not.
func value(args []string, flag string) string {
	for _, arg := range args {
		if v, ok := strings.CutPrefix(arg, flag+"="); ok {
			return v
		}
	}
	return ""
}
