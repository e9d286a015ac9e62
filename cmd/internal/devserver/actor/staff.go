package actor

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"habeas/models"
)

// Request is what staff and customers see of a request.
type Request struct {
	ID        models.ID `json:"id"`
	Reference string    `json:"reference"`
	State     string    `json:"state"`
	Outcome   string    `json:"outcome"`
	Clock     struct {
		DueOn     string    `json:"due_on"`
		DueBefore time.Time `json:"due_before"`
		Paused    bool      `json:"paused"`
	} `json:"clock"`
}

// Plan is the plan as shown.
type Plan struct {
	Version int     `json:"version"`
	Digest  string  `json:"digest"`
	Decided bool    `json:"decided"`
	Groups  []Group `json:"groups"`
}

// Group is a group of the plan.
type Group struct {
	No          int      `json:"no"`
	Dataset     string   `json:"dataset"`
	Collection  string   `json:"collection"`
	Rows        int64    `json:"rows"`
	Treatment   string   `json:"treatment"`
	Options     []string `json:"options"`
	Reason      string   `json:"reason"`
	SharedWith  string   `json:"shared_with"`
	Rule        string   `json:"rule"`
	Citation    string   `json:"citation"`
	HoldThrough string   `json:"hold_through"`
}

// Decision is a decision as it is sent.
type Decision struct {
	Kind       string            `json:"kind"`
	Reason     string            `json:"reason,omitempty"`
	PlanDigest string            `json:"plan_digest,omitempty"`
	Choices    map[string]string `json:"choices,omitempty"`
	NoticeID   string            `json:"notice_id,omitempty"`
	Answer     string            `json:"answer,omitempty"`
}

// Entry is a ledger entry.
type Entry struct {
	At   time.Time      `json:"at"`
	Kind string         `json:"kind"`
	Role string         `json:"role"`
	Data map[string]any `json:"data"`
}

// Notice is a notice to a recipient.
type Notice struct {
	ID         string `json:"id"`
	Recipient  string `json:"recipient"`
	State      string `json:"state"`
	Attempts   int    `json:"attempts"`
	Answer     string `json:"answer"`
	DeferralID string `json:"deferral_id"`
}

// Deferral is something that is erased later.
type Deferral struct {
	ID    string `json:"id"`
	DueOn string `json:"due_on"`
	State string `json:"state"`
	Rule  string `json:"rule"`
}

func path(id models.ID, rest string) string { return "/v1/requests/" + id.String() + rest }

// Request reads a request.
func (c Client) Request(ctx context.Context, id models.ID) (r Request, err error) {
	err = c.JSON(ctx, http.MethodGet, path(id, ""), nil, &r)
	return r, err
}

// AwaitState waits until the request is in one of the states.
func (c Client) AwaitState(ctx context.Context, id models.ID, states ...models.State) (r Request, err error) {
	err = until(ctx, "the state of the request", func() (bool, error) {
		r, err = c.Request(ctx, id)
		return slices.Contains(states, models.State(r.State)), err
	})
	return r, err
}

// Plan reads the latest plan.
func (c Client) Plan(ctx context.Context, id models.ID) (p Plan, err error) {
	err = c.JSON(ctx, http.MethodGet, path(id, "/plan"), nil, &p)
	return p, err
}

// Decide sends a decision. One that is early by a moment, because the workflow has not come so far, is a *Problem like any other.
func (c Client) Decide(ctx context.Context, id models.ID, d Decision) error {
	return c.JSON(ctx, http.MethodPost, path(id, "/decisions"), d, nil)
}

// Approve waits for the plan and approves it as shown, with the first option offered for each group that needs a choice.
func (c Client) Approve(ctx context.Context, id models.ID) (Plan, error) {
	if _, err := c.AwaitState(ctx, id, models.InReview); err != nil {
		return Plan{}, err
	}
	p, err := c.Plan(ctx, id)
	if err != nil {
		return p, err
	}
	d := Decision{Kind: "approve", PlanDigest: p.Digest, Choices: map[string]string{}}
	for _, g := range p.Groups {
		if g.Treatment == string(models.TreatRefer) {
			d.Choices[strconv.Itoa(g.No)] = g.Options[0]
		}
	}
	return p, c.Decide(ctx, id, d)
}

// Settle brings a request that was just confirmed past its review: it approves the plan when there is something to decide.
func (c Client) Settle(ctx context.Context, id models.ID) (Plan, error) {
	r, err := c.AwaitState(ctx, id, models.InReview, models.Executing, models.Notifying, models.Delivering, models.Closed)
	if err != nil {
		return Plan{}, err
	}
	p, err := c.Plan(ctx, id)
	if err != nil || p.Decided || r.State != string(models.InReview) {
		return p, err
	}
	return c.Approve(ctx, id)
}

// list reads all pages of a list.
func list[T any](ctx context.Context, c Client, path, member string) ([]T, error) {
	var all []T
	for next := ""; ; {
		var page map[string]json.RawMessage
		if err := c.JSON(ctx, http.MethodGet, path+"?limit=100&cursor="+url.QueryEscape(next), nil, &page); err != nil {
			return nil, err
		}
		var some []T
		if err := json.Unmarshal(page[member], &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
		if page["next"] == nil {
			return all, nil
		}
		if err := json.Unmarshal(page["next"], &next); err != nil {
			return nil, err
		}
		if next == "" {
			return all, nil
		}
	}
}

// Ledger reads the request's entries.
func (c Client) Ledger(ctx context.Context, id models.ID) ([]Entry, error) {
	return list[Entry](ctx, c, path(id, "/ledger"), "entries")
}

// Notices reads the request's notices.
func (c Client) Notices(ctx context.Context, id models.ID) ([]Notice, error) {
	return list[Notice](ctx, c, path(id, "/notices"), "notices")
}

// Deferrals reads the request's deferrals.
func (c Client) Deferrals(ctx context.Context, id models.ID) ([]Deferral, error) {
	return list[Deferral](ctx, c, path(id, "/deferrals"), "deferrals")
}

// Receipts reads the signed files of a request, oldest first.
func (c Client) Receipts(ctx context.Context, id models.ID) ([][]byte, error) {
	var list struct {
		Receipts []struct {
			ID string `json:"id"`
		} `json:"receipts"`
	}
	if err := c.JSON(ctx, http.MethodGet, path(id, "/receipts"), nil, &list); err != nil {
		return nil, err
	}
	var files [][]byte
	for _, r := range list.Receipts {
		var b []byte
		if err := c.JSON(ctx, http.MethodGet, path(id, "/receipts/"+r.ID), nil, &b); err != nil {
			return nil, err
		}
		files = append(files, b)
	}
	return files, nil
}

// AwaitReceipts waits until the request has at least n receipts.
func (c Client) AwaitReceipts(ctx context.Context, id models.ID, n int) (files [][]byte, err error) {
	err = until(ctx, "the receipts", func() (bool, error) {
		files, err = c.Receipts(ctx, id)
		return len(files) >= n, err
	})
	return files, err
}

// Keys reads the public keys that verify evidence.
func (c Client) Keys(ctx context.Context) (json.RawMessage, error) {
	var b []byte
	err := c.JSON(ctx, http.MethodGet, "/.well-known/habeas-keys.json", nil, &b)
	return b, err
}
