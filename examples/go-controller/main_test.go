package main

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	weir "weir/bindings/go"
	"weir/bindings/go/k8s"
)

var name = types.NamespacedName{Namespace: "default", Name: "web"}

func deployment(annotations map[string]string) *appsv1.Deployment {
	labels := map[string]string{"app": "web"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name, Annotations: annotations},
		Spec: appsv1.DeploymentSpec{Replicas: new(int32(2)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "none"}}}}},
	}
}

func replicas(t *testing.T, c client.Client) int32 {
	t.Helper()
	var d appsv1.Deployment
	if err := c.Get(context.Background(), name, &d); err != nil {
		t.Fatal(err)
	}
	return *d.Spec.Replicas
}

func annotate(t *testing.T, c client.Client, key, value string) {
	t.Helper()
	var d appsv1.Deployment
	if err := c.Get(context.Background(), name, &d); err != nil {
		t.Fatal(err)
	}
	patch := client.MergeFrom(d.DeepCopy())
	d.Annotations[key] = value
	if err := c.Patch(context.Background(), &d, patch); err != nil {
		t.Fatal(err)
	}
}

// Against the fake client, minute by minute, on a clock of the test's own.
func TestScalesByWeir(t *testing.T) {
	now, broken := time.Unix(1700000000, 0), false
	c := fake.NewClientBuilder().WithObjects(deployment(map[string]string{"weir/per-replica": "5", "weir/load": "10"})).
		WithInterceptorFuncs(interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, o client.Object,
			p client.Patch, options ...client.PatchOption) error {
			if broken {
				return errors.New("the API server says no")
			}
			return c.Patch(ctx, o, p, options...)
		}}).Build()
	events := record.NewFakeRecorder(100)
	s := &Scaler{Client: c, Events: events, Now: func() time.Time { return now }}
	reconcile := func(after time.Duration) (ctrl.Result, error) {
		now = now.Add(after)
		return s.Reconcile(context.Background(), ctrl.Request{NamespacedName: name})
	}
	step := func(after time.Duration, want int32) {
		t.Helper()
		result, err := reconcile(after)
		if err != nil || result.RequeueAfter <= 0 {
			t.Fatalf("%+v, %v", result, err)
		}
		if have := replicas(t, c); have != want {
			t.Fatalf("%d replicas, want %d", have, want)
		}
	}
	step(0, 2)
	annotate(t, c, "weir/load", "38")
	step(15*time.Second, 4) // at most double without a behavior
	step(15*time.Second, 8)
	annotate(t, c, "weir/load", "1000")
	broken = true
	if _, err := reconcile(15 * time.Second); err == nil {
		t.Error("a write that failed is not told")
	}
	broken = false
	step(15*time.Second, 10) // the upper bound
	annotate(t, c, "weir/load", "0")
	step(15*time.Second, 10) // what was wanted in the last five minutes holds
	step(4*time.Minute, 10)
	step(time.Minute, 1)

	annotate(t, c, "weir/max-replicas", "0")
	if result, err := reconcile(15 * time.Second); err != nil || result.RequeueAfter != 0 {
		t.Errorf("what is refused waits for the next change: %+v, %v", result, err)
	}
	refused := ""
	for len(events.Events) > 0 {
		refused = <-events.Events
	}
	if want := "Warning Refused weir: max_replicas: must be in [1, 2147483647], got 0"; refused != want {
		t.Errorf("the event is %q, want %q", refused, want)
	}
	if err := c.Delete(context.Background(), deployment(nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := reconcile(time.Second); err != nil || len(s.machines) != 0 {
		t.Errorf("%d machines are left, %v", len(s.machines), err)
	}
}

// Against a real kube-apiserver and etcd, in real time: where KUBEBUILDER_ASSETS has both.
func TestInACluster(t *testing.T) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Skip("KUBEBUILDER_ASSETS names no folder with kube-apiserver and etcd; tests/go/cluster.sh makes one")
	}
	environment := &envtest.Environment{ControlPlaneStartTimeout: 2 * time.Minute}
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	}()
	manager, err := ctrl.NewManager(config, ctrl.Options{Scheme: scheme.Scheme, Metrics: server.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}
	s := &Scaler{Client: manager.GetClient(), Now: time.Now, Events: manager.GetEventRecorderFor("weir")}
	if err := s.SetupWithManager(manager); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	direct, err := client.New(config, client.Options{Scheme: scheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	if err := direct.Create(ctx, deployment(map[string]string{"weir/per-replica": "5", "weir/load": "20"})); err != nil {
		t.Fatal(err)
	}
	becomes := func(want int32) {
		t.Helper()
		for end := time.Now().Add(time.Minute); replicas(t, direct) != want; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d replicas, want %d", replicas(t, direct), want)
			}
		}
	}
	becomes(4)
	annotate(t, direct, "weir/load", "33") // the change wakes the controller
	becomes(7)
	annotate(t, direct, "weir/load", "1000")
	becomes(10)
	var list corev1.EventList
	if err := direct.List(ctx, &list, client.InNamespace(name.Namespace)); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d events", len(list.Items))
}

// The adapter takes an object of KEDA's own type.
func TestKEDAsOwnType(t *testing.T) {
	so := &kedav1alpha1.ScaledObject{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", Annotations: map[string]string{"autoscaling.keda.sh/paused-scale-in": "true"}},
		Spec: kedav1alpha1.ScaledObjectSpec{
			ScaleTargetRef:  &kedav1alpha1.ScaleTarget{Name: "web"},
			MinReplicaCount: new(int32(1)), MaxReplicaCount: new(int32(20)), PollingInterval: new(int32(15)),
			Fallback: &kedav1alpha1.Fallback{FailureThreshold: 3, Replicas: 6, Behavior: kedav1alpha1.FallbackBehaviorCurrentReplicas},
			Triggers: []kedav1alpha1.ScaleTriggers{{Type: "prometheus", Name: "load", MetricType: "AverageValue",
				Metadata: map[string]string{"serverAddress": "http://prometheus:9090", "query": "sum(load)", "threshold": "2.5", "activationThreshold": "1"}}},
		},
	}
	c, err := k8s.ScaledObjectConfig(so)
	if err != nil {
		t.Fatal(err)
	}
	if *c.MinReplicas != 1 || *c.MaxReplicas != 20 || c.IdleReplicas != nil || c.PollingInterval != 15*time.Second ||
		!c.PausedScaleIn || c.Fallback.Behavior != weir.FallbackBehaviorCurrentReplicas || len(c.Triggers) != 1 ||
		c.Triggers[0].Target != 2500 || c.Triggers[0].Activation != 1 || c.Triggers[0].MetricName != "s0-prometheus" {
		t.Errorf("read as %+v", c)
	}
	so.Spec.Triggers[0].Metadata["threshold"] = "many"
	_, err = k8s.ScaledObjectConfig(so)
	var e *weir.Error
	if !errors.As(err, &e) || e.Path != "spec.triggers[0].metadata.threshold" {
		t.Errorf("a threshold that is no number: %v", err)
	}
}
