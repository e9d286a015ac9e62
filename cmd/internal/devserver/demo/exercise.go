package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"habeas/cmd/internal/devserver/actor"
	"habeas/cmd/internal/devserver/mailbox"
	"habeas/cmd/internal/devserver/sample"
	"habeas/models"
	"habeas/models/store"
)

// breach is what staff see of a breach.
type breach struct {
	ID        models.ID `json:"id"`
	Reference string    `json:"reference"`
	State     string    `json:"state"`
	Times     []struct {
		Step       string `json:"step"`
		Controller string `json:"controller"`
		Seconds    int64  `json:"seconds"`
		LimitHours int    `json:"limit_hours"`
		Done       bool   `json:"done"`
		Over       bool   `json:"over"`
	} `json:"times"`
	Duties []duty `json:"duties"`
}

type duty struct {
	Duty    string `json:"duty"`
	Done    bool   `json:"done"`
	Missing string `json:"missing"`
}

// exercise carries a breach to its end as an exercise: every message goes to the DPO.
func (d *demo) exercise(ctx context.Context) error {
	d.title("An exercise: a personal data breach (Art. 33, 34)")
	x := &exercise{demo: d}
	for _, step := range []func(context.Context) error{x.report, x.understand, x.tellCustomer, x.notify, x.tellPersons, x.end} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("the exercise: %w", err)
		}
	}
	return nil
}

type exercise struct {
	*demo
	breach breach
	desk   *actor.Console // the DPO's
}

// call keeps the answer as the breach as it is now.
func (x *exercise) call(ctx context.Context, method, path string, in any) error {
	var now breach // a fresh one: what the answer leaves out would stay in an old one
	err := x.dpo.JSON(ctx, method, path, in, &now)
	if err == nil {
		x.breach = now
	}
	return err
}

// note adds an event to the record.
func (x *exercise) note(ctx context.Context, event map[string]any) error {
	return x.call(ctx, http.MethodPost, "/v1/breaches/"+x.breach.ID.String()+"/events", event)
}

// mail waits for a message of the exercise to the DPO.
func (x *exercise) mail(ctx context.Context, about string) (mailbox.Message, error) {
	m, err := x.s.Mailbox.Wait(ctx, func(m mailbox.Message) bool {
		return m.For(x.s.Config.DPOEmail.Reveal()) && strings.HasPrefix(m.Subject, "Exercise: ") && strings.Contains(m.Subject, about)
	})
	if err != nil {
		return m, fmt.Errorf("waiting for %q: %w", about, err)
	}
	return m, nil
}

func (x *exercise) report(ctx context.Context) error {
	in := map[string]any{"what": "A laptop with a copy of the consignees' addresses was left in a train.", "contact": "the night shift", "drill": true}
	if err := x.call(ctx, http.MethodPost, "/v1/breaches", in); err != nil {
		return err
	}
	x.ok("breach %s was reported", x.breach.Reference)
	if _, err := x.mail(ctx, "breach "+x.breach.Reference); err != nil {
		return err
	}
	x.ok("whoever is on call was alarmed")
	return x.note(ctx, map[string]any{"kind": "heard"})
}

func (x *exercise) understand(ctx context.Context) error {
	for _, event := range []map[string]any{
		{"kind": "aware", "aware_at": x.s.Clock.Now().Format(time.RFC3339)},
		{
			"kind": "found", "customers": []string{sample.Brightline}, "persons": 3, "records": 3, "person_kinds": []string{"consignees"}, "categories": []string{"contact details"},
			"consequences": "Unwanted visits and mail.", "measures": "The disk was wiped from afar.", "contact": "Ada Brandt, dpo@nordkai.example",
		},
		{"kind": "assessed", "inputs": map[string]any{
			"data": []map[string]any{{"context": "behavioral"}}, "identification": "maximum", "confidentiality": "full", "malicious": true, "persons": 3,
		}},
		{"kind": "decided", "risk": "high", "reason": "The addresses were readable for whoever found it."},
	} {
		if err := x.note(ctx, event); err != nil {
			return err
		}
	}
	x.ok("the DPO became aware, wrote down what is known and decided: a high risk")
	return nil
}

