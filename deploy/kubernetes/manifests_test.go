package kubernetes_test

import (
	"maps"
	"slices"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func (all manifests) nodes(t *testing.T) *apps.StatefulSet {
	t.Helper()
	return get[*apps.StatefulSet](t, all, "img-thumbery")
}

// hasBalancer reports that HAProxy is in front.
func (all manifests) hasBalancer() bool { return count[*apps.Deployment](all) > 0 }

// pods are the templates of all pods, with their labels.
func (all manifests) pods() (pods []core.PodTemplateSpec) {
	for _, o := range all {
		switch o := o.(type) {
		case *apps.StatefulSet:
			pods = append(pods, o.Spec.Template)
		case *apps.Deployment:
			pods = append(pods, o.Spec.Template)
		}
	}
	return pods
}

// selected is the template of the pods that a selector matches.
func (all manifests) selected(t *testing.T, selector map[string]string) core.PodTemplateSpec {
	t.Helper()
	for _, p := range all.pods() {
		if len(selector) > 0 && contains(p.Labels, selector) {
			return p
		}
	}
	t.Fatalf("no pod has %v", selector)
	return core.PodTemplateSpec{}
}

func contains(labels, selector map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return true
}

// portNames are those that a pod's containers name.
func portNames(p core.PodTemplateSpec) (names []string) {
	for _, c := range p.Spec.Containers {
		for _, port := range c.Ports {
			names = append(names, port.Name)
		}
	}
	return names
}

// Each file of values gives so many nodes and balancers.
func TestReplicas(t *testing.T) {
	for file, want := range map[string][3]int{"values.yaml": {3, 1, 2}, "values-1.yaml": {1, 0, 0}, "values-3.yaml": {3, 1, 2}, "values-30.yaml": {30, 1, 0}} {
		all := render(t, file)
		nodes := all.nodes(t).Spec
		got := [3]int{int(*nodes.Replicas), count[*apps.Deployment](all)}
		if all.hasBalancer() {
			if replicas := get[*apps.Deployment](t, all, "img-thumbery-balancer").Spec.Replicas; replicas != nil {
				got[2] = int(*replicas)
			}
		}
		if got != want {
			t.Errorf("%s: nodes, deployments and balancers are %v, want %v", file, got, want)
		}
		peers := slices.Contains(nodes.Template.Spec.Containers[0].Args, "--peers=dns+http://img-thumbery-nodes.pictures.svc.cluster.local:8081")
		if several := want[0] > 1; peers != several {
			t.Errorf("%s: --peers is there: %v", file, peers)
		}
	}
}

// HAProxy grows and shrinks with the load, and nothing else: the others hold caches.
func TestAutoscaling(t *testing.T) {
	all := render(t, "values-30.yaml")
	if n := count[*autoscaling.HorizontalPodAutoscaler](all); n != 1 {
		t.Fatalf("%d autoscalers", n)
	}
	spec := get[*autoscaling.HorizontalPodAutoscaler](t, all, "img-thumbery-balancer").Spec
	if target := spec.ScaleTargetRef; target.Kind != "Deployment" || target.Name != "img-thumbery-balancer" || *spec.MinReplicas != 3 || spec.MaxReplicas != 12 {
		t.Errorf("%+v", spec)
	}
	if replicas := get[*apps.Deployment](t, all, "img-thumbery-balancer").Spec.Replicas; replicas != nil {
		t.Errorf("the deployment has %d replicas: an upgrade would undo the autoscaler", *replicas)
	}
}

// An upgrade gives each node the time that it may take, takes one at a time, and leaves the
// cache.
func TestNodes(t *testing.T) {
	perCase(t, func(t *testing.T, all manifests) {
		spec := all.nodes(t).Spec
		container := spec.Template.Spec.Containers[0]
		if !slices.Contains(container.Args, "--drain=5s") || !slices.Contains(container.Args, "--grace=30s") || *spec.Template.Spec.TerminationGracePeriodSeconds <= 35 {
			t.Errorf("%d seconds for %q", *spec.Template.Spec.TerminationGracePeriodSeconds, container.Args)
		}
		if spec.PodManagementPolicy != apps.ParallelPodManagement || spec.UpdateStrategy.Type != apps.RollingUpdateStatefulSetStrategyType || spec.MinReadySeconds < 10 {
			t.Errorf("%+v", spec)
		}
		headless := get[*core.Service](t, all, spec.ServiceName).Spec
		if headless.ClusterIP != core.ClusterIPNone || !headless.PublishNotReadyAddresses {
			t.Errorf("%+v", headless)
		}
		claim := spec.VolumeClaimTemplates[0]
		at := slices.IndexFunc(container.VolumeMounts, func(m core.VolumeMount) bool { return m.Name == claim.Name })
		if at < 0 || !slices.Contains(container.Args, "--cache="+container.VolumeMounts[at].MountPath) {
			t.Errorf("the volume is mounted at %+v, and the arguments are %q", container.VolumeMounts, container.Args)
		}
	})
}

// Every pod is one of a budget, and no budget keeps a machine from being drained.
func TestDisruptionBudgets(t *testing.T) {
	perCase(t, func(t *testing.T, all manifests) {
		n := 0
		for _, o := range all {
			if budget, ok := o.(*policy.PodDisruptionBudget); ok {
				all.selected(t, budget.Spec.Selector.MatchLabels)
				n++
				if *budget.Spec.MaxUnavailable != intstr.FromInt32(1) {
					t.Errorf("%+v", budget.Spec)
				}
			}
		}
		if n != len(all.pods()) {
			t.Errorf("%d budgets for %d kinds of pods", n, len(all.pods()))
		}
	})
}

// Selectors match pods, and ports have the names that pods give them.
func TestPorts(t *testing.T) {
	perCase(t, func(t *testing.T, all manifests) {
		for _, o := range all {
			var selector map[string]string
			var ports []string
			switch o := o.(type) {
			case *core.Service:
				selector = o.Spec.Selector
				for _, p := range o.Spec.Ports {
					ports = append(ports, p.TargetPort.StrVal)
				}
			case *monitoring.PodMonitor:
				selector = o.Spec.Selector.MatchLabels
				for _, e := range o.Spec.PodMetricsEndpoints {
					ports = append(ports, *e.Port)
				}
			case *networking.NetworkPolicy:
				selector, ports = o.Spec.PodSelector.MatchLabels, ingressPorts(o)
			default:
				continue
			}
			names := portNames(all.selected(t, selector))
			for _, port := range ports {
				if !slices.Contains(names, port) {
					t.Errorf("%T: port %q is none of %q", o, port, names)
				}
			}
		}
		for _, p := range all.pods() {
			c := p.Spec.Containers[0]
			for _, probe := range []*core.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
				if probe == nil || !slices.Contains(portNames(p), probe.HTTPGet.Port.StrVal) {
					t.Errorf("%s: probe %+v", c.Name, probe)
				}
			}
		}
	})
}

