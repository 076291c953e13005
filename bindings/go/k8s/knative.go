package k8s

import (
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	weir "weir/bindings/go"
)

// Knative's texts are read by the table of weir's settings, which has each key, type and bound; what a
// table cannot say is here.

const (
	knativeKPA    = "kpa.autoscaling.knative.dev"
	shareKey      = "container-concurrency-target-percentage"
	targetKey     = "container-concurrency-target-default"
	deadlineField = "progress_deadline"
)

// KPAConfig gives what a revision's annotations mean for weir, over the configuration of its cluster
// (KPASettings, or weir.DefaultKPAConfig). As Knative does at use, a text that cannot be read counts as
// absent, and any other is taken as it is: to refuse bad ones is the webhook's work.
func KPAConfig(cluster weir.KPAConfig, revision metav1.Object) weir.KPAConfig {
	return KPAAnnotations(cluster, revision.GetAnnotations())
}

// KPAAnnotations is KPAConfig for annotations alone.
func KPAAnnotations(cluster weir.KPAConfig, annotations map[string]string) weir.KPAConfig {
	c := cluster
	c.Metric = metricOf(annotations)
	to := reflect.ValueOf(&c).Elem()
	for _, f := range weir.Fields(weir.ConfigKPA) {
		text, ok := annotation(annotations, &f)
		if !ok || f.Name == "metric" {
			continue
		}
		member := to.FieldByName(weir.GoName(f.Name))
		if f.Name == "metric_aggregation_algorithm" {
			c.MetricAggregationAlgorithm = weir.WindowAlgorithmLinear
			if text == "weighted-exponential" || text == "weightedExponential" {
				c.MetricAggregationAlgorithm = weir.WindowAlgorithmWeightedExponential
			}
			continue
		}
		value, err := parse(&f, text)
		if err != nil || f.Name == "initial_scale" && value.(int32) == 0 && !c.AllowZeroInitialScale {
			continue
		}
		put(member, value)
	}
	return c
}

// annotation finds the text of a field; the canonical key counts first, even where it cannot be read.
func annotation(annotations map[string]string, f *weir.Field) (string, bool) {
	if !strings.Contains(f.Key, "/") {
		return "", false
	}
	if text, ok := annotations[f.Key]; ok {
		return text, true
	}
	text, ok := annotations[f.Alias]
	return text, ok && f.Alias != ""
}

// metricOf is the metric, or that of the class: the cluster's does not count at use.
func metricOf(annotations map[string]string) weir.KPAMetric {
	name, ok := annotations["autoscaling.knative.dev/metric"]
	if !ok {
		name = ""
		if class, ok := annotations["autoscaling.knative.dev/class"]; !ok || class == knativeKPA {
			name = "concurrency"
		}
	}
	switch name {
	case "concurrency":
		return weir.KPAMetricConcurrency
	case "rps":
		return weir.KPAMetricRPS
	}
	return weir.KPAMetricOther
}

// parse reads a text as Knative does.
func parse(f *weir.Field, text string) (any, error) {
	switch f.Type {
	case weir.FieldBool:
		return strconv.ParseBool(text)
	case weir.FieldInt:
		v, err := strconv.ParseInt(text, 10, 32)
		return int32(v), err
	case weir.FieldDouble:
		return strconv.ParseFloat(text, 64)
	case weir.FieldDuration:
		return time.ParseDuration(text)
	case weir.FieldText:
		return text, nil
	}
	return nil, errors.New("no text")
}

// put sets a field, which is a pointer where it may be unset.
func put(member reflect.Value, value any) {
	v := reflect.ValueOf(value)
	if member.Kind() == reflect.Pointer {
		p := reflect.New(member.Type().Elem())
		p.Elem().Set(v)
		v = p
	}
	member.Set(v)
}

// KPASettings lays the data of ConfigMap config-autoscaler over a configuration, which is
// weir.DefaultKPAConfig most of the time. As in Knative a problem refuses the whole ConfigMap: then there is
// an error, whose Path is the key, and the configuration that came in.
func KPASettings(config weir.KPAConfig, data map[string]string) (weir.KPAConfig, error) {
	c := config
	to := reflect.ValueOf(&c).Elem()
	for _, f := range weir.Fields(weir.ConfigKPA) {
		text, ok := data[f.GlobalKey]
		if !ok || f.GlobalKey == "" || f.Name == deadlineField {
			continue
		}
		value, err := setting(&f, text, c.Semantics)
		if err != nil {
			return config, err
		}
		put(to.FieldByName(weir.GoName(f.Name)), value)
	}
	if product := c.ContainerConcurrencyTargetPercentage * c.ContainerConcurrencyTargetDefault; product < 0.01 {
		return config, unfit(weir.ErrRange, targetKey, "times %s must be at least 0.01, but is %g", shareKey, product)
	}
	if c.InitialScale == 0 && !c.AllowZeroInitialScale {
		return config, unfit(weir.ErrRange, "initial-scale", "must be at least 1 unless allow-zero-initial-scale is true, got 0")
	}
	if limit := c.MaxScaleLimit; limit > 0 && (c.MaxScale < 1 || c.MaxScale > limit) {
		return config, unfit(weir.ErrRange, "max-scale", "must be in [1, %d], the max-scale-limit, got %d", limit, c.MaxScale)
	}
	if c.MaxScale > 0 && c.MinScale > c.MaxScale {
		return config, unfit(weir.ErrRange, "min-scale", "%d is above max-scale %d", c.MinScale, c.MaxScale)
	}
	return c, nil
}

func setting(f *weir.Field, text string, semantics weir.ServingRelease) (any, error) {
	value, err := parse(f, text)
	if err != nil {
		return nil, unfit(weir.ErrParse, f.GlobalKey, "cannot be read: %q", text)
	}
	switch v := value.(type) {
	case string:
		if semantics != weir.ServingRelease0_42 { // which keeps blanks
			return strings.TrimSpace(v), nil
		}
	case float64:
		return share(f, v, text)
	case int32:
		if int64(v) < f.Min || int64(v) > f.Max {
			err = unfit(weir.ErrRange, f.GlobalKey, "must be at least %d, got %q", f.Min, text)
		}
	case time.Duration:
		low, high := time.Duration(f.Min), time.Duration(f.Max)
		if f.Max >= 1<<60 {
			high = math.MaxInt64 // what is absurd weir refuses, Knative does not
		}
		if v < low || v > high || f.AboveMin && v == low || f.WholeSeconds && v != v.Round(time.Second) {
			err = unfit(weir.ErrRange, f.GlobalKey, "must be at least %v, at most %v and as exact as Knative takes it, got %q",
				low, high, text)
		}
	}
	return value, err
}

// share checks a float; above 1 the share of the target is a percentage, up to 1 a fraction.
func share(f *weir.Field, v float64, text string) (any, error) {
	low := f.FloatMin
	switch f.GlobalKey {
	case shareKey:
		if v > 1 {
			v /= 100
		}
	case targetKey:
		low = -math.MaxFloat64 // only its product with the share is checked
	}
	below := v < low || f.AboveMin && v == low
	if low == -math.MaxFloat64 {
		below = false
	}
	outside := (below || f.FloatMax < math.MaxFloat64 && v > f.FloatMax) && !(v == -1 && f.OrMinusOne)
	if odd := math.IsNaN(v) || math.IsInf(v, 0); outside || odd && !f.AnyFloat { // NaN passes upstream's comparisons
		return nil, unfit(weir.ErrRange, f.GlobalKey, "must be in [%g, %g], got %q", low, f.FloatMax, text)
	}
	return v, nil
}
