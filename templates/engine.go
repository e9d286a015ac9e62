package templates

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

//go:embed static
var staticFiles embed.FS

// Frame is what every page shows around its content.
type Frame struct {
	Lang      string // BCP 47; a language without a catalogue falls back to English
	Operator  string // name of the organisation that runs Habeas
	Contact   string // how to reach its data protection officer, e.g. a mail address; may be empty
	User      *User  // who is signed in to the console; nil on public pages
	Section   string // the console's section that the page belongs to
	Authority string // supervisory authority of the operator; may be empty
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

// New parses every embedded page in every language and renders each of them once with sample data, so that a page that does not
// fit its view, or a text that is missing, stops the program at its start and not in front of a person.
func New() (*Engine, error) {
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
		if e.pages[lang], err = e.parse(words); err != nil {
			return nil, fmt.Errorf("pages in %s: %w", lang, err)
		}
	}
	return e, e.check()
}

// Languages lists the languages that have a catalogue of page texts.
func (e *Engine) Languages() []string {
	out := make([]string, 0, len(e.pages))
	for lang := range e.pages {
		out = append(out, lang)
	}
	return out
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

func loadCatalogues() (map[string]catalogue, error) {
	files, err := fs.Glob(pageFiles, "pages/words.*.json")
	if err != nil {
		return nil, err
	}
	out := map[string]catalogue{}
	for _, name := range files {
		body, err := pageFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		words := catalogue{}
		if err := json.Unmarshal(body, &words); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		lang, _, _ := strings.Cut(strings.TrimPrefix(path.Base(name), "words."), ".") // words.en.json, words.en.breach.json
		if out[lang] == nil {
			out[lang] = catalogue{}
		}
		if err := out[lang].add(words); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return out, nil
}

// parse makes one template set a page: the frame and the shared parts, then the page's own blocks.
func (e *Engine) parse(words catalogue) (map[string]*template.Template, error) {
	funcs := words.funcs()
	funcs["asset"] = func(name string) (string, error) {
		if e.urls[name] == "" {
			return "", fmt.Errorf("no static file %q", name)
		}
		return e.urls[name], nil
	}
	shared, err := template.New("").Funcs(funcs).Option("missingkey=error").
		ParseFS(pageFiles, "pages/frame.html", "pages/parts.html", "pages/staff/parts.html", "pages/change_parts.html", "pages/trust_parts.html", "pages/reference/parts.html")
	if err != nil {
		return nil, err
	}
	out := map[string]*template.Template{}
	for _, p := range allPages {
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
	if text := e.words[lang][key]; text != "" {
		return text
	}
	if text := e.words["en"][key]; text != "" {
		return text
	}
	return key
}

func (e *Engine) check() error {
	for lang := range e.pages {
		for _, p := range allPages {
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
	pages, ok := e.pages[f.Lang]
	if !ok {
		f.Lang = "en"
		pages = e.pages[f.Lang]
	}
	var buf bytes.Buffer
	if err := pages[name].ExecuteTemplate(&buf, "frame", content{f, v}); err != nil {
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
func (p *Page[V]) Render(e *Engine, f Frame, v V) ([]byte, error) { return e.render(p.name, f, v) }

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
