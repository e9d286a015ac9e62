package reference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"habeas/templates"
)

// read turns the document into what the page shows, in the document's order of subjects and in the alphabet's of addresses.
func read(spec *openapi3.T, base string) templates.ReferenceView {
	v := templates.ReferenceView{About: spec.Info.Description, Base: base}
	if flow := spec.Components.SecuritySchemes["oauth"].Value.Flows.ClientCredentials; flow != nil {
		for _, name := range slices.Sorted(maps.Keys(flow.Scopes)) {
			v.Scopes = append(v.Scopes, templates.ReferenceField{Name: name, Says: flow.Scopes[name]})
		}
	}
	if headers, ok := spec.Extensions["x-headers"].(map[string]any); ok {
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			if says, ok := headers[name].(string); ok && says != "" {
				v.Headers = append(v.Headers, templates.ReferenceField{Name: name, Says: says})
			}
		}
	}
	for _, tag := range spec.Tags {
		v.Sections = append(v.Sections, section(spec, tag, base))
	}
	return v
}

// schemas are the forms of objects.
func schemas(spec *openapi3.T) (out []templates.ReferenceSchema) {
	for _, name := range slices.Sorted(maps.Keys(spec.Components.Schemas)) {
		s := spec.Components.Schemas[name].Value
		if s.Type.Is("object") {
			out = append(out, templates.ReferenceSchema{Name: name, Says: s.Description, Table: templates.ReferenceTable{Of: name, Fields: members(s)}})
		}
	}
	return out
}

func section(spec *openapi3.T, tag *openapi3.Tag, base string) templates.ReferenceSection {
	out := templates.ReferenceSection{Name: tag.Name, Says: tag.Description}
	for _, path := range slices.Sorted(maps.Keys(spec.Paths.Map())) {
		item := spec.Paths.Value(path)
		for _, method := range []string{"GET", "POST"} {
			if op := item.GetOperation(method); op != nil && slices.Contains(op.Tags, tag.Name) {
				out.Operations = append(out.Operations, operation(path, method, item, op, base))
			}
		}
	}
	return out
}

func operation(path, method string, item *openapi3.PathItem, op *openapi3.Operation, base string) templates.ReferenceOperation {
	out := templates.ReferenceOperation{ID: op.OperationID, Method: method, Path: path, Says: op.Summary, More: op.Description, Parameters: templates.ReferenceTable{Of: op.OperationID}}
	if op.Security != nil {
		for _, one := range *op.Security {
			out.Public = out.Public || len(one) == 0
			out.Scope += strings.Join(one["oauth"], " ")
		}
	}
	for _, p := range append(slices.Clone(item.Parameters), op.Parameters...) {
		f := field(p.Value.Name, p.Value.Schema, p.Value.Description, p.Value.Required)
		f.In = p.Value.In
		out.Parameters.Fields = append(out.Parameters.Fields, f)
	}
	out.Body, out.Example = body(path, method, op, base)
	var refusals []string
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		if status >= "300" { // and default, which is 5xx
			if status != "default" {
				refusals = append(refusals, status)
			}
			continue
		}
		r := op.Responses.Value(status).Value
		a := templates.ReferenceAnswer{Status: status, Says: *r.Description}
		if c := r.Content["application/json"]; c != nil && c.Schema != nil {
			a.Schema = named(c.Schema)
		}
		out.Answers = append(out.Answers, a)
	}
	out.Refusals = strings.Join(refusals, ", ")
	return out
}

// body is the name of what is sent, and an example for it with what is required.
func body(path, method string, op *openapi3.Operation, base string) (name, example string) {
	if op.RequestBody == nil {
		return "", ""
	}
	c := op.RequestBody.Value.Content["application/json"]
	if c == nil {
		return "", ""
	}
	var sample bytes.Buffer
	e := json.NewEncoder(&sample)
	e.SetEscapeHTML(false)
	if err := e.Encode(sampleOf(c.Schema.Value, "")); err != nil {
		return named(c.Schema), ""
	}
	key := "  -H \"Authorization: Bearer $HABEAS_API_KEY\" \\\n"
	if op.Security != nil && len(*op.Security) == 1 && len((*op.Security)[0]) == 0 {
		key = ""
	}
	at := base + strings.NewReplacer("{id}", "$ID", "{token}", "$TOKEN", "{message_id}", "$MESSAGE", "{recipient}", "$RECIPIENT").Replace(path)
	return named(c.Schema), fmt.Sprintf("curl -X %s %s \\\n%s  -H 'Content-Type: application/json' \\\n  -d '%s'", method, at, key, strings.TrimSpace(sample.String()))
}

// named is the name of the schema that is referred to; empty for one that is written out where it is used.
func named(s *openapi3.SchemaRef) string {
	_, name, _ := strings.Cut(s.Ref, "#/components/schemas/")
	if s.Value != nil && !s.Value.Type.Is("object") {
		return ""
	}
	return name
}

func members(s *openapi3.Schema) []templates.ReferenceField {
	var out []templates.ReferenceField
	for _, required := range []bool{true, false} {
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if slices.Contains(s.Required, name) == required {
				out = append(out, field(name, s.Properties[name], s.Properties[name].Value.Description, required))
			}
		}
	}
	return out
}

func field(name string, s *openapi3.SchemaRef, says string, required bool) templates.ReferenceField {
	f := templates.ReferenceField{Name: name, Says: says, Required: required}
	switch t := s.Value; {
	case named(s) != "":
		f.Schema = named(s)
	case t.Type.Is("array") && named(t.Items) != "":
		f.Type, f.Schema = "list of ", named(t.Items)
	case t.Type.Is("array"):
		f.Type = "list of " + scalar(t.Items.Value)
	default:
		f.Type = scalar(t)
	}
	return f
}

// scalar is a value's form in words.
func scalar(s *openapi3.Schema) string {
	out := map[string]string{"string": "text", "integer": "integer", "boolean": "true or false", "object": "object"}[strings.Join(s.Type.Slice(), "")]
	switch s.Format {
	case "date-time":
		return "instant, RFC 3339"
	case "binary":
		return "bytes"
	}
	if s.MaxLength != nil {
		out += fmt.Sprintf(", at most %d", *s.MaxLength)
	}
	if s.Min != nil && s.Max != nil {
		out += fmt.Sprintf(", %g to %g", *s.Min, *s.Max)
	}
	return out
}

// samples are values for members of these names; others get a word of their kind.
var samples = map[string]string{
	"email": "sam@example.com", "right": "erasure", "kind": "instruct", "code": "1234-5678", "name": "Warehouse sync", "url": "https://hooks.example.com/habeas",
	"reason": "…", "what": "A laptop was stolen.", "identification": "negligible", "context": "simple", "purpose": "direct_marketing", "field": "name", "value": "Sam",
	"plan_digest": "1f0c…", "answer": "…",
}

// sampleOf is a value that follows a schema: what is required, and nothing else.
func sampleOf(s *openapi3.Schema, name string) any {
	switch {
	case s.Type.Is("object"):
		out := map[string]any{}
		for _, member := range s.Required {
			out[member] = sampleOf(s.Properties[member].Value, member)
		}
		return out
	case s.Type.Is("array"):
		if name == "events" {
			return []any{"request.created"}
		}
		return []any{sampleOf(s.Items.Value, name)}
	case s.Type.Is("integer"):
		return 24
	case s.Type.Is("boolean"):
		return true
	}
	if v := samples[name]; v != "" {
		return v
	}
	return "…"
}
