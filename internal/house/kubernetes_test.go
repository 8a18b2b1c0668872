package house

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rapport-cx/rapport/internal/config"
)

// object is what we check of a Kubernetes object; its schema is for kubectl.
type object struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Spec struct {
		Selector yaml.Node `yaml:"selector"`
		Ports    []struct {
			TargetPort string `yaml:"targetPort"`
		} `yaml:"ports"`
		ScaleTargetRef struct{ Kind, Name string } `yaml:"scaleTargetRef"`
		MinReplicas    int                         `yaml:"minReplicas"`
		MaxUnavailable int                         `yaml:"maxUnavailable"`
		Template       struct {
			Spec pod `yaml:"spec"`
		} `yaml:"template"`
	} `yaml:"spec"`
}

type pod struct {
	Grace      int         `yaml:"terminationGracePeriodSeconds"`
	Containers []container `yaml:"containers"`
	Volumes    []struct {
		Name string `yaml:"name"`
	} `yaml:"volumes"`
}

type container struct {
	Name, Image string
	Args        []string
	Env         []struct{ Name string }
	Ports       []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	VolumeMounts []struct {
		Name      string
		MountPath string `yaml:"mountPath"`
	} `yaml:"volumeMounts"`
	Startup   probe `yaml:"startupProbe"`
	Readiness probe `yaml:"readinessProbe"`
	Liveness  probe `yaml:"livenessProbe"`
}

type probe struct {
	GRPC *struct {
		Port    int
		Service string
	} `yaml:"grpc"`
	HTTP *struct{ Path, Port string } `yaml:"httpGet"`
	TCP  *struct{ Port string }       `yaml:"tcpSocket"`
}

func (p probe) given() bool { return p.GRPC != nil || p.HTTP != nil || p.TCP != nil }

// objects reads every document under a folder of deploy/kubernetes.
func objects(t *testing.T) []object {
	t.Helper()
	var all []object
	err := filepath.WalkDir(filepath.Join(root, "deploy/kubernetes/suite"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path) == "kustomization.yaml" {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		for dec := yaml.NewDecoder(bytes.NewReader([]byte(read(t, rel)))); ; {
			var o object
			if err := dec.Decode(&o); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if o.APIVersion == "" || o.Kind == "" || o.Metadata.Name == "" {
				t.Errorf("%s: a document without apiVersion, kind or name", rel)
			}
			all = append(all, o)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestKubernetes(t *testing.T) {
	flags, all := serveSettings(t), objects(t)
	kinds := map[string][]string{}
	for _, o := range all {
		kinds[o.Kind] = append(kinds[o.Kind], o.Metadata.Name)
		if o.Kind == "Deployment" {
			checkPod(t, flags, o)
		}
	}
	// What scales, what guards and what is called is each deployment, by its name.
	for _, kind := range []string{"Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"} {
		if !slices.Equal(sorted(kinds[kind]), sorted(kinds["Deployment"])) {
			t.Errorf("%s of %v, deployments are %v", kind, kinds[kind], kinds["Deployment"])
		}
	}
	for _, o := range all {
		if o.Kind == "HorizontalPodAutoscaler" && (o.Spec.ScaleTargetRef.Name != o.Metadata.Name || o.Spec.MinReplicas < 2) {
			t.Errorf("the scaling of %s is of %s, from %d", o.Metadata.Name, o.Spec.ScaleTargetRef.Name, o.Spec.MinReplicas)
		}
	}
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

func checkPod(t *testing.T, flags settings, o object) {
	t.Helper()
	name, p := o.Metadata.Name, o.Spec.Template.Spec
	for _, c := range p.Containers {
		flags.check(t, name, c.Args)
		for _, e := range c.Env {
			flags.checkEnv(t, name, e.Name)
		}
		if time.Duration(p.Grace)*time.Second <= drain(t, c.Args)-10*time.Second {
			t.Errorf("%s is killed after %d s, while a drain takes %s", name, p.Grace, drain(t, c.Args))
		}
		ports := map[string]bool{}
		for _, port := range c.Ports {
			ports[port.Name] = true
		}
		for what, probe := range map[string]probe{"startup": c.Startup, "readiness": c.Readiness, "liveness": c.Liveness} {
			switch {
			case !probe.given():
				t.Errorf("%s has no %s probe", name, what)
			case probe.HTTP != nil && (probe.HTTP.Path != "/healthz" || !ports[probe.HTTP.Port]), probe.TCP != nil && !ports[probe.TCP.Port]:
				t.Errorf("%s: the %s probe asks for what is not served", name, what)
			case probe.GRPC != nil && !slices.Contains(c.Args, probe.GRPC.Service):
				t.Errorf("%s: the %s probe asks for service %q", name, what, probe.GRPC.Service)
			}
		}
		checkFiles(t, name, c)
	}
}

// checkFiles finds files that are read and lie in no mounted folder.
func checkFiles(t *testing.T, name string, c container) {
	t.Helper()
	for _, arg := range c.Args {
		_, path, ok := strings.Cut(arg, "=/")
		in := func(m struct {
			Name      string
			MountPath string `yaml:"mountPath"`
		}) bool {
			return under("/"+path, m.MountPath)
		}
		if ok && !slices.ContainsFunc(c.VolumeMounts, in) {
			t.Errorf("%s: %s is in no volume", name, arg)
		}
	}
}

// The example must name files that are there, or that secrets.sh makes.
func TestKustomizations(t *testing.T) {
	var k struct {
		Resources []string `yaml:"resources"`
		Maps      []struct {
			Name  string
			Files []string
		} `yaml:"configMapGenerator"`
		Secrets []struct {
			Name  string
			Files []string
		} `yaml:"secretGenerator"`
	}
	for _, dir := range []string{"suite", "example"} {
		if err := yaml.Unmarshal([]byte(read(t, "deploy/kubernetes/"+dir+"/kustomization.yaml")), &k); err != nil {
			t.Fatal(err)
		}
		for _, r := range k.Resources {
			if found, _ := filepath.Glob(filepath.Join(root, "deploy/kubernetes", dir, r)); found == nil {
				t.Errorf("%s: no resource %s", dir, r)
			}
		}
	}
	script := read(t, "deploy/secrets.sh")
	for _, s := range k.Secrets {
		for _, file := range s.Files {
			if name, ok := strings.CutPrefix(file, "secrets/"); !ok || !strings.Contains(script, "\nkeep "+name+" ") {
				t.Errorf("secrets.sh does not make %s", file)
			}
		}
	}
	if _, err := config.ParseBrands([]byte(read(t, "deploy/kubernetes/example/brands.yaml"))); err != nil {
		t.Error(err)
	}
}
