package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp/syntax"
	"sort"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// matching gives a text a regular expression accepts.
func matching(r *rand.Rand, re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		if len(re.Rune) == 0 {
			return ""
		}
		i := r.IntN(len(re.Rune)/2) * 2
		lo, hi := re.Rune[i], re.Rune[i+1]
		if lo < 'a' && hi > 'z' {
			lo, hi = 'a', 'z'
		}
		if hi-lo > 30 {
			hi = lo + 30
		}
		return string(lo + rune(r.IntN(int(hi-lo)+1)))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return string(rune('a' + r.IntN(26)))
	case syntax.OpConcat:
		var b strings.Builder
		for _, s := range re.Sub {
			b.WriteString(matching(r, s))
		}
		return b.String()
	case syntax.OpAlternate:
		return matching(r, re.Sub[r.IntN(len(re.Sub))])
	case syntax.OpCapture:
		return matching(r, re.Sub[0])
	case syntax.OpStar, syntax.OpPlus:
		var b strings.Builder
		for i := int64(0); i < ri(r, 1, 3); i++ {
			b.WriteString(matching(r, re.Sub[0]))
		}
		return b.String()
	case syntax.OpQuest:
		if chance(r, 0.5) {
			return matching(r, re.Sub[0])
		}
	case syntax.OpRepeat:
		var b strings.Builder
		for i := 0; i < max(1, re.Min); i++ {
			b.WriteString(matching(r, re.Sub[0]))
		}
		return b.String()
	}
	return ""
}

type wanted struct {
	name    string
	ms      []*labels.Matcher
	counter bool
}

// dataFor makes series that the selectors of an expression meet, and some they do not.
func dataFor(r *rand.Rand, e parser.Expr) (ss []series, last int64) {
	var ws []wanted
	group := map[string]bool{}
	offsets := map[int64]bool{0: true}
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		switch x := n.(type) {
		case *parser.VectorSelector:
			w := wanted{ms: x.LabelMatchers}
			for _, m := range x.LabelMatchers {
				if m.Name == "__name__" && m.Type == labels.MatchEqual {
					w.name = m.Value
				}
			}
			for _, p := range path {
				if c, ok := p.(*parser.Call); ok {
					switch c.Func.Name {
					case "rate", "irate", "increase":
						w.counter = true
					}
				}
			}
			if strings.HasSuffix(w.name, "_total") || strings.HasSuffix(w.name, "_bucket") {
				w.counter = true
			}
			if x.OriginalOffset != 0 {
				offsets[x.OriginalOffset.Milliseconds()] = true
			}
			ws = append(ws, w)
		case *parser.AggregateExpr:
			if !x.Without {
				for _, g := range x.Grouping {
					group[g] = true
				}
			}
		case *parser.BinaryExpr:
			if x.VectorMatching != nil && x.VectorMatching.On {
				for _, g := range x.VectorMatching.MatchingLabels {
					group[g] = true
				}
			}
		}
		return nil
	})
	interval := pick(r, int64(15000), 15000, 30000, 10000)
	n := int(ri(r, 10, 24))
	last = interval * int64(n-1)
	seen := map[string]bool{}
	npods := int(ri(r, 1, 3))
	delete(group, "le")
	groups := make([]string, 0, len(group))
	for g := range group {
		groups = append(groups, g)
	}
	sort.Strings(groups)
	for _, w := range ws {
		les := []string{""}
		if strings.HasSuffix(w.name, "_bucket") {
			les = []string{"0.1", "0.5", "2.5", "10", "+Inf"}
		}
		for p := 0; p < npods; p++ {
			base := map[string]string{"pod": fmt.Sprintf("pod-%d", p)}
			for _, g := range groups {
				if _, ok := base[g]; !ok {
					base[g] = fmt.Sprintf("%s-%d", g, p%2)
				}
			}
			for _, m := range w.ms {
				switch m.Type {
				case labels.MatchEqual:
					base[m.Name] = m.Value
				case labels.MatchRegexp:
					if re, err := syntax.Parse(m.Value, syntax.Perl|syntax.DotNL); err == nil {
						base[m.Name] = matching(r, re.Simplify())
					}
				default:
					if !m.Matches(base[m.Name]) {
						base[m.Name] = "other"
					}
				}
			}
			if base["__name__"] == "" {
				base["__name__"] = "some_metric"
			}
			decoy := chance(r, 0.15)
			if decoy {
				base["job"] = "decoy"
			}
			level := float64(ri(r, 0, 50))
			rate := pick(r, 0.0, 0.2, 2, 30)
			var counts [8]float64
			start := pick(r, 0, 0, 0, n/3)
			end := pick(r, n, n, n, n, n-2)
			out := make([]series, len(les))
			for i, le := range les {
				m := map[string]string{}
				for k, v := range base {
					if v != "" {
						m[k] = v
					}
				}
				if le != "" {
					m["le"] = le
				}
				out[i].lset = m
			}
			key := labels.FromMap(out[0].lset).String()
			if seen[key] {
				continue
			}
			seen[key] = true
			var offs []int64
			for off := range offsets {
				offs = append(offs, off)
			}
			sort.Slice(offs, func(i, j int) bool { return offs[i] > offs[j] })
			bin := strings.HasPrefix(w.name, "up") || strings.Contains(w.name, "_ready") || strings.Contains(w.name, "probe_success") || strings.Contains(w.name, "reason")
			restart := int64(-1)
			if chance(r, 0.2) {
				restart = ri(r, 1, int64(n))
			}
			for _, off := range offs {
				for k := start; k < end; k++ {
					t := int64(k)*interval - off
					switch {
					case len(les) > 1:
						if int64(k) == restart {
							counts = [8]float64{}
						}
						for obs := int(rate * 3 * r.Float64()); obs > 0; obs-- {
							b := r.IntN(len(les))
							for j := b; j < len(les); j++ {
								counts[j]++
							}
						}
						for j := range les {
							out[j].s = append(out[j].s, sample{t, counts[j]})
						}
						continue
					case w.counter:
						if int64(k) == restart {
							level = 0
						}
						level += math.Floor(rate * float64(interval) / 1000 * 2 * r.Float64())
					case bin:
						level = pick(r, 1.0, 1, 1, 0)
					default:
						level = math.Max(0, level+float64(ri(r, -5, 6)))
					}
					out[0].s = append(out[0].s, sample{t, level})
				}
				if end < n && chance(r, 0.5) {
					for j := range out {
						out[j].s = append(out[j].s, sample{int64(end)*interval - off, staleNaN})
					}
				}
			}
			ss = append(ss, out...)
		}
	}
	sortSeries(ss)
	return ss, last
}

