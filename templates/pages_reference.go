package templates

// ReferenceView is the reference of the JSON interface, made from its document.
type ReferenceView struct {
	About    string
	Base     string // URL of the installation
	Scopes   []ReferenceField
	Headers  []ReferenceField
	Sections []ReferenceSection
}

// SchemasView lists the forms of what is sent and answered.
type SchemasView struct{ Names []string }

// ReferenceSection is the operations about one subject.
type ReferenceSection struct {
	Name, Says string
	Operations []ReferenceOperation
}

// ReferenceOperation is one method of one address.
type ReferenceOperation struct {
	ID, Method, Path, Says, More string
	Scope                        string // that a key with scopes needs; empty for none
	Public                       bool   // no key is needed
	Parameters                   ReferenceTable
	Body                         string // name of the schema; empty for none
	Example                      string // as it is sent with curl
	Answers                      []ReferenceAnswer
	Refusals                     string // the statuses of the problems that it may have
}

// ReferenceField is a parameter, a header, a scope or a member of a schema.
type ReferenceField struct {
	Name, In, Type, Says string
	Schema               string // the schema that it refers to; empty for none
	Required             bool
}

// ReferenceAnswer is one status.
type ReferenceAnswer struct{ Status, Says, Schema string }

// ReferenceSchema is the form of an object.
type ReferenceSchema struct {
	Name, Says string
	Table      ReferenceTable
}

// ReferenceTable is the fields of an operation or a schema.
type ReferenceTable struct {
	Of     string
	Fields []ReferenceField
}

// ProblemsView lists the codes of problems.
type ProblemsView struct{ Problems []KnownProblem }

// KnownProblem is one code with the sentence that comes with it.
type KnownProblem struct {
	Code, Says string
	Statuses   []int
}

// The pages about the JSON interface.
var (
	Reference = &Page[ReferenceView]{"reference/api", []ReferenceView{{
		About: "Carries a request from the first message to provable completion.", Base: "https://privacy.example.com",
		Scopes:  []ReferenceField{{Name: "requests:read", Says: "Read requests"}, {Name: "decisions", Says: "Take decisions"}},
		Headers: []ReferenceField{{Name: "RateLimit", Says: "How many calls are left"}},
		Sections: []ReferenceSection{{Name: "requests", Says: "For the operator's staff and for controllers", Operations: []ReferenceOperation{
			{
				ID: "decide", Method: "POST", Path: "/v1/requests/{id}/decisions", Says: "Take a decision", More: "A controller: instruct, decline, withdraw.", Scope: "decisions",
				Parameters: ReferenceTable{"decide", []ReferenceField{{Name: "Idempotency-Key", In: "header", Type: "text, at most 200", Says: "The same key gives the same answer."}, {Name: "id", In: "path", Type: "text", Required: true}}},
				Body:       "NewDecision", Example: "curl https://privacy.example.com/v1/requests/$ID/decisions \\\n  -H \"Authorization: Bearer $HABEAS_API_KEY\" \\\n  -d '{\"kind\": \"instruct\"}'",
				Answers: []ReferenceAnswer{{Status: "202", Says: "Recorded", Schema: "NewDecision"}}, Refusals: "400, 401, 403, 404, 409",
			},
			{ID: "getStatus", Method: "GET", Path: "/v1/status/{token}", Says: "How the request stands", Public: true, Answers: []ReferenceAnswer{{Status: "200", Says: "Status"}}},
		}}},
	}}}
	Schemas = &Page[SchemasView]{"reference/schemas", []SchemasView{{Names: []string{"Decision", "NewDecision"}}}}
	Schema  = &Page[ReferenceSchema]{"reference/schema", []ReferenceSchema{{
		Name: "NewDecision", Says: "What is decided", Table: ReferenceTable{"NewDecision", []ReferenceField{{Name: "kind", Type: "text", Required: true}, {Name: "groups", Type: "list of ", Schema: "NewDecision"}}},
	}}}
	Problems = &Page[ProblemsView]{"reference/problems", []ProblemsView{{Problems: []KnownProblem{
		{Code: "already_decided", Statuses: []int{409}, Says: "This has been decided already."}, {Code: "not_verified", Statuses: []int{403, 409}, Says: "Open the link in the mail first."},
	}}}}
)
