// Package kubernetes_test renders the Helm chart with Helm's own packages and decodes what
// comes out into the types of Kubernetes.
package kubernetes_test

import (
	"io"
	"log"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/strvals"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"
)

const chartDir = "thumbery"

// everything switches on all that the chart can do.
var everything = []string{
	"monitoring.enabled=true", "ingress.enabled=true", "ingress.tlsSecret=img-tls", "ingress.className=nginx",
	"balancer.autoscaling.enabled=true", "nodes.shared=s3://derived/thumbery?region=eu-west-1",
	"secrets.signing.name=thumbery-signing", "secrets.hook.name=thumbery-hook", "secrets.purge=thumbery-purge",
	`files.cloudflare\.toml=[request]`, "nodes.flags.purge-url=file:/etc/thumbery/cloudflare.toml",
	"nodes.flags.tag-header={Cache-Tag,xkey}", "nodes.flags.sharpen=false", "nodes.cache.storageClassName=local",
	"nodes.annotations.a=b", "balancer.annotations.a=b", "nodes.nodeSelector.disk=nvme", "balancer.nodeSelector.a=b",
	"nodes.tolerations[0].operator=Exists", "balancer.tolerations[0].operator=Exists", "nodes.env[0].name=A", "nodes.env[0].value=B",
	"service.annotations.a=b", "ingress.annotations.a=b", "serviceAccount.annotations.a=b", "monitoring.labels.release=prometheus",
	"networkPolicy.admin[0].podSelector.matchLabels.app=minio", "networkPolicy.clients[0].ipBlock.cidr=10.0.0.0/8",
	"nodes.image.pullSecrets[0].name=registry", "balancer.image.pullSecrets[0].name=registry",
}

// cases are the values that each test of all manifests runs with.
var cases = []struct {
	name, file string
	set        []string
}{
	{"default", "values.yaml", nil},
	{"1", "values-1.yaml", nil},
	{"3", "values-3.yaml", nil},
	{"30", "values-30.yaml", nil},
	{"everything", "values-30.yaml", everything},
	{"everything on one node", "values-1.yaml", everything},
}

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // Helm tells of each symbolic link
	m.Run()
}

var loadChart = sync.OnceValues(func() (*chart.Chart, error) { return loader.Load(chartDir) })

func valuesOf(t *testing.T, file string, set ...string) chartutil.Values {
	t.Helper()
	values, err := chartutil.ReadValuesFile(filepath.Join(chartDir, file))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range set {
		if err := strvals.ParseInto(s, values); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// template is helm template: the files of the chart as text. An error is that of Helm.
func template(t *testing.T, file string, set ...string) (map[string]string, error) {
	t.Helper()
	c, err := loadChart()
	if err != nil {
		t.Fatal(err)
	}
	release := chartutil.ReleaseOptions{Name: "img", Namespace: "pictures", Revision: 1, IsInstall: true}
	values, err := chartutil.ToRenderValues(c, valuesOf(t, file, set...), release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	return engine.Engine{Strict: true}.Render(c, values)
}

// render decodes what helm template prints. A field that Kubernetes does not know, or a key
// that is there twice, ends the test.
func render(t *testing.T, file string, set ...string) manifests {
	t.Helper()
	texts, err := template(t, file, set...)
	if err != nil {
		t.Fatal(err)
	}
	var all manifests
	for name, text := range texts {
		if path.Ext(name) != ".yaml" {
			continue
		}
		for _, document := range strings.Split(text, "\n---\n") {
			if strings.TrimSpace(document) == "" {
				continue
			}
			object, err := decode(document)
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, document)
			}
			all = append(all, object)
		}
	}
	return all
}

var strictDecoder = func() runtime.Decoder {
	if err := monitoring.AddToScheme(scheme.Scheme); err != nil {
		panic(err)
	}
	return json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true})
}()

func decode(document string) (runtime.Object, error) {
	object, _, err := strictDecoder.Decode([]byte(document), nil, nil)
	return object, err
}

// manifests are all objects of a release.
type manifests []runtime.Object

// get returns the object of a type with a name.
func get[T interface {
	runtime.Object
	GetName() string
}](t *testing.T, all manifests, name string) T {
	t.Helper()
	for _, o := range all {
		if object, ok := o.(T); ok && object.GetName() == name {
			return object
		}
	}
	var none T
	t.Fatalf("no %T %s", none, name)
	return none
}

// count tells how many objects of a type there are.
func count[T runtime.Object](all manifests) (n int) {
	for _, o := range all {
		if _, ok := o.(T); ok {
			n++
		}
	}
	return n
}

func TestStrictDecoder(t *testing.T) {
	for _, document := range []string{
		"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selektor: {a: b}}\n",
		"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nmetadata: {name: b}\n",
		"apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nspec: {endpoints: [{pfad: /metrics}]}\n",
		"apiVersion: apps/v1\nkind: Stateful\n",
	} {
		if _, err := decode(document); err == nil {
			t.Errorf("decodes %q", document)
		}
	}
}

// TestLint is helm lint with each file of values.
func TestLint(t *testing.T) {
	for _, c := range cases {
		for _, m := range lint.AllWithKubeVersion(chartDir, valuesOf(t, c.file, c.set...), "pictures", &chartutil.DefaultCapabilities.KubeVersion).Messages {
			if !strings.Contains(m.Err.Error(), "icon is recommended") {
				t.Errorf("%s: %v", c.name, m)
			}
		}
	}
}

// TestValuesRefused: the schema knows all values, and refuses what the templates cannot use.
func TestValuesRefused(t *testing.T) {
	for _, set := range []string{
		"nodes.replica=3", "nodes.replicas=0", "nodes.replicas=drei", "nodes.source={}", "nodes.shared=/srv", "nodes.flags.max-files=1000000",
		"nodes.flags.key=k1:secret", "nodes.flags.admin-token=secret", "nodes.cache.size=much", "balancer.threads=0", "balancer.balanceFactor=50", "secrets.adminToken.name=",
		"service.type=Any", "nodes.spread=no", "secret.s3=a",
	} {
		if _, err := template(t, "values.yaml", set); err == nil {
			t.Errorf("%s is accepted", set)
		}
	}
}

// TestNotes: what helm install prints names the Secrets that pods wait for.
func TestNotes(t *testing.T) {
	texts, err := template(t, "values-3.yaml", everything...)
	if err != nil {
		t.Fatal(err)
	}
	notes := texts["thumbery/templates/NOTES.txt"]
	for _, want := range []string{"thumbery-admin", "thumbery-s3", "thumbery-signing", "3 node(s)", "http://img-thumbery.pictures:80"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q is not in\n%s", want, notes)
		}
	}
}

// perCase runs a test with all manifests of each case.
func perCase(t *testing.T, test func(t *testing.T, all manifests)) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			all := render(t, c.file, c.set...)
			if len(all) < 6 {
				t.Fatalf("%d objects", len(all))
			}
			test(t, all)
		})
	}
}
