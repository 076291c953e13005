package weir

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write config_gen.go anew")

const generated = "config_gen.go"

// The structs of Go by their tables.
var configStructs = []struct {
	kind ConfigKind
	name string
	doc  string
}{
	{ConfigKPA, "KPAConfig", "is a Knative revision: the cluster's settings with the revision's laid over them."},
	{ConfigKPADecider, "KPADeciderConfig", "is the Knative decider alone (upstream: DeciderSpec)."},
	{ConfigKPACollector, "KPACollectorConfig", "is the Knative metric collector alone (upstream: MetricSpec)."},
	{ConfigHPA, "HPAConfig", "is a HorizontalPodAutoscaler, and the flags of its controller."},
	{ConfigScaledObject, "ScaledObjectConfig", "is a KEDA ScaledObject: spec, annotations, and the HPA that KEDA makes."},
	{ConfigBehavior, "BehaviorConfig", "is stabilization windows and scaling policies alone."},
	{ConfigWindow, "WindowConfig", "is a window of time buckets."},
}

var nestedStructs = map[string][2]string{
	"scale_up":   {"ScalingRules", "are the rules of one direction."},
	"scale_down": {"ScalingRules", ""},
	"policies":   {"ScalingPolicy", "is a cap of the change in a period."},
	"metrics":    {"HPAMetric", "is one metric of an HPA."},
	"triggers":   {"Trigger", "is one metric of a KEDA trigger; begin with NewTrigger."},
	"fallback":   {"Fallback", "says what takes the place of a metric that fails."},
	"modifiers":  {"ScalingModifiers", "make one metric of all by a formula."},
	"cron":       {"CronConfig", "is the window of a cron trigger."},
}

var enumTypes = map[string][2]string{
	"KPA metric":                       {"KPAMetric", "is what a revision scales on."},
	"KPA algorithm":                    {"WindowAlgorithm", "says how a window is averaged."},
	"KPA semantics":                    {"ServingRelease", "is a release of Knative serving whose arithmetic is used."},
	"HPA semantics":                    {"KubernetesRelease", "is a release of Kubernetes whose rules are used."},
	"HPA conversion":                   {"Conversion", "says how a number that an integer cannot hold becomes one."},
	"HPA scale_to_zero":                {"Gate", "is a feature gate."},
	"HPA select_policy":                {"SelectPolicy", "says which of several policies counts."},
	"HPA type":                         {"PolicyType", "is what a policy's value counts."},
	"HPA source":                       {"MetricSource", "is where a metric comes from."},
	"HPA target_type":                  {"TargetType", "is what a metric is held against."},
	"ScaledObject behavior":            {"FallbackBehavior", "says how a failing metric is replaced."},
	"ScaledObject type":                {"TriggerType", "is what a trigger asks."},
	"ScaledObject defect":              {"Defect", "is what is wrong with a spec that is in force all the same."},
	"HPA metric_type":                  {"TargetType", ""},
	"HPA configurable_tolerance":       {"Gate", ""},
	"KPA scaling_metric":               {"KPAMetric", ""},
	"KPA metric_aggregation_algorithm": {"WindowAlgorithm", ""},
}

// enumType finds the type of an enum: what a name means depends on the kind of autoscaler.
func enumType(family string, f *Field) [2]string {
	for _, one := range []string{family, "KPA", "HPA"} {
		found, ok := enumTypes[one+" "+f.Name]
		if ok && !(f.Name == "type" && f.Values[0] != "Pods" && one != "ScaledObject") &&
			!(f.Name == "type" && f.Values[0] == "Pods" && one == "ScaledObject") &&
			!(f.Name == "semantics" && strings.HasPrefix(f.Values[0], "serving") != (one == "KPA")) {
			return found
		}
	}
	panic("no Go type for the enum " + family + " " + f.Name)
}

var wordBreak = regexp.MustCompile(`[-_ ]+`)

func constantName(typeName, value string) string {
	value = strings.TrimPrefix(value, "serving ")
	words := wordBreak.Split(strings.ReplaceAll(value, ".", "·"), -1)
	for i, word := range words {
		switch word {
		case "rps", "cpu", "api":
			words[i] = strings.ToUpper(word)
		default:
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return typeName + strings.ReplaceAll(strings.Join(words, ""), "·", "_")
}

type generator struct {
	bytes.Buffer
	later []func()
	done  map[string]bool
}

func (g *generator) config(kind ConfigKind, name, doc string) {
	g.structure(strings.TrimSuffix(name, "Config"), name, doc+"\n// Begin with Default"+name+".", Fields(kind))
}

func (g *generator) structure(family, name, doc string, fields []Field) {
	if g.done[name] {
		return
	}
	g.done[name] = true
	fmt.Fprintf(g, "\n// %s %s\ntype %s struct {\n", name, doc, name)
	for i := range fields {
		f := &fields[i]
		fmt.Fprintf(g, "\t// %s", f.Doc)
		if f.Unit != "" && f.Type != FieldDuration {
			fmt.Fprintf(g, " In %s.", f.Unit)
		}
		if f.Key != "" {
			fmt.Fprintf(g, " Upstream: %s.", f.Key)
		} else if f.GlobalKey != "" {
			fmt.Fprintf(g, " Upstream: %s.", f.GlobalKey)
		}
		fmt.Fprintf(g, "\n\t%s %s\n", GoName(f.Name), g.goType(family, f))
	}
	g.WriteString("}\n")
}

func (g *generator) goType(family string, f *Field) string {
	switch f.Type {
	case FieldEnum:
		found := enumType(family, f)
		g.enum(found[0], f.Values)
		return found[0]
	case FieldStruct:
		nested := nestedStructs[f.Name]
		fields := f.Fields
		g.later = append(g.later, func() { g.structure(family, nested[0], nested[1], fields) })
		if f.isList() {
			return "[]" + nested[0]
		}
		return nested[0]
	}
	if f.Name == "stabilization_window" { // unset has a meaning in one direction; so has it in the other
		return "*time.Duration"
	}
	return f.basicType()
}

func (g *generator) enum(name string, values []string) {
	if g.done[name] {
		return
	}
	g.done[name] = true
	doc := ""
	for _, found := range enumTypes {
		if found[0] == name && found[1] != "" {
			doc = found[1]
		}
	}
	g.later = append(g.later, func() {
		fmt.Fprintf(g, "\n// A %s %s\ntype %s int32\n\n// The values of a %s.\nconst (\n", name, doc, name, name)
		for i, value := range values {
			fmt.Fprintf(g, "\t%s %s = %d // %q\n", constantName(name, value), name, i, value)
		}
		fmt.Fprintf(g, ")\n\nfunc (v %s) String() string { return enumName(int(v), %#v) }\n", name, values)
	})
}

func generate(t *testing.T) []byte {
	g := &generator{done: map[string]bool{}}
	g.WriteString("// Code generated from the field tables by `go test -run TestConfigsAreGenerated -update`. DO NOT EDIT.\n\n" +
		"package weir\n\nimport \"time\"\n")
	for _, one := range configStructs {
		g.config(one.kind, one.name, one.doc)
		for len(g.later) > 0 {
			run := g.later[0]
			g.later = g.later[1:]
			run()
		}
	}
	source, err := format.Source(g.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// The structs have every field of the tables, with its type, and nothing else.
func TestConfigsAreGenerated(t *testing.T) {
	want := generate(t)
	if *update {
		if err := os.WriteFile(generated, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(generated)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s is not what the field tables make; go test -run TestConfigsAreGenerated -update writes it", generated)
	}
}
