package templates_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"habeas/models"
	"habeas/templates"
)

var frame = templates.Frame{
	Lang: "en", Operator: "Acme Forwarding", Contact: "privacy@acme.example", Authority: "Berlin data protection authority",
}

// staffFrame is the frame of somebody who is signed in to the console.
func staffFrame() templates.Frame {
	f := frame
	f.User = &templates.User{Name: "D. Officer", Role: "dpo", Staff: true}
	f.Section, f.Path = "inbox", "/staff/keys"
	f.Asked = []string{"members", "keys", "webhooks", "contracts", "letters"}
	return f
}

func frameOf(p templates.Example) templates.Frame {
	if strings.HasPrefix(p.Name(), "staff/") && p.Name() != "staff/login" {
		return staffFrame()
	}
	return frame
}

// eachExample runs a check on every example of every page.
func eachExample(t *testing.T, check func(t *testing.T, doc *html.Node, body []byte)) {
	t.Helper()
	e, err := templates.New()
	require.NoError(t, err)
	for p, n := range templates.Examples() {
		for i := range n {
			t.Run(fmt.Sprintf("%s/%d", p.Name(), i), func(t *testing.T) {
				t.Parallel()
				body, err := p.Sample(e, frameOf(p), i)
				require.NoError(t, err)
				doc, err := html.Parse(bytes.NewReader(body))
				require.NoError(t, err)
				check(t, doc, body)
			})
		}
	}
}

func TestEveryPageIsWellFormedAndAccessible(t *testing.T) {
	t.Parallel()
	eachExample(t, func(t *testing.T, doc *html.Node, _ []byte) {
		t.Helper()
		require.Len(t, all(doc, "h1"), 1)
		require.Len(t, all(doc, "main"), 1)
		require.Equal(t, "en", attr(all(doc, "html")[0], "lang"))
		require.NotContains(t, text(all(doc, "title")[0]), "–  ", "a title")
		require.Greater(t, len(text(all(doc, "title")[0])), len(" – Habeas"))

		ids := map[string]bool{}
		for _, n := range all(doc, "") {
			if id := attr(n, "id"); id != "" {
				require.False(t, ids[id], "id %s is used twice", id)
				ids[id] = true
			}
		}
		for _, l := range all(doc, "label") {
			require.True(t, ids[attr(l, "for")], "label for %q has no field", attr(l, "for"))
		}
		for _, tag := range []string{"input", "select", "textarea"} {
			for _, n := range all(doc, tag) {
				if attr(n, "type") != "hidden" {
					require.True(t, labelled(doc, attr(n, "id")), "%s %q has no label", tag, attr(n, "name"))
				}
			}
		}
		for _, a := range all(doc, "a") {
			if target, ok := strings.CutPrefix(attr(a, "href"), "#"); ok {
				require.True(t, ids[target], "link to missing %q", target)
			}
		}
		for _, n := range all(doc, "table") {
			require.NotEmpty(t, all(n, "caption"))
		}
		for _, n := range all(doc, "img") {
			require.True(t, hasAttr(n, "alt"))
		}
		requireHeadingOrder(t, doc)
	})
}

func TestEveryPageObeysTheContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	eachExample(t, func(t *testing.T, doc *html.Node, _ []byte) {
		t.Helper()
		for _, n := range all(doc, "script") {
			require.Regexp(t, `^/static/[a-z]+\.[0-9a-f]{8}\.js$`, attr(n, "src"), "a script is a file of ours")
			require.Empty(t, text(n), "no script stands in the page")
		}
		require.Empty(t, all(doc, "style"))
		for _, n := range all(doc, "") {
			for _, a := range n.Attr {
				require.NotEqual(t, "style", a.Key)
				require.False(t, strings.HasPrefix(a.Key, "on"), "handler %s", a.Key)
				if n.Data == "a" && a.Key == "href" && strings.HasPrefix(a.Val, "https://") {
					require.Contains(t, attr(n, "rel"), "noreferrer", "a link elsewhere says nothing of where it was followed")
					continue
				}
				if a.Key == "href" || a.Key == "src" || a.Key == "action" {
					require.Regexp(t, `^(/|#)`, a.Val, "nothing is loaded from or sent to another site")
				}
			}
		}
	})
}

