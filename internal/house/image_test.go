package house

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// instruction is one line of a Dockerfile, its continuations joined.
type instruction struct{ name, rest string }

func instructions(text string) []instruction {
	var list []instruction
	var line strings.Builder
	for row := range strings.SplitSeq(text, "\n") {
		row = strings.TrimSpace(row)
		if row == "" || strings.HasPrefix(row, "#") {
			continue
		}
		part, more := strings.CutSuffix(row, `\`)
		line.WriteString(part)
		if more {
			continue
		}
		name, rest, _ := strings.Cut(line.String(), " ")
		list = append(list, instruction{name, strings.TrimSpace(rest)})
		line.Reset()
	}
	return list
}

// The last stage is what runs.
func last(list []instruction) []instruction {
	for i, ins := range slices.Backward(list) {
		if ins.name == "FROM" {
			return list[i:]
		}
	}
	return nil
}

func find(list []instruction, name string) string {
	for _, ins := range slices.Backward(list) {
		if ins.name == name {
			return ins.rest
		}
	}
	return ""
}

func TestDockerfile(t *testing.T) {
	all := instructions(read(t, "deploy/Dockerfile"))
	known := []string{"FROM", "ARG", "WORKDIR", "ENV", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
	for _, ins := range all {
		if !slices.Contains(known, ins.name) || ins.rest == "" {
			t.Errorf("instruction %s %s", ins.name, ins.rest)
		}
		// What is copied out of the context must be there.
		if ins.name == "COPY" && !strings.HasPrefix(ins.rest, "--from") {
			words := strings.Fields(ins.rest)
			for _, from := range words[:len(words)-1] {
				if _, err := os.Stat(filepath.Join(root, from)); err != nil {
					t.Errorf("copies %s: %v", from, err)
				}
				if !strings.Contains(read(t, "deploy/Dockerfile.dockerignore"), "!"+strings.TrimPrefix(from, "./")+"\n") {
					t.Errorf("copies %s, which the ignore file leaves out", from)
				}
			}
		}
	}
	runs := last(all)
	if user := find(runs, "USER"); !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user) {
		t.Errorf("runs as %q; give numbers that are not root", user)
	}
	if !strings.Contains(find(runs, "HEALTHCHECK"), "/healthz") || find(runs, "ENTRYPOINT") != `["rapport"]` {
		t.Error("no health check, or another entry point")
	}
	if !strings.Contains(find(all[:1], "FROM"), goVersion(t)) {
		t.Errorf("builds with %s, go.mod wants %s", find(all[:1], "FROM"), goVersion(t))
	}
	if !strings.Contains(find(all, "ENV"), "RAPPORT_GRPC") {
		t.Error("the image listens on loopback")
	}
	s := serveSettings(t)
	for _, ins := range all {
		for _, pair := range strings.Fields(ins.rest) {
			if name, _, ok := strings.Cut(pair, "="); ok && ins.name == "ENV" {
				s.checkEnv(t, "Dockerfile", name)
			}
		}
	}
}

// goVersion is go.mod's, without the patch.
func goVersion(t *testing.T) string {
	t.Helper()
	return regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))[1]
}
