package mailbox

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strconv"
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Parse(pageSource))

// shown is what the page shows: the list, or one message.
type shown struct {
	To       string
	Mode     Mode
	Messages []Message // newest first
	Message  *Message
	HTML     bool // the message's HTML part instead of its text
}

// Handler serves the page (GET /, /messages/{id}, /messages/{id}/html), the HTML part by itself inside a sandbox, and the JSON
// list (GET /api/messages?to=), newest first. Paths are relative to where it is mounted.
func (b *Mailbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		to := r.URL.Query().Get("to")
		b.render(w, shown{To: to, Messages: b.newest(to)})
	})
	mux.HandleFunc("GET /messages/{id}", b.one(func(w http.ResponseWriter, m Message) { b.render(w, shown{Message: &m}) }))
	mux.HandleFunc("GET /messages/{id}/html", b.one(func(w http.ResponseWriter, m Message) { b.render(w, shown{Message: &m, HTML: true}) }))
	mux.HandleFunc("GET /messages/{id}/body", b.one(func(w http.ResponseWriter, m Message) {
		// The part is a stranger's document: no script, no form, no request to anywhere, and no access to this page.
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox")
		write(w, "text/html; charset=utf-8", []byte(`<base target="_blank">`+m.HTML)) // a link opens beside the mailbox, not in its frame
	}))
	mux.HandleFunc("GET /messages/{id}/raw", b.one(func(w http.ResponseWriter, m Message) { write(w, "text/plain; charset=utf-8", m.Raw) }))
	mux.HandleFunc("GET /api/messages", func(w http.ResponseWriter, r *http.Request) {
		body, err := json.Marshal(struct {
			Messages []Message `json:"messages"`
		}{append([]Message{}, b.newest(r.URL.Query().Get("to"))...)})
		if err != nil {
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		write(w, "application/json", body)
	})
	return mux
}

func (b *Mailbox) newest(to string) []Message {
	list := b.Messages(to)
	slices.Reverse(list)
	return list
}

func (b *Mailbox) one(show func(http.ResponseWriter, Message)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.Atoi(r.PathValue("id"))
		m, ok := b.Message(id)
		if err != nil || !ok {
			http.Error(w, "There is no such message. The mailbox forgets when it is restarted.", http.StatusNotFound)
			return
		}
		show(w, m)
	}
}

func (b *Mailbox) render(w http.ResponseWriter, s shown) {
	s.Mode, _ = b.behaviour()
	var out bytes.Buffer
	if err := page.Execute(&out, s); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'")
	write(w, "text/html; charset=utf-8", out.Bytes())
}

func write(w http.ResponseWriter, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(body) //nolint:errcheck // the reader is gone
}
