package kubernetes_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// Nobody but the other nodes, HAProxy, Prometheus and who was named reaches the admin
// listener, and nobody but HAProxy asks nodes for pictures.
func TestNetworkPolicy(t *testing.T) {
	reach := func(all manifests, policy, port string) (components []string) {
		for _, rule := range get[*networking.NetworkPolicy](t, all, policy).Spec.Ingress {
			if rule.Ports[0].Port.StrVal != port {
				continue
			}
			if len(rule.From) == 0 {
				components = append(components, "everybody")
			}
			for _, from := range rule.From {
				components = append(components, whoIs(from))
			}
		}
		return components
	}
	small, large := render(t, "values-1.yaml"), render(t, "values-30.yaml", everything...)
	for _, c := range []struct {
		all          manifests
		policy, port string
		want         []string
	}{
		{small, "img-thumbery", "http", []string{"everybody"}},
		{small, "img-thumbery", "admin", []string{"node"}},
		{large, "img-thumbery", "http", []string{"balancer"}},
		{large, "img-thumbery", "admin", []string{"node", "balancer", "monitoring", "minio"}},
		{large, "img-thumbery-balancer", "http", []string{"10.0.0.0/8"}},
		{large, "img-thumbery-balancer", "status", []string{"monitoring"}},
	} {
		if got := reach(c.all, c.policy, c.port); !slices.Equal(got, c.want) {
			t.Errorf("%s of %s: %q, want %q", c.port, c.policy, got, c.want)
		}
	}
}

func whoIs(p networking.NetworkPolicyPeer) string {
	switch {
	case p.IPBlock != nil:
		return p.IPBlock.CIDR
	case p.NamespaceSelector != nil:
		return p.NamespaceSelector.MatchLabels[core.LabelMetadataName]
	case p.PodSelector.MatchLabels["app"] != "":
		return p.PodSelector.MatchLabels["app"]
	}
	return p.PodSelector.MatchLabels["app.kubernetes.io/component"]
}

// Pods fit the restricted Pod Security Standard, and write to nothing but their volumes.
func TestPodSecurity(t *testing.T) {
	perCase(t, func(t *testing.T, all manifests) {
		for _, p := range all.pods() {
			pod, container := p.Spec.SecurityContext, p.Spec.Containers[0].SecurityContext
			switch {
			case !*pod.RunAsNonRoot || *pod.RunAsUser == 0 || pod.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault,
				*container.AllowPrivilegeEscalation || !*container.ReadOnlyRootFilesystem,
				!slices.Equal(container.Capabilities.Drop, []core.Capability{"ALL"}) || len(container.Capabilities.Add) > 0,
				*p.Spec.AutomountServiceAccountToken || len(p.Spec.Containers) > 1 || len(p.Spec.InitContainers) > 0:
				t.Errorf("%s: %+v, %+v", p.Spec.Containers[0].Name, pod, container)
			}
		}
	})
}

var long = regexp.MustCompile(`[0-9a-zA-Z+/]{24,}`)

// No manifest has a secret: there is no object for one, no variable with a value but those of
// the user, and nothing that looks like one.
func TestNoSecrets(t *testing.T) {
	perCase(t, func(t *testing.T, all manifests) {
		for _, o := range all {
			if _, ok := o.(*core.Secret); ok {
				t.Error("there is a Secret")
			}
			for _, word := range long.FindAllString(textOf(t, o), -1) {
				if !regexp.MustCompile("^[0-9a-f]{64}$").MatchString(word) && !strings.HasSuffix(word, "Seconds") && !isWord(word) {
					t.Errorf("%T: %s looks like a secret", o, word)
				}
			}
		}
		for _, v := range all.nodes(t).Spec.Template.Spec.Containers[0].Env {
			if v.Value != "" && v.Name != "A" {
				t.Errorf("%s has a value", v.Name)
			}
		}
	})
}

// isWord: letters only, as fields of Kubernetes have.
func isWord(s string) bool { return !strings.ContainsAny(s, "0123456789+") }

func textOf(t *testing.T, o runtime.Object) string {
	t.Helper()
	text, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
