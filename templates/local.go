package templates

import (
	"reflect"
	"sync"
	"time"
)

var instants = reflect.TypeFor[time.Time]()

// timely remembers which types hold instants.
var timely sync.Map

// local is a view with those instants in a zone that are in UTC, as they were read: one that has a zone of its own keeps it. What it is made of is left as
// it is.
func local[V any](view V, zone *time.Location) V {
	if zone == nil || zone == time.UTC {
		return view
	}
	v := reflect.ValueOf(&view).Elem()
	localise(v, zone)
	return view
}

// localise changes a value that can be set; slices and what pointers lead to are copied first.
func localise(v reflect.Value, zone *time.Location) {
	if !holdsInstants(v.Type(), nil) {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			if at.Location() == time.UTC && !at.IsZero() {
				v.Set(reflect.ValueOf(at.In(zone)))
			}
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				localise(v.Field(i), zone)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			to := reflect.New(v.Type().Elem())
			to.Elem().Set(v.Elem())
			localise(to.Elem(), zone)
			v.Set(to)
		}
	case reflect.Slice:
		list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(list, v)
		for i := range list.Len() {
			localise(list.Index(i), zone)
		}
		if !v.IsNil() {
			v.Set(list)
		}
	case reflect.Array:
		for i := range v.Len() {
			localise(v.Index(i), zone)
		}
	default:
	}
}

// holdsInstants reports whether a type has instants that localise reaches; within are the types around it, which lead to nothing new.
func holdsInstants(t reflect.Type, within []reflect.Type) bool {
	if known, ok := timely.Load(t); ok {
		is, _ := known.(bool) //nolint:errcheck // nothing else is stored
		return is
	}
	for _, around := range within {
		if around == t {
			return false
		}
	}
	within = append(within, t)
	holds := t == instants
	switch t.Kind() {
	case reflect.Struct:
		for i := 0; !holds && i < t.NumField(); i++ {
			holds = t.Field(i).IsExported() && holdsInstants(t.Field(i).Type, within)
		}
	case reflect.Pointer, reflect.Slice, reflect.Array:
		holds = holdsInstants(t.Elem(), within)
	default:
	}
	if len(within) == 1 {
		timely.Store(t, holds)
	}
	return holds
}
