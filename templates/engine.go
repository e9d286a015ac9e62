package templates

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed pages
var pageFiles embed.FS

//go:embed static
var staticFiles embed.FS

// Frame is what every page shows around its content.
type Frame struct {
	Lang      string         // one of Languages; a page that is not for persons is in English
	Here      string         // path of the page, to which a language may be added; empty hides the choice of language
	Operator  string         // name of the organisation that runs Habeas
	Contact   string         // how to reach its data protection officer, e.g. a mail address; may be empty
	Look      *Look          // of a controller; nil for that of Habeas
	User      *User          // who is signed in to the console; nil on public pages
	Section   string         // the console's section that the page belongs to
	Path      string         // of a page of the console
	Note      string         // key of what has just been done
	Asked     []string       // acts before which the user must show once more who they are
	Authority string         // supervisory authority of the operator; may be empty
	Zone      *time.Location // in which a page says instants that have none; nil leaves them in UTC
}

// Languages are those that the page can be had in; none when there is no choice.
func (f Frame) Languages() []Language {
	if f.Here == "" || f.User != nil {
		return nil
	}
	return languages
}

// Again is the address on which the user shows once more who they are before an act, and from which they come back to this page; empty when they need not.
func (f Frame) Again(act string) string {
	if !slices.Contains(f.Asked, act) {
		return ""
	}
	return "/staff/confirm?back=" + url.QueryEscape(f.Path)
}

// In is the address of the same page in another language.
func (f Frame) In(tag string) (string, error) {
	u, err := url.Parse(f.Here)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("lang", tag)
	u.RawQuery = q.Encode()
	return u.RequestURI(), nil
}

// Look is how pages to persons look for a controller. Its addresses are paths; an empty one leaves out what it is for.
type Look struct {
	Name  string
	Home  string // where its pages begin
	Style string
	Logo  string
}

// Further reports whether the section is one of those that the navigation keeps under "More".
func (f Frame) Further() bool {
	return !slices.Contains([]string{"", "inbox", "dashboard", "breaches", "tasks"}, f.Section)
}

// User is who is signed in to the console.
type User struct {
	Name  string
	Role  string
	Staff bool // false for a customer, who sees its own requests only
}

// Engine holds the parsed pages of every language and the static files. It is immutable and safe for concurrent use.
type Engine struct {
	pages  map[string]map[string]*template.Template // by language, by page
	assets map[string]Asset                         // by URL path
	urls   map[string]string                        // URL path by file name
	words  map[string]catalogue                     // by language
}

// Asset is one static file, served under a path that changes with its content.
type Asset struct {
	Body []byte
	Type string // media type
}

// New gives the engine of the process. The first call parses every embedded page in every language and renders each of them once with sample data,
// so that a page that does not fit its view, or a text that is missing, stops the program at its start and not in front of a person. An engine
// never changes and takes tens of megabytes: all servers of a process share it.
func New() (*Engine, error) { return shared() }

var shared = sync.OnceValues(load)

func load() (*Engine, error) {
	e := &Engine{pages: map[string]map[string]*template.Template{}, assets: map[string]Asset{}, urls: map[string]string{}}
	if err := e.loadStatic(); err != nil {
		return nil, err
	}
	catalogues, err := loadCatalogues()
	if err != nil {
		return nil, err
	}
	e.words = catalogues
	for lang, words := range catalogues {
		if e.pages[lang], err = e.parse(words, pagesIn(lang)); err != nil {
			return nil, fmt.Errorf("pages in %s: %w", lang, err)
		}
	}
	return e, e.check()
}

// Asset is the static file served under a URL path such as "/static/style.0a1b2c3d.css".
func (e *Engine) Asset(urlPath string) (Asset, bool) {
	a, ok := e.assets[urlPath]
	return a, ok
}

