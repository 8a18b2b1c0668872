// Package deploy reads what lies under deploy with the very parsers that will
// read it in production. It is a module of its own, so that the suite depends on
// none of them: GOWORK=off go test -C tools/deploy ./...
package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const folder = "../../deploy"

func TestDockerfile(t *testing.T) {
	f, err := os.Open(filepath.Join(folder, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parsed, err := parser.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range parsed.Warnings {
		t.Error(w.Short)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, text string, _ []parser.Range) { t.Error(rule, text) }})
	stages, _, err := instructions.Parse(parsed.AST, lint)
	if err != nil || len(stages) != 2 {
		t.Errorf("%d stages, %v", len(stages), err)
	}
}

func TestCompose(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{filepath.Join(folder, "compose.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(project.Services) != 7 {
		t.Errorf("services %v", project.ServiceNames())
	}
}

// With the override every service takes signed tokens and speaks TLS both ways, and
// keeps what it had.
func TestComposeAccess(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{filepath.Join(folder, "compose.yaml"), filepath.Join(folder, "compose.access.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range project.Services {
		if s.Image != "rapport" {
			continue
		}
		for _, variable := range []string{"RAPPORT_ACCESS", "RAPPORT_TLS_CERT", "RAPPORT_TLS_KEY", "RAPPORT_TLS_CA", "RAPPORT_TLS_CLIENT_CA"} {
			if v := s.Environment[variable]; v == nil || *v == "" {
				t.Errorf("%s has no %s", name, variable)
			}
		}
		if len(s.Volumes) < 4 || len(s.Secrets) < 2 || len(s.Command) < 5 {
			t.Errorf("%s lost something: %v", name, s)
		}
	}
}

// kinds are what we make; anything else was not meant, or wants a line here.
var kinds = map[string]func() any{
	"Deployment":              func() any { return new(appsv1.Deployment) },
	"Service":                 func() any { return new(corev1.Service) },
	"ConfigMap":               func() any { return new(corev1.ConfigMap) },
	"Secret":                  func() any { return new(corev1.Secret) },
	"HorizontalPodAutoscaler": func() any { return new(autoscalingv2.HorizontalPodAutoscaler) },
	"PodDisruptionBudget":     func() any { return new(policyv1.PodDisruptionBudget) },
	"PersistentVolumeClaim":   func() any { return new(corev1.PersistentVolumeClaim) },
}

// The overlay is built as kubectl would, and no field is one that Kubernetes
// does not know: the API server would drop it without a word.
func TestKubernetes(t *testing.T) {
	plain := build(t, "")
	guarded := build(t, "components: [../access]\n")
	if len(plain) != len(guarded) {
		t.Errorf("%d resources, with access %d", len(plain), len(guarded))
	}
	for _, text := range guarded {
		if strings.Contains(text, "\nkind: Deployment\n") && (!strings.Contains(text, "RAPPORT_ACCESS") || strings.Count(text, "scheme: HTTPS") != 2 || strings.Contains(text, "grpc:\n            port")) {
			t.Errorf("access is not turned on:\n%s", text)
		}
	}
}

// build is the example with something more in it.
func build(t *testing.T, more string) (out []string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(folder, "kubernetes"))); err != nil {
		t.Fatal(err)
	}
	secrets := filepath.Join(dir, "example", "secrets")
	if err := os.MkdirAll(secrets, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"token", "secret", "gateway-secret", "pgpass"} {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "example", "kustomization.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(text, more...), 0o600); err != nil {
		t.Fatal(err)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(dir, "example"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range built.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		into := kinds[r.GetKind()]
		if into == nil {
			t.Errorf("%s %s: not a kind we make", r.GetKind(), r.GetName())
			continue
		}
		if err := yaml.UnmarshalStrict(text, into()); err != nil {
			t.Errorf("%s %s: %v", r.GetKind(), r.GetName(), err)
		}
		out = append(out, string(text))
	}
	return out
}
