package weir_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Decisions recorded from the real upstream (tests/conformance), through the binding. Every file that is
// named must be there and have steps; every step that a runner does not know fails.

const vectors = "../../tests/conformance"

// number is a double as the vectors write it.
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = number(v)
	return err
}

func (n number) is(v float64) bool {
	return math.Float64bits(float64(n)) == math.Float64bits(v) || math.IsNaN(float64(n)) && math.IsNaN(v)
}

// integer is an integer as the vectors write it.
type integer int64

func (n *integer) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*n = integer(v)
	return err
}

type scenario struct {
	Name   string
	Op     string
	Config json.RawMessage
	Epoch  int64 `json:"epoch_s"`
	Steps  []json.RawMessage

	t    *testing.T
	step int
}

// at is the time of an instant of the scenario.
func (s *scenario) at(t integer) time.Time { return time.Unix(s.Epoch, int64(t)).UTC() }

// since is the instant of a time.
func (s *scenario) since(t time.Time) integer { return integer(t.Sub(time.Unix(s.Epoch, 0))) }

// same compares one number of an answer.
func same[T comparable](s *scenario, what string, have, want T) {
	s.t.Helper()
	if have != want {
		s.t.Errorf("%s, step %d: %s is %v, want %v", s.Name, s.step, what, have, want)
	}
}

// close compares doubles to the bit.
func (s *scenario) double(what string, have float64, want number) {
	s.t.Helper()
	if !want.is(have) {
		s.t.Errorf("%s, step %d: %s is %v, want %v", s.Name, s.step, what, have, float64(want))
	}
}

func (s *scenario) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s, step %d: %v", s.Name, s.step, err)
	}
}

func config[T any](s *scenario) (c T) {
	s.must(json.Unmarshal(s.Config, &c))
	return c
}

// each goes through the steps.
func each[T any](s *scenario, do func(step *T)) {
	for i, raw := range s.Steps {
		var step T
		s.step = i
		s.must(json.Unmarshal(raw, &step))
		do(&step)
	}
}

func readVectors(t *testing.T, path string) []*scenario {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var in io.Reader = bufio.NewReader(file)
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(in); err != nil {
			t.Fatal(err)
		}
	}
	var list []*scenario
	for decoder := json.NewDecoder(in); ; {
		s := &scenario{t: t}
		if err := decoder.Decode(s); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		list = append(list, s)
	}
}

// conform runs the scenarios of files by their operations.
func conform(t *testing.T, patterns []string, ops map[string]func(s *scenario)) {
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(vectors, pattern+".jsonl*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("there are no vectors %s", pattern)
		}
		for _, path := range files {
			t.Run(filepath.Base(path), func(t *testing.T) {
				steps := 0
				for _, s := range readVectors(t, path) {
					run := ops[s.Op]
					if run == nil {
						t.Fatalf("%s: no runner for the operation %s", s.Name, s.Op)
					}
					s.t = t
					run(s)
					steps += len(s.Steps)
				}
				if steps == 0 {
					t.Error("no step was run")
				}
				t.Logf("%d steps", steps)
			})
		}
	}
}
