package rest

import (
	"crypto/sha256"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// paging says how the next page of a list is asked for.
type paging struct {
	Kind      string `json:"kind"`       // "" one page; page, offset, cursor, link
	Param     string `json:"param"`      // query parameter, or with in: body the path, that holds the page, offset or cursor
	In        string `json:"in"`         // query (also ""), body
	First     *int   `json:"first"`      // number of the first page; 1 when left out
	SizeParam string `json:"size_param"` // parameter for the size, beside param
	Size      int    `json:"size"`
	Cursor    string `json:"cursor"` // path in the answer to the next cursor, which may be a whole address
	Last      string `json:"last"`   // instead: path in the last row to what is the next cursor
	More      string `json:"more"`   // path in the answer to whether there is more
	Total     string `json:"total"`  // path in the answer to how many rows there are
}

// The kinds of paging.
const (
	byPage   = "page"
	byOffset = "offset"
	byCursor = "cursor"
	byLink   = "link"
)

// pages goes through the pages of one request.
type pages struct {
	paging
	number, rows int
	cursor       string
	seen         map[[32]byte]bool
}

func newPages(p paging) *pages { return &pages{paging: p, seen: map[[32]byte]bool{}} }

// prepare puts the place of the page to be asked for into the call.
func (p *pages) prepare(c *call) error {
	place := ""
	switch p.Kind {
	case byPage:
		place = strconv.Itoa(*p.First + p.number)
	case byOffset:
		place = strconv.Itoa(p.rows)
	default: // a cursor, if there is one yet
		place = p.cursor
	}
	if strings.Contains(place, "://") && p.Kind == byCursor || p.Kind == byLink {
		if place != "" {
			c.full, c.path, c.query = place, "", nil
		}
		return nil
	}
	if p.SizeParam != "" && p.Size > 0 {
		if err := p.set(c, p.SizeParam, strconv.Itoa(p.Size), true); err != nil {
			return err
		}
	}
	if p.Param == "" || place == "" {
		return nil
	}
	return p.set(c, p.Param, place, p.Kind != byCursor)
}

func (p *pages) set(c *call, name, value string, number bool) error {
	if p.In != "body" {
		c.query.Set(name, value)
		return nil
	}
	object, ok := c.tree.(map[string]any)
	var v any = value
	if number {
		v = json.Number(value)
	}
	if !ok || !put(object, name, v) {
		return errPaging("puts its place into a body that has no room for it")
	}
	return nil
}

// next reports whether there is another page, after an answer with the given rows. It fails when the pages do not come to an end.
func (p *pages) next(a *answer, list []any, most int) (bool, error) {
	p.number++
	p.rows += len(list)
	more, err := p.further(a, list)
	if err != nil || !more {
		return false, err
	}
	if p.number >= most {
		return false, errPaging("has more pages than max_pages allows")
	}
	mark := p.mark(list)
	if p.seen[mark] {
		return false, errPaging("gives the same page again and again")
	}
	p.seen[mark] = true
	return true, nil
}

// further finds the place of the next page.
func (p *pages) further(a *answer, list []any) (bool, error) {
	if p.More != "" {
		v, ok := at(a.tree, p.More)
		more, isBool := v.(bool)
		if !ok || !isBool {
			return false, errPaging("does not say whether there is more")
		}
		if !more {
			return false, nil
		}
	}
	switch p.Kind {
	case byPage, byOffset:
		if v, _ := at(a.tree, p.Total); p.Total != "" {
			total, err := strconv.Atoi(jsonText(v))
			if err != nil {
				return false, errPaging("does not say how many rows there are")
			}
			return p.rows < total && len(list) > 0, nil
		}
		return len(list) > 0, nil
	case byCursor:
		p.cursor = p.nextCursor(a, list)
		return p.cursor != "", nil
	case byLink:
		var err error
		p.cursor, err = nextLink(a)
		return p.cursor != "", err
	default:
		return false, nil
	}
}

func (p *pages) nextCursor(a *answer, list []any) string {
	if p.Last != "" {
		if len(list) == 0 {
			return ""
		}
		v, _ := at(list[len(list)-1], p.Last) // nothing there ends the list
		return jsonText(v)
	}
	v, _ := at(a.tree, p.Cursor) // nothing there ends the list
	return jsonText(v)
}

// mark tells pages apart: by their cursor, or by what is in them where the place is a number, which always differs.
func (p *pages) mark(list []any) [32]byte {
	if p.Kind == byCursor || p.Kind == byLink {
		return sha256.Sum256([]byte(p.cursor))
	}
	b, err := json.Marshal(list)
	if err != nil {
		return [32]byte{} // what was decoded can be encoded
	}
	return sha256.Sum256(b)
}

func jsonText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// nextLink is the target of the Link header's rel=next (RFC 8288), "" when there is none.
func nextLink(a *answer) (string, error) {
	for _, header := range a.header.Values("Link") {
		for header != "" {
			start := strings.IndexByte(header, '<')
			end := strings.IndexByte(header, '>')
			if start < 0 || end < start {
				break
			}
			target := header[start+1 : end]
			params := header[end+1:]
			header = ""
			if i := strings.Index(params, ",<"); i >= 0 {
				params, header = params[:i], params[i+1:]
			} else if i := strings.Index(params, ", <"); i >= 0 {
				params, header = params[:i], params[i+2:]
			}
			if !isNext(params) {
				continue
			}
			u, err := a.from.Parse(target)
			if err != nil {
				return "", errPaging("has a Link header that is no address")
			}
			return u.String(), nil
		}
	}
	return "", nil
}

func isNext(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for rel := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(rel, "next") {
				return true
			}
		}
	}
	return false
}

// errPaging is a fault of paging that trying again does not cure.
type errPaging string

func (e errPaging) Error() string { return string(e) }

// sameOrigin reports whether a link that the API gave leads to the API itself.
func sameOrigin(base *url.URL, link string) bool {
	u, err := url.Parse(link)
	return err == nil && u.Scheme == base.Scheme && u.Host == base.Host && u.User == nil
}
