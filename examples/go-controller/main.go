// A small controller that scales Deployments as an HPA would, by weir's decisions. A Deployment asks for it
// with annotations:
//
//	weir/min-replicas, weir/max-replicas   bounds, 1 and 10
//	weir/per-replica                       what one replica takes of the load
//	weir/load                              the load now, which somebody keeps up to date
//
// In a real controller the load comes from a metrics system; here the annotation stands for it, so that all
// there is to see is how weir is used: one machine an object, kept as long as the object is there, asked
// when it is due or the object changes, told when a write failed.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	weir "weir/bindings/go"
)

// Scaler reconciles Deployments.
type Scaler struct {
	client.Client
	Events record.EventRecorder
	Now    func() time.Time

	mu       sync.Mutex
	machines map[types.NamespacedName]*machine
}

// machine is what is remembered of one Deployment.
type machine struct {
	config settings
	hpa    *weir.HPA
}

// settings are what the annotations ask for.
type settings struct {
	least, most int32
	perReplica  int64 // thousandths of the load
}

func read(annotations map[string]string) (s settings, load int64, err error) {
	number := func(key string, missing int64) int64 {
		text, ok := annotations["weir/"+key]
		if !ok || err != nil {
			return missing
		}
		q, problem := weir.ParseQuantity(text)
		if problem != nil {
			err = fmt.Errorf("annotation weir/%s: %w", key, problem)
		}
		return q.Milli()
	}
	s.least, s.most = int32(number("min-replicas", 1000)/1000), int32(number("max-replicas", 10000)/1000)
	s.perReplica = number("per-replica", 0)
	return s, number("load", 0), err
}

// machineOf gives the machine of an object, made anew, with the memory of the one before, when the settings
// were changed.
func (s *Scaler) machineOf(name types.NamespacedName, want settings, now time.Time) (*weir.HPA, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.machines[name]
	if old != nil && old.config == want {
		return old.hpa, nil
	}
	config := weir.DefaultHPAConfig()
	config.MinReplicas, config.MaxReplicas = want.least, want.most
	config.Reserve = 100 // it is asked more often than every SyncPeriod: whenever the object changes
	config.Metrics = []weir.HPAMetric{{Source: weir.MetricSourceExternal, Name: "load",
		TargetType: weir.TargetTypeAverageValue, Target: want.perReplica}}
	hpa, err := weir.NewHPA(config, now)
	if err != nil {
		return nil, err
	}
	if old != nil {
		if err := hpa.Adopt(old.hpa); err != nil {
			return nil, err
		}
	}
	if s.machines == nil {
		s.machines = map[types.NamespacedName]*machine{}
	}
	s.machines[name] = &machine{want, hpa}
	return hpa, nil
}

func (s *Scaler) forget(name types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.machines, name)
}

// Reconcile decides about one Deployment. The manager never runs it twice at a time for the same one, which is
// what a machine asks for.
func (s *Scaler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var d appsv1.Deployment
	if err := s.Get(ctx, request.NamespacedName, &d); err != nil {
		if apierrors.IsNotFound(err) {
			s.forget(request.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if _, ok := d.Annotations["weir/per-replica"]; !ok {
		s.forget(request.NamespacedName)
		return ctrl.Result{}, nil
	}
	now := s.Now()
	want, load, err := read(d.Annotations)
	if err != nil {
		return s.refuse(&d, err), nil
	}
	hpa, err := s.machineOf(request.NamespacedName, want, now)
	if err != nil {
		return s.refuse(&d, err), nil
	}
	replicas := int32(1)
	if d.Spec.Replicas != nil {
		replicas = *d.Spec.Replicas
	}
	decision, why, err := hpa.Explain(now, weir.HPAInput{Replicas: replicas, StatusReplicas: d.Status.Replicas,
		Metrics: []weir.HPAMetricInput{{Values: []int64{load}}}})
	if err != nil {
		return ctrl.Result{}, err
	}
	if decision.Apply() {
		patch := client.MergeFrom(d.DeepCopy())
		d.Spec.Replicas = &decision.Replicas
		if err := s.Patch(ctx, &d, patch); err != nil {
			return ctrl.Result{}, errFirst(err, hpa.WriteFailed())
		}
		log.FromContext(ctx).Info("scaled", "from", decision.Current, "to", decision.Replicas, "why", weir.Why(why))
		s.Events.Eventf(&d, corev1.EventTypeNormal, "Scaled", "%d -> %d by %v", decision.Current, decision.Replicas, decision.Rule)
	}
	return ctrl.Result{RequeueAfter: max(hpa.Due().Sub(now), time.Second)}, nil
}

// refuse says what is wrong with the annotations; nothing is to be done until they change.
func (s *Scaler) refuse(d *appsv1.Deployment, err error) ctrl.Result {
	s.Events.Eventf(d, corev1.EventTypeWarning, "Refused", "%v", err)
	return ctrl.Result{}
}

func errFirst(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// SetupWithManager lets a manager call Reconcile.
func (s *Scaler) SetupWithManager(manager ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(manager).Named("weir").For(&appsv1.Deployment{}).Complete(s)
}

func main() {
	manager, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{})
	if err == nil {
		scaler := &Scaler{Client: manager.GetClient(), Now: time.Now, Events: manager.GetEventRecorderFor("weir")}
		err = scaler.SetupWithManager(manager)
	}
	if err == nil {
		err = manager.Start(ctrl.SetupSignalHandler())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-controller:", err)
		os.Exit(1)
	}
}