func TestUntrustedTextIsEscapedOnPages(t *testing.T) {
	t.Parallel()
	e, err := templates.New()
	require.NoError(t, err)
	const evil = `"><script>alert(1)</script><a href="javascript:x">`
	body, err := templates.Form.Render(e, frame, templates.FormView{
		Right: models.Access, Name: evil, Email: evil, Message: evil,
		Controllers: []templates.Option{{Value: evil, Label: evil}}, Identities: []templates.IdentityField{{Kind: "x", Value: evil}, {Kind: evil}, {Kind: "y", Called: models.Said{Text: evil, Lang: evil}}},
	})
	require.NoError(t, err)
	doc, err := html.Parse(bytes.NewReader(body))
	require.NoError(t, err)
	require.Empty(t, all(doc, "script"))
	require.Contains(t, text(all(doc, "textarea")[0]), evil, "what was typed comes back as text")

	body, err = templates.Status.Render(e, frame, templates.StatusView{
		Right: models.Erasure, State: models.Closed, Controller: evil, Question: evil, Authorities: []templates.Authority{{Name: evil, Site: evil, Email: evil}},
		Messages: []templates.Message{{Body: evil}}, Kept: []templates.Kept{{What: models.Said{Text: evil, Lang: evil}, Citation: evil}},
	})
	require.NoError(t, err)
	doc, err = html.Parse(bytes.NewReader(body))
	require.NoError(t, err)
	require.Empty(t, all(doc, "script"))
}

// keyUse finds the literal keys of the pages; keys that are put together are found by rendering the examples.
var keyUse = regexp.MustCompile(`\((?:t|tn) "([a-z0-9_.]+)"|\{\{-?\s?(?:t|tn) "([a-z0-9_.]+)"`)

func TestEveryTextOnAPageIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	words := map[string]string{}
	catalogues, err := filepath.Glob("pages/words.en*.json")
	require.NoError(t, err)
	for _, name := range catalogues {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &words))
	}
	files, err := filepath.Glob("pages/*/*.html")
	require.NoError(t, err)
	more, err := filepath.Glob("pages/*.html")
	require.NoError(t, err)
	for _, f := range append(files, more...) {
		body, err := os.ReadFile(f)
		require.NoError(t, err)
		for _, m := range keyUse.FindAllStringSubmatch(string(body), -1) {
			key := m[1] + m[2]
			if words[key] == "" {
				require.NotEmpty(t, words[key+".one"], "%s: %s", f, key)
				require.NotEmpty(t, words[key+".other"], "%s: %s", f, key)
			}
		}
	}
	// Keys that the pages put together from a word of the domain.
	for _, s := range models.States() {
		require.NotEmpty(t, words["state."+string(s)])
		require.NotEmpty(t, words["status.says."+string(s)])
	}
	for _, r := range models.AllRights() {
		for _, part := range []string{"ask", "name", "short", "means"} {
			require.NotEmpty(t, words["right."+string(r)+"."+part])
		}
	}
}

func requireHeadingOrder(t *testing.T, doc *html.Node) {
	t.Helper()
	level := 0
	for _, n := range all(doc, "") {
		if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
			next := int(n.Data[1] - '0')
			// An error summary stands before the page's h1.
			if level == 0 && next == 2 && hasClass(n.Parent, "summary") {
				continue
			}
			require.LessOrEqual(t, next, level+1, "heading %q skips a level", text(n))
			level = next
		}
	}
}

func hasClass(n *html.Node, class string) bool {
	return n != nil && strings.Contains(" "+attr(n, "class")+" ", " "+class+" ")
}

func labelled(doc *html.Node, id string) bool {
	for _, l := range all(doc, "label") {
		if id != "" && attr(l, "for") == id && strings.TrimSpace(text(l)) != "" {
			return true
		}
	}
	return false
}

// all lists the elements of a tag below n in document order; every element when tag is empty.
func all(n *html.Node, tag string) []*html.Node {
	var out []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && (tag == "" || d.Data == tag) {
			out = append(out, d)
		}
	}
	return out
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
