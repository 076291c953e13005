// Package vectors runs decisions recorded from the real upstream (tests/conformance) for the tests of the
// binding's modules. Every file that is named must be there and have steps; every step that a runner does not
// know fails.
package vectors

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Dir is where the vectors are: beside this source.
func Dir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "../../../../tests/conformance")
}

// Number is a double as the vectors write it.
type Number float64

func (n *Number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = Number(v)
	return err
}

func (n Number) Is(v float64) bool {
	return math.Float64bits(float64(n)) == math.Float64bits(v) || math.IsNaN(float64(n)) && math.IsNaN(v)
}

// Integer is an integer as the vectors write it.
type Integer int64

func (n *Integer) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*n = Integer(v)
	return err
}

// A Scenario is one line of a file.
type Scenario struct {
	Name   string
	Op     string
	Config json.RawMessage
	Epoch  int64 `json:"epoch_s"`
	Steps  []json.RawMessage

	T    *testing.T
	Step int
}

// At is the time of an instant of the scenario.
func (s *Scenario) At(t Integer) time.Time { return time.Unix(s.Epoch, int64(t)).UTC() }

// Since is the instant of a time.
func (s *Scenario) Since(t time.Time) Integer { return Integer(t.Sub(time.Unix(s.Epoch, 0))) }

// Same compares one number of an answer.
func Same[T comparable](s *Scenario, what string, have, want T) {
	s.T.Helper()
	if have != want {
		s.T.Errorf("%s, step %d: %s is %v, want %v", s.Name, s.Step, what, have, want)
	}
}

// Double compares doubles to the bit.
func (s *Scenario) Double(what string, have float64, want Number) {
	s.T.Helper()
	if !want.Is(have) {
		s.T.Errorf("%s, step %d: %s is %v, want %v", s.Name, s.Step, what, have, float64(want))
	}
}

// Must ends the test on an error.
func (s *Scenario) Must(err error) {
	s.T.Helper()
	if err != nil {
		s.T.Fatalf("%s, step %d: %v", s.Name, s.Step, err)
	}
}

// Config reads the configuration of a scenario.
func Config[T any](s *Scenario) (c T) {
	s.Must(json.Unmarshal(s.Config, &c))
	return c
}

// Each goes through the steps.
func Each[T any](s *Scenario, do func(step *T)) {
	for i, raw := range s.Steps {
		var step T
		s.Step = i
		s.Must(json.Unmarshal(raw, &step))
		do(&step)
	}
}

func read(t *testing.T, path string) []*Scenario {
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
	var list []*Scenario
	for decoder := json.NewDecoder(in); ; {
		s := &Scenario{T: t}
		if err := decoder.Decode(s); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		list = append(list, s)
	}
}

// Run runs the scenarios of files by their operations.
func Run(t *testing.T, patterns []string, ops map[string]func(s *Scenario)) {
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(Dir(), pattern+".jsonl*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("there are no vectors %s", pattern)
		}
		for _, path := range files {
			t.Run(filepath.Base(path), func(t *testing.T) {
				steps := 0
				for _, s := range read(t, path) {
					run := ops[s.Op]
					if run == nil {
						t.Fatalf("%s: no runner for the operation %s", s.Name, s.Op)
					}
					s.T = t
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