func ingressPorts(p *networking.NetworkPolicy) (names []string) {
	for _, rule := range p.Spec.Ingress {
		for _, port := range rule.Ports {
			names = append(names, port.Port.StrVal)
		}
	}
	return names
}

// ServiceMonitors find a Service with a port of that name, and send the token of the nodes.
func TestServiceMonitor(t *testing.T) {
	all := render(t, "values-3.yaml", everything...)
	monitor := get[*monitoring.ServiceMonitor](t, all, "img-thumbery").Spec
	found := 0
	for _, o := range all {
		service, ok := o.(*core.Service)
		if !ok || !contains(service.Labels, monitor.Selector.MatchLabels) {
			continue
		}
		found++
		if service.Labels[monitor.JobLabel] != "thumbery" {
			t.Errorf("the job is %q, and alerts.yml expects thumbery", service.Labels[monitor.JobLabel])
		}
		if !slices.ContainsFunc(service.Spec.Ports, func(p core.ServicePort) bool { return p.Name == monitor.Endpoints[0].Port }) {
			t.Errorf("no port %q", monitor.Endpoints[0].Port)
		}
	}
	if found != 1 {
		t.Errorf("%d Services are scraped", found)
	}
	if c := monitor.Endpoints[0].Authorization.Credentials; c.Name != "thumbery-admin" || c.Key != "token" {
		t.Errorf("credentials are %+v", c)
	}
}

// Two objects of a kind never have one name, and all have the labels of the release.
func TestNames(t *testing.T) {
	perCase(t, func(t *testing.T, all manifests) {
		seen := map[string]bool{}
		for _, o := range all {
			m := o.(meta.Object)
			name := o.GetObjectKind().GroupVersionKind().Kind + " " + m.GetName()
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
			if m.GetLabels()["app.kubernetes.io/instance"] != "img" {
				t.Errorf("%s: %v", name, slices.Sorted(maps.Keys(m.GetLabels())))
			}
		}
	})
}
