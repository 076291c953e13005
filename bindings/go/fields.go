package weir

/*
#include "weir.h"
*/
import "C"

import (
	"strings"
	"time"
	"unsafe"
)

// A FieldType is what a field of a configuration holds.
type FieldType int32

// The types of fields.
const (
	FieldBool     FieldType = C.WEIR_FIELD_BOOL
	FieldInt      FieldType = C.WEIR_FIELD_INT
	FieldDouble   FieldType = C.WEIR_FIELD_DOUBLE
	FieldDuration FieldType = C.WEIR_FIELD_DURATION
	FieldEnum     FieldType = C.WEIR_FIELD_ENUM
	FieldText     FieldType = C.WEIR_FIELD_TEXT
	FieldTime     FieldType = C.WEIR_FIELD_TIME
	FieldStruct   FieldType = C.WEIR_FIELD_STRUCT
)

// A Field describes one setting: what `weir fields` prints about it. Name, with GoName, leads to the
// field of the configuration's struct.
type Field struct {
	Name      string   // "stable_window", as in C and in the paths of errors
	Key       string   // upstream's key on the object itself, or ""
	Alias     string   // older spelling of Key, or ""
	GlobalKey string   // upstream's key of the cluster-wide setting, or ""
	Unit      string   // "s", "requests", "%", "pods", or ""
	Values    []string // of an enum
	Doc       string   // one sentence
	Type      FieldType
	Optional  bool // may be left unset: a pointer in Go, or the zero Time

	// Bounds: of doubles the floats, of all else the integers (durations in ns). AboveMin: the lower one
	// is exclusive; OrMinusOne: -1 is allowed besides.
	Min, Max             int64
	FloatMin, FloatMax   float64
	AboveMin, OrMinusOne bool
	WholeSeconds         bool // a duration must be a multiple of one second
	AnyFloat             bool // NaN and infinities pass, as they do upstream

	Fields   []Field // of a struct, or of the elements of a list
	Capacity int     // most elements of a list; 1 for a plain struct, 0 for other types

	offset, size, count uintptr // in the struct of C; count: where the length of a list is
	whole               int64   // default of all but doubles
	double              float64 // default of a double
}

// A ConfigKind names a configuration that Fields describes.
type ConfigKind int32

// The configurations that have fields.
const (
	ConfigWindow       ConfigKind = C.WEIR_CONFIG_WINDOW
	ConfigKPACollector ConfigKind = C.WEIR_CONFIG_KPA_COLLECTOR
	ConfigKPADecider   ConfigKind = C.WEIR_CONFIG_KPA_DECIDER
	ConfigKPA          ConfigKind = C.WEIR_CONFIG_KPA
	ConfigHPA          ConfigKind = C.WEIR_CONFIG_HPA
	ConfigBehavior     ConfigKind = C.WEIR_CONFIG_BEHAVIOR
	ConfigScaledObject ConfigKind = C.WEIR_CONFIG_KEDA
)

// Fields describes every setting of a configuration, in the order of its struct; nil for a kind that is
// none.
func Fields(kind ConfigKind) []Field {
	var first *C.weir_field
	var count C.size_t
	if C.weir_fields(C.int32_t(kind), &first, &count) != C.WEIR_OK {
		return nil
	}
	return fieldsOf(first, int(count))
}

func fieldsOf(first *C.weir_field, count int) []Field {
	rows := unsafe.Slice(first, count)
	fields := make([]Field, count)
	for i := range rows {
		row := &rows[i]
		fields[i] = Field{
			Name: C.GoString(row.name), Key: C.GoString(row.key), Alias: C.GoString(row.alias),
			GlobalKey: C.GoString(row.global_key), Unit: C.GoString(row.unit), Doc: C.GoString(row.doc),
			Type: FieldType(row._type), Optional: row.flags&C.WEIR_FIELD_OPTIONAL != 0,
			Capacity: int(row.capacity), offset: uintptr(row.offset), size: uintptr(row.size),
			Min: int64(row.imin), Max: int64(row.imax), FloatMin: float64(row.dmin), FloatMax: float64(row.dmax),
			AboveMin: row.flags&C.WEIR_FIELD_ABOVE_MIN != 0, OrMinusOne: row.flags&C.WEIR_FIELD_OR_MINUS_ONE != 0,
			WholeSeconds: row.flags&C.WEIR_FIELD_WHOLE_SECONDS != 0, AnyFloat: row.flags&C.WEIR_FIELD_ANY_FLOAT != 0,
			count: uintptr(row.count_offset), whole: int64(row.idefault), double: float64(row.ddefault),
		}
		if values := C.GoString(row.values); values != "" {
			fields[i].Values = strings.Split(values, "|")
		}
		if row._type == C.WEIR_FIELD_STRUCT {
			fields[i].Fields = fieldsOf(row.fields, int(row.field_count))
		}
	}
	return fields
}

// GoName is the name of a field in the structs of this package: "stable_window" is StableWindow.
func GoName(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words {
		if word == "cpu" || word == "hpa" {
			words[i] = strings.ToUpper(word)
		} else if word != "" {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

// isList tells a list from a plain struct.
func (f *Field) isList() bool { return f.Type == FieldStruct && f.Capacity > 1 }

// GoType is the type that a field has in the structs of this package; for enums and structs the
// underlying one is all that is known here.
func (f *Field) basicType() string {
	name := map[FieldType]string{FieldBool: "bool", FieldInt: "int32", FieldDouble: "float64",
		FieldDuration: "time.Duration", FieldText: "string", FieldTime: "time.Time"}[f.Type]
	if f.Type == FieldInt && f.size == unsafe.Sizeof(time.Duration(0)) {
		name = "int64"
	}
	if f.Optional && f.Type != FieldTime {
		name = "*" + name
	}
	return name
}
