package house

import (
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// composed is what we check of compose.yaml; the schema itself is for compose.
type composed struct {
	Services map[string]struct {
		Image       string            `yaml:"image"`
		Command     yaml.Node         `yaml:"command"`
		Environment map[string]string `yaml:"environment"`
		Secrets     []string          `yaml:"secrets"`
		Volumes     []string          `yaml:"volumes"`
		DependsOn   map[string]any    `yaml:"depends_on"`
		Grace       string            `yaml:"stop_grace_period"`
		ReadOnly    bool              `yaml:"read_only"`
		Deploy      struct {
			Replicas int `yaml:"replicas"`
		} `yaml:"deploy"`
	} `yaml:"services"`
	Secrets map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
	Volumes map[string]any `yaml:"volumes"`
}

func TestCompose(t *testing.T) {
	var c composed
	if err := yaml.Unmarshal([]byte(read(t, "deploy/compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	flags, script := serveSettings(t), read(t, "deploy/secrets.sh")
	for name, s := range c.Services {
		for other := range s.DependsOn {
			if _, ok := c.Services[other]; !ok {
				t.Errorf("%s waits for %s, which is not there", name, other)
			}
		}
		for _, secret := range s.Secrets {
			if c.Secrets[secret].File == "" || !strings.Contains(script, "\nkeep "+secret+" ") {
				t.Errorf("%s: secret %s is not declared, or secrets.sh does not make it", name, secret)
			}
		}
		var args []string
		if s.Image != "rapport" {
			continue
		}
		if err := s.Command.Decode(&args); err != nil {
			t.Fatal(err)
		}
		flags.check(t, name, args)
		for variable := range s.Environment {
			flags.checkEnv(t, name, variable)
		}
		for _, arg := range args {
			if _, file, ok := strings.Cut(arg, "/run/secrets/"); ok {
				mounted(t, name, file, s.Secrets)
			}
		}
		if grace, err := time.ParseDuration(s.Grace); err != nil || grace <= drain(t, args) {
			t.Errorf("%s is killed after %q, while a drain takes %s", name, s.Grace, drain(t, args))
		}
	}
	if c.Services["survey"].Deploy.Replicas != 2 || !strings.HasPrefix(c.Services["postgres"].Image, "postgres:16") || !strings.HasPrefix(c.Services["redis"].Image, "redis:7") {
		t.Error("not two replicas on PostgreSQL 16 and Redis 7")
	}
}

// The override turns on what there is, and files that it mounts are those that it names.
func TestComposeAccess(t *testing.T) {
	var c composed
	if err := yaml.Unmarshal([]byte(read(t, "deploy/compose.access.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	flags := serveSettings(t)
	if len(c.Services) != 5 {
		t.Errorf("%d services", len(c.Services))
	}
	for name, s := range c.Services {
		for variable, value := range s.Environment {
			flags.checkEnv(t, name, variable)
			there := variable == "RAPPORT_AUDIT"
			for _, v := range s.Volumes {
				_, inside, _ := strings.Cut(strings.TrimSuffix(v, ":ro"), ":")
				there = there || value == inside || strings.HasPrefix(value, inside+"/")
			}
			if !there {
				t.Errorf("%s: nothing is mounted at %s, for %s", name, value, variable)
			}
		}
	}
}

func mounted(t *testing.T, service, file string, secrets []string) {
	t.Helper()
	for _, s := range secrets {
		if s == file {
			return
		}
	}
	t.Errorf("%s reads secret %s, which it is not given", service, file)
}

// drain is how long a process with these arguments takes to stop at most: the
// waits it is told, and what comes after them (app.closeTime, twice).
func drain(t *testing.T, args []string) time.Duration {
	t.Helper()
	total := 20 * time.Second
	for flag, usual := range map[string]string{"--linger": "0s", "--grace": "15s"} {
		given := value(args, flag)
		if given == "" {
			given = usual
		}
		d, err := time.ParseDuration(given)
		if err != nil {
			t.Fatal(err)
		}
		total += d
	}
	return total
}