func (x *exercise) tellCustomer(ctx context.Context) error {
	m, err := x.mail(ctx, "Personal data breach "+x.breach.Reference)
	if err != nil {
		return err
	}
	for _, link := range m.Links() {
		if path, ok := strings.CutPrefix(link, x.s.Config.BaseURL); ok && strings.HasPrefix(path, "/breaches/") {
			// The mail is there an instant before the record says so.
			if err := x.await(ctx, func(d duty) bool { return d.Duty == "customer" && d.Missing == "a customer has not acknowledged it" }); err != nil {
				return err
			}
			if _, err := x.public.Form(ctx, path, url.Values{}); err != nil {
				return err
			}
			x.ok("the customer was told, and acknowledged it")
			return nil
		}
	}
	return errors.New("the message to the customer has no link")
}

// notify drafts the notification to the authority, and notes it as submitted without sending it.
func (x *exercise) notify(ctx context.Context) (err error) {
	if x.desk, err = x.dpo.SignIn(ctx); err != nil {
		return err
	}
	path := "/staff/breaches/" + x.breach.ID.String()
	pdf, err := x.desk.Page(ctx, path+"/notification?authority=DE-HB")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(x.output, 0o750); err != nil {
		return err
	}
	file := filepath.Join(x.output, "breach-exercise.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		return err
	}
	x.ok("the notification to the authority is in %s (%d kB)", file, len(pdf)/1000)
	_, err = x.desk.Upload(ctx, path+"/events", "notification.pdf", pdf, url.Values{
		"kind": {"submitted"}, "authority": {"DE-HB"}, "at": {x.local()}, "final": {"true"}, "by": {"Ada Brandt"},
	})
	return err
}

// local is the present instant as a form of the console writes it.
func (x *exercise) local() string {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err) // the zones are part of the program
	}
	return x.s.Clock.Now().In(zone).Format("2006-01-02T15:04:05")
}

func (x *exercise) tellPersons(ctx context.Context) error {
	path := "/staff/breaches/" + x.breach.ID.String()
	list := "email,name\nana@consignee.example,Ana\nben@consignee.example,Ben\nANA@consignee.example,Ana\nnobody\ncleo@consignee.example,Cleo\n"
	if _, err := x.desk.Upload(ctx, path+"/persons", "persons.csv", []byte(list), nil); err != nil {
		return err
	}
	subject := "About your delivery, exercise " + x.breach.Reference
	if _, err := x.desk.Form(ctx, path+"/letter", url.Values{
		"subject": {subject}, "body": {"A laptop with your address was left in a train. Be careful with visitors whom you do not expect."}, "per_minute": {"600"}, "plain": {"true"},
	}); err != nil {
		return err
	}
	key, _, err := x.s.App.Store.CreateKey(ctx, store.KeySpec{Role: models.RoleDPO, Name: "Jonas Petersen", Holder: x.s.Account(models.RoleHandler).ID})
	if err != nil {
		return err
	}
	deputy, err := actor.Client{Base: x.s.Config.BaseURL, Key: key}.SignIn(ctx)
	if err != nil {
		return err
	}
	if _, err := deputy.Form(ctx, path+"/letter/approve", url.Values{}); err != nil {
		return err
	}
	if err := x.await(ctx, func(d duty) bool { return d.Duty == "persons" && d.Done }); err != nil {
		return err
	}
	sent := 0
	for _, m := range x.s.Mailbox.Messages("") {
		if !strings.Contains(m.Subject, subject) {
			continue
		}
		if !m.For(x.s.Config.DPOEmail.Reveal()) {
			return errors.New("a message of the exercise left the house")
		}
		sent++
	}
	if sent != 3 {
		return fmt.Errorf("%d messages were sent instead of 3", sent)
	}
	x.ok("the message to the persons was approved by a second officer; %d went out, all to the DPO", sent)
	return nil
}

// await waits until a duty is as it should be.
func (x *exercise) await(ctx context.Context, as func(duty) bool) error {
	for {
		if err := x.call(ctx, http.MethodGet, "/v1/breaches/"+x.breach.ID.String(), nil); err != nil {
			return err
		}
		if slices.ContainsFunc(x.breach.Duties, as) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for a duty: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (x *exercise) end(ctx context.Context) error {
	if err := x.note(ctx, map[string]any{"kind": "closed", "reason": "The exercise is over."}); err != nil {
		return err
	}
	x.ok("the breach is %s; the times reached:", x.breach.State)
	for _, t := range x.breach.Times {
		limit := "without undue delay"
		if t.LimitHours > 0 {
			limit = fmt.Sprintf("within %d hours", t.LimitHours)
		}
		if !t.Done || t.Over {
			return fmt.Errorf("the step %s is not done in time", t.Step)
		}
		x.ok("  %-10s %4d s  (%s)", t.Step, t.Seconds, limit)
	}
	return nil
}
