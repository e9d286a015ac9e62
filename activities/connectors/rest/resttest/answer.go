package resttest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// Object is a JSON object with its numbers as they were written.
type Object = map[string]any

// write answers with JSON.
func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(http.ErrAbortHandler) // the client has gone
	}
}

// read is the request's body; false, with the answer 400 sent, when it is no JSON object.
func read(w http.ResponseWriter, r *http.Request) (Object, bool) {
	var o Object
	dec := json.NewDecoder(r.Body)
	dec.UseNumber()
	err := dec.Decode(&o)
	if err == nil {
		_, err = dec.Token()
	}
	if !errors.Is(err, io.EOF) || o == nil {
		write(w, http.StatusBadRequest, Object{"error": "the body is no JSON object"})
		return nil, false
	}
	return o, true
}

func number(r *http.Request, name string, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n < 0 {
		return otherwise
	}
	return n
}

// slice is a part of a list, empty behind its end.
func slice[T any](list []T, from, size int) []T {
	from = min(from, len(list))
	return list[from:min(from+size, len(list))]
}

func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	var out []string
	for _, e := range list {
		out = append(out, textOf(e))
	}
	return out
}

// textOf is a scalar as text.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// merge writes members into an object, objects in it member by member.
func merge(into, from Object) {
	for name, v := range from {
		inner, isObject := v.(map[string]any)
		old, had := into[name].(map[string]any)
		if isObject && had {
			merge(old, inner)
			continue
		}
		into[name] = v
	}
}
