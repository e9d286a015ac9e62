package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/api/problem"
	"habeas/models"
)

var update = flag.Bool("update", false, "write problems.json and testdata/access.txt instead of comparing with them")

// problemsFile lists every code that a problem may have, for people, programs and the pages of the interface.
const problemsFile = "problem/problems.json"

func listedProblems() (list []problem.Known, err error) {
	b, err := os.ReadFile(problemsFile)
	if err != nil {
		return nil, err
	}
	return list, json.Unmarshal(b, &list)
}

// unreached are directories whose errors no JSON call can meet: tools of the command line, pages, servers of tests.
var unreached = []string{
	"../models/datamap", "../models/rules", "../models/store/pgserver", "../models/store/pgtest", "../models/hold", "../models/mask", "staff", "portal",
}

// TestEachCodeIsListed reads the sources: a code that is not in the list fails, and so does one that nothing uses.
func TestEachCodeIsListed(t *testing.T) {
	t.Parallel()
	found := codes{}
	for _, root := range []string{".", "../models"} {
		require.NoError(t, filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return err
			}
			if slices.Contains(unreached, dir) {
				return fs.SkipDir
			}
			return found.read(dir)
		}))
	}
	found.add(models.Errorf("", "internal", "Something went wrong here. Quote the instance when you ask about it."))
	var list []problem.Known
	for _, code := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[code])
	}
	want := &bytes.Buffer{}
	e := json.NewEncoder(want)
	e.SetEscapeHTML(false)
	want.WriteString("[\n")
	for i, p := range list {
		if i > 0 {
			want.Truncate(want.Len() - 1)
			want.WriteString(",\n")
		}
		require.NoError(t, e.Encode(p))
	}
	want.WriteString("]\n")
	if *update {
		require.NoError(t, os.WriteFile(problemsFile, want.Bytes(), 0o644))
	}
	have, err := os.ReadFile(problemsFile)
	require.NoError(t, err)
	require.Equal(t, want.String(), string(have), "run go test ./api -run TestEachCodeIsListed -update, and look at what has changed")
}

// codes are what was found, by code.
type codes map[string]problem.Known

func (c codes) add(e *models.Error) {
	if e.Code == "" {
		return
	}
	p := problem.Of(e, "", "")
	if one, twice := c[e.Code]; twice {
		if !slices.Contains(one.Statuses, p.Status) {
			one.Statuses = append(one.Statuses, p.Status)
			slices.Sort(one.Statuses)
			c[e.Code] = one
		}
		return
	}
	says := regexp.MustCompile(`%[sdqv]`).ReplaceAllString(p.Detail, "…")
	if strings.Trim(says, "… ()") == "" {
		says = p.Title + "."
	}
	c[e.Code] = problem.Known{Code: e.Code, Statuses: []int{p.Status}, Says: says}
}

// read takes the codes of one directory's sources: those that are written out where the error is made, those that are handed to a function which
// makes it, and those of tables. What a code says is the first sentence that was found with it.
func (c codes) read(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".gen.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	makers := map[string]maker{}
	for _, f := range files {
		findMakers(f, makers)
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				c.call(n, makers)
			case *ast.CompositeLit:
				c.table(n)
			}
			return true
		})
	}
	return nil
}

// maker is a function that makes an error of a code and a sentence that it is handed.
type maker struct {
	kind          models.Kind
	code, message int // which of its arguments
}

func findMakers(f *ast.File, makers map[string]maker) {
	ast.Inspect(f, func(n ast.Node) bool {
		var name string
		var of *ast.FuncType
		var body *ast.BlockStmt
		switch n := n.(type) {
		case *ast.FuncDecl:
			name, of, body = n.Name.Name, n.Type, n.Body
		case *ast.AssignStmt:
			lit, ok := n.Rhs[0].(*ast.FuncLit)
			if id, named := n.Lhs[0].(*ast.Ident); ok && named {
				name, of, body = id.Name, lit.Type, lit.Body
			}
		}
		if body == nil {
			return true
		}
		ast.Inspect(body, func(inner ast.Node) bool {
			call, ok := inner.(*ast.CallExpr)
			if !ok || !isErrorf(call) {
				return true
			}
			id, ok := call.Args[1].(*ast.Ident)
			if at := parameter(of, "code"); ok && id.Name == "code" && at >= 0 {
				makers[name] = maker{kindOf(call.Args[0]), at, max(parameter(of, "message"), parameter(of, "format"))}
			}
			return true
		})
		return true
	})
}

func parameter(of *ast.FuncType, name string) int {
	at := 0
	for _, field := range of.Params.List {
		for _, id := range field.Names {
			if id.Name == name {
				return at
			}
			at++
		}
	}
	return -1
}

func isErrorf(call *ast.CallExpr) bool {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		x, ok := f.X.(*ast.Ident)
		return ok && x.Name == "models" && f.Sel.Name == "Errorf"
	case *ast.Ident:
		return f.Name == "Errorf"
	}
	return false
}

// kindOf is the kind that a constant such as models.NotFound stands for.
func kindOf(e ast.Expr) models.Kind {
	name := ""
	switch e := e.(type) {
	case *ast.SelectorExpr:
		name = e.Sel.Name
	case *ast.Ident:
		name = e.Name
	}
	return map[string]models.Kind{
		"Invalid": models.Invalid, "Unauthenticated": models.Unauthenticated, "Forbidden": models.Forbidden, "NotFound": models.NotFound,
		"Conflict": models.Conflict, "TooMany": models.TooMany, "Unavailable": models.Unavailable, "Unsupported": models.Unsupported,
	}[name]
}

func (c codes) call(call *ast.CallExpr, makers map[string]maker) {
	if isErrorf(call) {
		c.take(kindOf(call.Args[0]), literal(call.Args[1]), literal(call.Args[2]))
		return
	}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
	case *ast.Ident:
		name = f.Name
	}
	if m, ok := makers[name]; ok && m.code < len(call.Args) && m.message < len(call.Args) {
		message := ""
		if m.message >= 0 {
			message = literal(call.Args[m.message])
		}
		c.take(m.kind, literal(call.Args[m.code]), message)
	}
}

func (c codes) take(kind models.Kind, code, message string) {
	if code != "" {
		c.add(&models.Error{Kind: kind, Code: code, Message: message})
	}
}

func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return s
}

// table takes the codes of what is written out as {Code: …, Message: …}, and of schemaCodes.
func (c codes) table(lit *ast.CompositeLit) {
	if id, ok := lit.Type.(*ast.Ident); ok && id.Name == "Gap" && len(lit.Elts) == 4 {
		c.take(models.Invalid, literal(lit.Elts[0]), literal(lit.Elts[1]))
	}
	parts := map[string]string{}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, named := kv.Key.(*ast.Ident); named {
				parts[id.Name] = literal(kv.Value)
			} else if key := literal(kv.Key); schemaKeywords[key] {
				c.take(models.Invalid, literal(kv.Value), "A member or parameter is not of the form that it must have.")
			}
		}
	}
	if parts["Message"] != "" {
		c.take(models.Invalid, parts["Code"], parts["Message"])
	}
}

// schemaKeywords mark the table of validate.go.
var schemaKeywords = map[string]bool{
	"required": true, "properties": true, "additionalProperties": true, "type": true, "maxLength": true, "minLength": true, "maxItems": true,
	"maxProperties": true, "maximum": true, "minimum": true,
}
