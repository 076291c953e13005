package weir

/*
#include "weir.h"
*/
import "C"

import (
	"fmt"
	"reflect"
	"sync"
	"time"
	"unsafe"
)

// Configurations cross over to C by the field tables of the library: each field of a table is a field of
// the struct of Go by its name. This happens when a machine is made, not when it decides.

var tables sync.Map // of []Field by ConfigKind

func table(kind ConfigKind) []Field {
	if fields, ok := tables.Load(kind); ok {
		return fields.([]Field)
	}
	fields, _ := tables.LoadOrStore(kind, Fields(kind))
	return fields.([]Field)
}

// toC fills a struct of C, which has its defaults, from a struct of Go.
func toC[T any](kind ConfigKind, config *T, to unsafe.Pointer) error {
	return writeFields(table(kind), reflect.ValueOf(config).Elem(), to, "")
}

// fromC fills a struct of Go from one of C.
func fromC[T any](kind ConfigKind, from unsafe.Pointer) (config T) {
	readFields(table(kind), reflect.ValueOf(&config).Elem(), from)
	return config
}

func writeFields(fields []Field, from reflect.Value, to unsafe.Pointer, path string) error {
	for i := range fields {
		f := &fields[i]
		value := from.FieldByName(GoName(f.Name))
		if err := writeField(f, value, unsafe.Add(to, f.offset), to, path+f.Name); err != nil {
			return err
		}
	}
	return nil
}

func writeField(f *Field, value reflect.Value, to, whole unsafe.Pointer, path string) error {
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			if f.Type == FieldDouble {
				*(*float64)(to) = f.double
			} else {
				writeInt(f, to, f.whole)
			}
			return nil
		}
		value = value.Elem()
	}
	switch f.Type {
	case FieldBool:
		*(*C.int32_t)(to) = cBool(value.Bool())
	case FieldInt, FieldEnum, FieldDuration:
		writeInt(f, to, value.Int())
	case FieldDouble:
		*(*float64)(to) = value.Float()
	case FieldText:
		return writeText(unsafe.Slice((*byte)(to), f.size), value.String(), path)
	case FieldTime:
		at, err := past(value.Interface().(time.Time))
		if err != nil {
			return fault(ErrRange, path, "%s", err.(*Error).Message)
		}
		*(*C.weir_time)(to) = at
	case FieldStruct:
		if !f.isList() {
			return writeFields(f.Fields, value, to, path+".")
		}
		return writeList(f, value, to, whole, path)
	}
	return nil
}

func writeInt(f *Field, to unsafe.Pointer, value int64) {
	if f.size == unsafe.Sizeof(value) {
		*(*int64)(to) = value
	} else {
		*(*int32)(to) = int32(value)
	}
}

func writeText(to []byte, value, path string) error {
	if len(value) >= len(to) {
		return fault(ErrLimit, path, "must be at most %d bytes, got %d", len(to)-1, len(value))
	}
	clear(to)
	for i := range len(value) {
		if value[i] == 0 {
			return fault(ErrRange, path, "must not have a zero byte")
		}
	}
	copy(to, value)
	return nil
}

func writeList(f *Field, value reflect.Value, to, whole unsafe.Pointer, path string) error {
	if value.Len() > f.Capacity {
		return fault(ErrLimit, path, "must have at most %d elements, got %d", f.Capacity, value.Len())
	}
	*(*C.uint32_t)(unsafe.Add(whole, f.count)) = C.uint32_t(value.Len())
	clear(unsafe.Slice((*byte)(to), f.size*uintptr(f.Capacity)))
	for i := range value.Len() {
		element := unsafe.Add(to, uintptr(i)*f.size)
		if err := writeFields(f.Fields, value.Index(i), element, fmt.Sprintf("%s[%d].", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func readFields(fields []Field, to reflect.Value, from unsafe.Pointer) {
	for i := range fields {
		f := &fields[i]
		readField(f, to.FieldByName(GoName(f.Name)), unsafe.Add(from, f.offset), from)
	}
}

func readField(f *Field, value reflect.Value, from, whole unsafe.Pointer) {
	if value.Kind() == reflect.Pointer {
		if isDefault(f, from) {
			value.SetZero()
			return
		}
		value.Set(reflect.New(value.Type().Elem()))
		value = value.Elem()
	}
	switch f.Type {
	case FieldBool:
		value.SetBool(*(*C.int32_t)(from) != 0)
	case FieldInt, FieldEnum, FieldDuration:
		value.SetInt(readInt(f, from))
	case FieldDouble:
		value.SetFloat(*(*float64)(from))
	case FieldText:
		value.SetString(C.GoString((*C.char)(from)))
	case FieldTime:
		value.Set(reflect.ValueOf(moment(*(*C.weir_time)(from))))
	case FieldStruct:
		if !f.isList() {
			readFields(f.Fields, value, from)
			return
		}
		count := int(*(*C.uint32_t)(unsafe.Add(whole, f.count)))
		value.SetZero()
		if count > 0 {
			value.Set(reflect.MakeSlice(value.Type(), count, count))
		}
		for i := range count {
			readFields(f.Fields, value.Index(i), unsafe.Add(from, uintptr(i)*f.size))
		}
	}
}

func readInt(f *Field, from unsafe.Pointer) int64 {
	if f.size == unsafe.Sizeof(int64(0)) {
		return *(*int64)(from)
	}
	return int64(*(*int32)(from))
}

func isDefault(f *Field, from unsafe.Pointer) bool {
	if f.Type == FieldDouble {
		return *(*float64)(from) == f.double
	}
	return readInt(f, from) == f.whole
}

// enumName is the text of an enum's value, or its number when it has none.
func enumName(value int, names []string) string {
	if value < 0 || value >= len(names) {
		return fmt.Sprint(value)
	}
	return names[value]
}
