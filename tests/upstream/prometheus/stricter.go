package main

import (
	"encoding/json"
	"math"
	"strings"
)

// Where weir refuses on purpose what upstream takes (README.md, "Apart"). Random documents and replies
// that come to it are left out; everything else is held to upstream.

// get is a field of an object, nil where there is none.
func get(o obj, key string) any {
	for _, f := range o {
		if f.k == key {
			return f.v
		}
	}
	return nil
}

// stricterText: a blank that becomes part of a name, a NUL that ends a document, a time that does not fit
// into 64 bits, whose conversion Go leaves to the machine.
func stricterText(text string, want obj) bool {
	if strings.ContainsRune(text, 0) {
		return true
	}
	beyond := func(o obj) bool {
		ms, ok := get(o, "timestamp_ms").(int64)
		return ok && ms == math.MinInt64
	}
	entries, _ := get(want, "entries").([]any)
	for _, e := range entries {
		entry := e.(obj)
		labels, _ := get(entry, "labels").(map[string]string)
		if strings.HasPrefix(labels["__name__"], " ") || strings.HasPrefix(labels["__name__"], "\t") || beyond(entry) {
			return true
		}
		exemplars, _ := get(entry, "exemplars").([]any)
		for _, x := range exemplars {
			if beyond(x.(obj)) {
				return true
			}
		}
	}
	return false
}

// A sample as the API writes it: a time that 2^53 milliseconds hold, and a text.
func isPair(raw json.RawMessage) bool {
	var pair []json.RawMessage
	var seconds float64
	var text *string
	return json.Unmarshal(raw, &pair) == nil && len(pair) == 2 && json.Unmarshal(pair[0], &seconds) == nil &&
		math.Abs(seconds) <= 1<<53/1000 && json.Unmarshal(pair[1], &text) == nil && text != nil
}

// stricterReply: a status that is neither success nor error, a success without a result, and samples that
// are no pairs, which the client takes for 0.
func stricterReply(body string) bool {
	var envelope struct {
		Status *string
		Data   *struct {
			ResultType *string
			Result     []struct {
				Value  json.RawMessage
				Values []json.RawMessage
			}
		}
	}
	if json.Unmarshal([]byte(body), &envelope) != nil {
		return false // no JSON, or of another shape: left to the client
	}
	if envelope.Status == nil || (*envelope.Status != "success" && *envelope.Status != "error") {
		return true
	}
	if *envelope.Status == "error" {
		return false
	}
	data := envelope.Data
	if data == nil || data.ResultType == nil || data.Result == nil {
		return true
	}
	for _, series := range data.Result {
		if *data.ResultType == "vector" && !isPair(series.Value) {
			return true
		}
		for _, value := range series.Values {
			if *data.ResultType == "matrix" && !isPair(value) {
				return true
			}
		}
	}
	return false
}