// triggerQueries are queries of public triggers, one JSON object a line.
//
//go:embed trigger_queries.jsonl
var triggerQueries []byte

func topicTriggers(o *options, s *sink) error {
	queries := triggerQueries
	if o.queries != "" {
		b, err := os.ReadFile(o.queries)
		if err != nil {
			return err
		}
		queries = b
	}
	p := parser.NewParser(parser.Options{})
	r := rng(o.seed, "triggers")
	sc := bufio.NewScanner(bytes.NewReader(queries))
	sc.Buffer(nil, 1<<20)
	for i := 0; sc.Scan(); i++ {
		var q struct{ Id, Query, Source string }
		if err := json.Unmarshal(sc.Bytes(), &q); err != nil {
			return err
		}
		e, err := p.ParseExpr(q.Query)
		if err != nil {
			s.add(scenario{name: q.Id, why: "a trigger query found in public that does not parse: " + q.Source, op: "promql", config: promqlConfig(defaultLookback), steps: []any{obj{{"query", q.Query}, {"t", 0}, {"want", errWant("parse", err)}}}})
			continue
		}
		ss, last := dataFor(r, e)
		epoch := pick(r, int64(1700000000), 1700000007)
		b := newBench(epoch, defaultLookback)
		out := scenario{name: q.Id, why: "a trigger query found in public: " + q.Source, op: "promql", config: promqlConfig(defaultLookback), epoch: epoch}
		out.steps = append(out.steps, b.load(ss))
		for _, t := range []int64{last, last + ri(r, 1, 29999), last / 2, last + ri(r, 60000, 330000)} {
			if st := b.instant(q.Query, t*msNs); o.named || settled(q.Query, false) {
				out.steps = append(out.steps, st)
			}
		}
		b.close()
		s.add(out)
	}
	return sc.Err()
}

