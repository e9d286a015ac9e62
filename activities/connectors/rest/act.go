package rest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// errChanged is a row that changed since it was read.
var errChanged = errors.New("the row changed since it was read")

// effect is what a request did.
type effect struct {
	gone    bool   // there was no such row
	blocked string // code of Blocked: the row was left as it is
}

// fill is an action's request for one row.
func (s *System) fill(a *action, node *datamap.Node, b binding, etag string) (*call, error) {
	c, err := a.shape.fill(b)
	if errors.Is(err, errValue) {
		return nil, mismatch("A row of %s lacks a value that the %s request needs.", node.Address, a.Method)
	}
	if err != nil {
		return nil, err
	}
	if a.IfMatch != "" && a.IfMatch != "header" {
		v, _ := at(b.row, strings.Trim(a.IfMatch, "{.}")) // nothing there is no tag
		etag = jsonText(v)
	}
	if a.IfMatch != "" && etag != "" {
		c.header.Set("If-Match", etag)
	}
	return c, nil
}

// act sends a request that changes a row, and understands its answer by the settings. Only methods that may be repeated are.
func (s *System) act(ctx context.Context, a *action, c *call, node *datamap.Node) (effect, error) {
	where := node.Address.String()
	res, err := s.send(ctx, c, c.method != http.MethodPost, where)
	if err != nil {
		return effect{}, err
	}
	switch {
	case a.Accepted != nil && res.status == a.Accepted.Status:
		return s.follow(ctx, a.Accepted, res, where)
	case slices.Contains(a.Done, res.status):
		return effect{}, nil
	case slices.Contains(a.Gone, res.status):
		return effect{gone: true}, nil
	case res.status == http.StatusPreconditionFailed && a.IfMatch != "":
		return effect{}, errChanged
	}
	if code := a.blocked(res.status); code != "" {
		return effect{blocked: code}, nil
	}
	return effect{}, s.refused(res.status, where)
}

// follow asks until a deletion that was only accepted is done. One that is not done in time is not done: the error makes the workflow
// come again.
func (s *System) follow(ctx context.Context, p *pending, res *answer, where string) (effect, error) {
	c, err := p.call(res, where)
	if err != nil {
		return effect{}, err
	}
	for range p.Tries {
		if err := s.pause(ctx, time.Duration(p.Every), time.Now().Add(time.Hour), where); err != nil {
			return effect{}, err
		}
		a, err := s.send(ctx, c, true, where)
		if err != nil {
			return effect{}, err
		}
		if a.status/100 != 2 {
			return effect{}, s.refused(a.status, where)
		}
		v, _ := at(a.tree, p.State) // nothing there is no state, and asked again
		switch state := jsonText(v); {
		case slices.Contains(p.Done, state):
			return effect{}, nil
		case slices.Contains(p.Failed, state):
			return effect{blocked: connectors.BlockedRefused}, nil
		}
	}
	return effect{}, s.busy(where)
}

// call is the request that asks for the state.
func (p *pending) call(res *answer, where string) (*call, error) {
	if p.shape != nil {
		c, err := p.shape.fill(binding{row: res.tree})
		if err != nil {
			return nil, mismatch("The answer for %s does not name what asks for the state of a deletion.", where)
		}
		return c, nil
	}
	link := res.header.Get(p.Header)
	if p.URL != "" {
		v, _ := at(res.tree, p.URL) // nothing there is no link
		link = jsonText(v)
	}
	u, err := res.from.Parse(link)
	if link == "" || err != nil {
		return nil, mismatch("The answer for %s does not say where to ask for the state of a deletion.", where)
	}
	return &call{method: http.MethodGet, full: u.String(), header: http.Header{}}, nil
}