func (e *Engine) loadStatic() error {
	types := map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}
	return fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		ext := path.Ext(name)
		if types[ext] == "" {
			return fmt.Errorf("static file %s: no media type for %q", name, ext)
		}
		sum := sha256.Sum256(body)
		url := "/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:4]) + ext
		e.assets[url] = Asset{Body: body, Type: types[ext]}
		e.urls[path.Base(name)] = url
		return nil
	})
}

// loadCatalogues reads the words of the pages: English has those of every page, each other language those of the pages to persons.
func loadCatalogues() (map[string]catalogue, error) {
	out := map[string]catalogue{}
	for _, l := range languages {
		c, err := readWords(pageFiles, l.Tag, "pages/words."+l.Tag+".*json")
		if err != nil {
			return nil, err
		}
		out[l.Tag] = c
	}
	return out, nil
}

// parse makes one template set a page: the frame and the shared parts, then the page's own blocks.
func (e *Engine) parse(words catalogue, pages []Example) (map[string]*template.Template, error) {
	funcs := words.funcs()
	funcs["asset"] = func(name string) (string, error) {
		if e.urls[name] == "" {
			return "", fmt.Errorf("no static file %q", name)
		}
		return e.urls[name], nil
	}
	shared, err := template.New("").Funcs(funcs).Option("missingkey=error").
		ParseFS(pageFiles, "pages/frame.html", "pages/parts.html", "pages/staff/parts.html", "pages/staff/narrow_parts.html", "pages/change_parts.html", "pages/trust_parts.html", "pages/reference/parts.html")
	if err != nil {
		return nil, err
	}
	out := map[string]*template.Template{}
	for _, p := range pages {
		set, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if out[p.Name()], err = set.ParseFS(pageFiles, "pages/"+p.Name()+".html"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Text is the words of a key in a language, for documents that are no pages; the key itself when there are none.
func (e *Engine) Text(lang, key string) string {
	if text := e.words[lang].words[key]; text != "" {
		return text
	}
	if text := e.words["en"].words[key]; text != "" {
		return text
	}
	return key
}

func (e *Engine) check() error {
	for lang := range e.pages {
		for _, p := range pagesIn(lang) {
			for i := range p.samples() {
				if _, err := p.Sample(e, Frame{Lang: lang, Operator: "Sample"}, i); err != nil {
					return fmt.Errorf("page %s in %s: %w", p.Name(), lang, err)
				}
			}
		}
	}
	return nil
}

// content is what a template sees: F, the frame, and V, the page's own view.
type content struct {
	F Frame
	V any
}

func (e *Engine) render(name string, f Frame, v any) ([]byte, error) {
	page := e.pages[f.Lang][name]
	if page == nil {
		f.Lang = english // a page that is not for persons, or a language that is not spoken
		page = e.pages[f.Lang][name]
	}
	if !slices.ContainsFunc(toPersons, func(p Example) bool { return p.Name() == name }) {
		f.Here = "" // there is nothing to choose
	}
	var buf bytes.Buffer
	if err := page.ExecuteTemplate(&buf, "frame", content{f, v}); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// Page is a page together with the type of its view.
type Page[V any] struct {
	name    string
	example []V
}

// Name is the page's file without its ending, e.g. "portal/home".
func (p *Page[V]) Name() string { return p.name }

// Render makes the whole page, or fails without having written anything.
func (p *Page[V]) Render(e *Engine, f Frame, v V) ([]byte, error) {
	return e.render(p.name, f, local(v, f.Zone))
}

// Sample renders the page's i-th example, for the check at start and for tests.
func (p *Page[V]) Sample(e *Engine, f Frame, i int) ([]byte, error) {
	return e.render(p.name, f, p.example[i])
}

func (p *Page[V]) samples() []struct{} { return make([]struct{}, len(p.example)) }

// Example is a page that can be rendered with example data.
type Example interface {
	Name() string
	Sample(e *Engine, f Frame, i int) ([]byte, error)
	samples() []struct{}
}

// Examples lists every page with the number of its examples.
func Examples() map[Example]int {
	out := map[Example]int{}
	for _, p := range allPages {
		out[p] = len(p.samples())
	}
	return out
}