// topicReal evaluates queries over recorded query_range replies taken as raw series.
func topicReal(o *options, s *sink) error {
	for _, path := range splitList(o.matrix) {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		var rd io.Reader = f
		if strings.HasSuffix(path, ".gz") {
			if rd, err = gzip.NewReader(f); err != nil {
				return err
			}
		}
		var doc struct {
			Data struct {
				Result []struct {
					Metric map[string]string
					Values [][2]json.RawMessage
				}
			}
		}
		err = json.NewDecoder(rd).Decode(&doc)
		f.Close()
		if err != nil {
			return err
		}
		var ss []series
		first, last := int64(math.MaxInt64), int64(math.MinInt64)
		for _, x := range doc.Data.Result {
			ser := series{lset: x.Metric}
			for _, v := range x.Values {
				sec, err := strconv.ParseFloat(string(v[0]), 64)
				if err != nil {
					return err
				}
				val, err := strconv.ParseFloat(strings.Trim(string(v[1]), `"`), 64)
				if err != nil {
					return err
				}
				ms := int64(math.Round(sec * 1000))
				first, last = min(first, ms), max(last, ms)
				ser.s = append(ser.s, sample{ms, val})
			}
			ss = append(ss, ser)
		}
		epoch := first / 1000
		for i := range ss {
			for k := range ss[i].s {
				ss[i].s[k].t -= epoch * 1000
			}
		}
		last -= epoch * 1000
		sortSeries(ss)
		// At most four groups of maxReal series from each file.
		for g := 0; g < 4 && len(ss) > 0; g++ {
			k := min(o.maxReal, len(ss))
			if err := realScenario(o, s, path, ss[:k], epoch, last); err != nil {
				return err
			}
			ss = ss[k:]
		}
	}
	return nil
}

func realScenario(o *options, s *sink, path string, ss []series, epoch, last int64) error {
	name := ss[0].lset["__name__"]
	keys := map[string]int{}
	for _, x := range ss {
		for k := range x.lset {
			keys[k]++
		}
	}
	var ks []string
	for k, c := range keys {
		if k != "__name__" && c == len(ss) {
			ks = append(ks, k)
		}
	}
	sort.Strings(ks)
	if len(ks) > 3 {
		ks = ks[:3]
	}
	sel := name
	if name == "" {
		sel = "{" + ks[0] + `!=""}`
	}
	base := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".json"), "_", "-")
	b := newBench(epoch, defaultLookback)
	defer b.close()
	out := scenario{name: fmt.Sprintf("%s-%d", base, len(s.names)), why: "recorded series of " + filepath.Base(path) + " taken as raw samples", op: "promql", config: promqlConfig(defaultLookback), epoch: epoch}
	out.steps = append(out.steps, b.load(ss))
	for _, t := range []int64{last, last / 2, last/4 + 1, last * 3 / 4, last + 120000} {
		qs := []string{"sum(rate(" + sel + "[1m]))", "sum(increase(" + sel + "[2m]))", "max(irate(" + sel + "[30s]))", "avg(rate(" + sel + "[15s]))", "count(" + sel + ")", "quantile(0.9, rate(" + sel + "[1m]))", "topk(3, rate(" + sel + "[1m]))", "sum(deriv(" + sel + "[1m]))", "sum(resets(" + sel + "[5m]))", "max_over_time(sum(rate(" + sel + "[1m]))[3m:30s])", "sum(" + sel + ") / count(" + sel + ")"}
		for _, k := range ks {
			qs = append(qs, "sum by ("+k+") (rate("+sel+"[1m]))")
		}
		for _, q := range qs {
			out.steps = append(out.steps, b.instant(q, t*msNs))
		}
	}
	out.steps = append(out.steps, b.rangeQuery("sum(rate("+sel+"[1m]))", 0, last*msNs, 15000*msNs))
	out.steps = append(out.steps, b.rangeQuery("rate("+sel+"[30s])", last/2*msNs, (last/2+60000)*msNs, 15000*msNs))
	s.add(out)
	return nil
}
