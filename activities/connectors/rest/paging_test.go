package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// paged is an API with rows 1 to 5, two a page, by every kind of paging.
func paged(w http.ResponseWriter, r *http.Request) {
	rows := func(from int) string {
		text := ""
		for id := from + 1; id <= min(from+2, 5); id++ {
			text += fmt.Sprintf(`,{"id": "%d", "name": "n"}`, id)
		}
		return "[" + text[min(1, len(text)):] + "]"
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(r.URL.Query().Get(name))
		return n
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/page":
		_, _ = io.WriteString(w, `{"data": `+rows((number("page")-1)*2)+`}`)
	case "/total":
		_, _ = io.WriteString(w, `{"data": `+rows(number("offset"))+`, "meta": {"total": 5}}`)
	case "/last":
		from := number("after")
		_, _ = fmt.Fprintf(w, `{"data": %s, "has_more": %t}`, rows(from), from+2 < 5)
	case "/cursor":
		from := number("cursor")
		next := "null"
		if from+2 < 5 {
			next = strconv.Itoa(from + 2)
		}
		_, _ = io.WriteString(w, `{"data": `+rows(from)+`, "next": `+next+`}`)
	case "/address":
		from, next := number("from"), `""`
		if from+2 < 5 {
			next = fmt.Sprintf(`"http://%s/address?from=%d"`, r.Host, from+2)
		}
		_, _ = io.WriteString(w, `{"data": `+rows(from)+`, "links": {"next": `+next+`}}`)
	case "/link":
		from := number("from")
		if from+2 < 5 {
			w.Header().Add("Link", `</help>; rel=help`)
			w.Header().Add("Link", fmt.Sprintf(`<?from=0>; rel="first prev", <link?from=%d>; REL="last next"`, from+2))
		}
		_, _ = io.WriteString(w, `{"data": `+rows(from)+`}`)
	case "/same":
		_, _ = io.WriteString(w, `{"data": `+rows(0)+`, "next": "again"}`)
	case "/endless":
		_, _ = fmt.Fprintf(w, `{"data": [], "next": "%d"}`, number("cursor")+1)
	case "/unsaid":
		_, _ = io.WriteString(w, `{"data": `+rows(0)+`}`)
	}
}

func openPaged(t *testing.T, path string, paging map[string]any) connectors.System {
	t.Helper()
	list := map[string]any{"path": path, "rows": "data", "paging": paging, "serves_lookups": true}
	return open(t, map[string]any{
		"url": "https://x.example", "max_pages": 20, "collections": map[string]any{"rows": map[string]any{"fields": map[string]any{"id": "id", "name": "name"}, "list": list}},
	}, "", http.HandlerFunc(paged))
}

var everyRow = connectors.Query{Node: nodeOf("rows", "id", "name"), Fields: []string{"name"}, Keys: keys(datamap.Text("n")), Return: []string{"id"}}

func TestEachKindOfPagingFindsAllRows(t *testing.T) {
	t.Parallel()
	for path, paging := range map[string]map[string]any{
		"/page":    {"kind": "page", "param": "page", "first": 1},
		"/total":   {"kind": "offset", "param": "offset", "total": "meta.total"},
		"/last":    {"kind": "cursor", "param": "after", "last": "id", "more": "has_more"},
		"/cursor":  {"kind": "cursor", "param": "cursor", "cursor": "next"},
		"/address": {"kind": "cursor", "cursor": "links.next"},
		"/link":    {"kind": "link"},
	} {
		rows, err := lookup(t, openPaged(t, path, paging), everyRow)
		require.NoError(t, err, path)
		var ids []string
		for _, r := range rows {
			ids = append(ids, r.Values[0].Text())
		}
		require.Equal(t, []string{"1", "2", "3", "4", "5"}, ids, path)
	}
}

func TestPagesThatDoNotComeToAnEndAreAnError(t *testing.T) {
	t.Parallel()
	for path, paging := range map[string]map[string]any{
		"/same":    {"kind": "cursor", "param": "cursor", "cursor": "next"},
		"/unsaid":  {"kind": "page", "param": "seite"}, // a parameter that the API does not know gives the first page for ever
		"/endless": {"kind": "cursor", "param": "cursor", "cursor": "next"},
		"/total":   {"kind": "offset", "param": "offset", "total": "meta.count"},
		"/last":    {"kind": "cursor", "param": "after", "last": "id", "more": "hasMore"},
		"/page":    {"kind": "page", "param": "page", "first": 1, "in": "body"},
	} {
		_, err := lookup(t, openPaged(t, path, paging), everyRow)
		requireError(t, err, models.Invalid, connectors.CodeMismatch)
	}
}
