// Command prometheus records conformance vectors for weir from the real
// Prometheus code: the PromQL engine over a real TSDB, the exposition parsers,
// the HTTP API encoder, the official API client and the PromQL parser.
//
//	go run . -seed 1 -out DIR [topic ...]        record vectors (all topics by default)
//	go run . -seed 7 -scale 2 -random -out DIR   only random scenarios, twice as many
//
// The same seed gives byte-identical files.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

type options struct {
	seed     uint64
	out      string
	scale    float64
	named    bool
	queries  string
	matrix   string
	expo     string
	maxReal  int
	upstream string
}

// scenario is one line of a topic file.
type scenario struct {
	name, why, op string
	config        obj
	epoch         int64
	steps         []any
}

type sink struct {
	o     *options
	w     *bufio.Writer
	names map[string]bool
	n     int
}

func newSink(o *options, w io.Writer) *sink {
	return &sink{o: o, w: bufio.NewWriter(w), names: map[string]bool{}}
}

func (s *sink) add(sc scenario) {
	if s.names[sc.name] {
		panic("duplicate scenario name " + sc.name)
	}
	s.names[sc.name] = true
	line := enc(nil, obj{
		{"name", sc.name}, {"why", sc.why}, {"upstream", s.o.upstream}, {"op", sc.op},
		{"config", sc.config}, {"epoch_s", sc.epoch}, {"steps", sc.steps},
	})
	if len(line) > 1<<20 {
		panic(fmt.Sprintf("scenario %s: line of %d bytes", sc.name, len(line)))
	}
	s.w.Write(line)
	s.w.WriteByte('\n')
	s.n++
}

func moduleVersion(path string) string {
	if bi, ok := debug.ReadBuildInfo(); ok {
		for _, d := range bi.Deps {
			if d.Path == path {
				return d.Version
			}
		}
	}
	return "unknown"
}

func rng(seed uint64, topic string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(topic))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

type topicFunc func(o *options, s *sink) error

var topics = []struct {
	name string
	f    topicFunc
}{
	{"promql_instant", topicInstant},
	{"promql_range", topicRange},
	{"exposition", topicExposition},
	{"api_json", topicAPI},
	{"parse", topicParse},
	{"promql_triggers", topicTriggers},
	{"promql_real", topicReal},
}

func main() {
	o := &options{}
	flag.Uint64Var(&o.seed, "seed", 1, "seed of every random choice")
	flag.StringVar(&o.out, "out", "", "folder the topic files are written to")
	flag.Float64Var(&o.scale, "scale", 1, "multiplies the number of random scenarios")
	random := flag.Bool("random", false, "random scenarios only")
	flag.StringVar(&o.queries, "queries", "", "trigger queries instead of those in trigger_queries.jsonl")
	flag.StringVar(&o.matrix, "matrix", "", "comma-separated query_range JSON files (.json.gz) for the topic promql_real")
	flag.StringVar(&o.expo, "exposition", "", "comma-separated exposition files for the topic exposition")
	flag.IntVar(&o.maxReal, "max-real-series", 16, "series taken from each query_range file")
	sv := flag.String("survey", "", "print the PromQL features of each query of this trigger_queries.jsonl and stop")
	flag.Parse()
	o.named = !*random
	if *sv != "" {
		if err := survey(*sv); err != nil {
			fatal(err)
		}
		return
	}
	if o.out == "" {
		fmt.Fprintln(os.Stderr, "usage: -seed N -out DIR [topic ...]")
		os.Exit(2)
	}
	o.upstream = "github.com/prometheus/prometheus " + moduleVersion("github.com/prometheus/prometheus")
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		fatal(err)
	}
	want := map[string]bool{}
	for _, a := range flag.Args() {
		want[a] = true
	}
	for _, t := range topics {
		if len(want) > 0 && !want[t.name] {
			continue
		}
		f, err := os.Create(filepath.Join(o.out, t.name+".jsonl"))
		if err != nil {
			fatal(err)
		}
		s := newSink(o, f)
		if err := t.f(o, s); err != nil {
			fatal(fmt.Errorf("%s: %w", t.name, err))
		}
		s.w.Flush()
		f.Close()
		if s.n == 0 {
			os.Remove(filepath.Join(o.out, t.name+".jsonl"))
			continue
		}
		fmt.Printf("%-16s %d scenarios\n", t.name, s.n)
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func splitList(s string) []string {
	var r []string
	for _, p := range strings.Split(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			r = append(r, p)
		}
	}
	return r
}
