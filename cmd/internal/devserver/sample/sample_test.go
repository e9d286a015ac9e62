package sample_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/postgres"
	"habeas/activities/walk"
	"habeas/cmd/internal/devserver/sample"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/hold"
	"habeas/models/plan"
	"habeas/models/store/pgtest"
)

var now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// seed makes a company of its own for a test that changes it.
func seed(t *testing.T) *sample.Company {
	t.Helper()
	c, err := sample.Seed(t.Context(), cluster(t), now)
	require.NoError(t, err)
	return c
}

var (
	once   sync.Once
	common *sample.Company
	failed error
)

// shared is one company for all tests that only read.
func shared(t *testing.T) *sample.Company {
	t.Helper()
	once.Do(func() { common, failed = sample.Seed(context.Background(), pgtest.Server(t).DSN, now) })
	require.NoError(t, failed)
	return common
}

// cluster gives each test databases of its own on the cluster of the test process.
func cluster(t *testing.T) func(string) string {
	t.Helper()
	server := pgtest.Server(t)
	prefix := "s" + fmt.Sprintf("%x", time.Now().UnixNano()) + "_"
	t.Cleanup(func() {
		for _, name := range sample.Databases() {
			require.NoError(t, server.Exec(context.Background(), "DROP DATABASE IF EXISTS "+prefix+name+" WITH (FORCE)"))
		}
	})
	return func(database string) string {
		if database == "postgres" {
			return server.DSN(database)
		}
		return server.DSN(prefix + database)
	}
}

func exec(t *testing.T, c *sample.Company, system, statement string) {
	t.Helper()
	for _, s := range c.Systems() {
		if s.Name != system {
			continue
		}
		conn, err := pgx.Connect(t.Context(), s.DSN)
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), statement)
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
	}
}

func TestSeedingHappensOnce(t *testing.T) {
	t.Parallel()
	dsn := cluster(t)
	c, err := sample.Seed(t.Context(), dsn, now)
	require.NoError(t, err)
	require.Greater(t, c.Rows(), 50_000)

	exec(t, c, "marketing", "UPDATE contacts SET email = 'changed@letters.example' WHERE email = 'mara.lindholm@letters.example'")
	again, err := sample.Seed(t.Context(), dsn, now.AddDate(0, 0, 9))
	require.NoError(t, err)
	require.Equal(t, 1, count(t, again, "changed@letters.example"), "data that is there is left alone")
	require.NoError(t, again.Reset(t.Context(), now))
	require.Zero(t, count(t, again, "changed@letters.example"))
}

func count(t *testing.T, c *sample.Company, needle string) int {
	t.Helper()
	hits, err := c.Search(t.Context(), needle)
	require.NoError(t, err)
	return len(hits)
}

func TestSearchLooksIntoEveryColumn(t *testing.T) {
	t.Parallel()
	c := seed(t)
	hits, err := c.Search(t.Context(), "MARA.lindholm@letters.example")
	require.NoError(t, err)
	var columns []string
	for _, h := range hits {
		require.NotEmpty(t, h.Key)
		columns = append(columns, h.System+"."+h.Table+"."+h.Column)
	}
	for _, want := range []string{
		"parties.parties.email", "parties.parties.preferences", "customs.declarations.importer_email", "invoices.invoices.bill_to_email", "logins.accounts.email",
		"logins.accounts.settings", "logins.login_attempts.email", "tracking.watchers.email", "marketing.contacts.email", "documents.letters.body",
		"documents.delivery_confirmations.contact_email",
	} {
		require.Contains(t, columns, want)
	}
	require.NotContains(t, columns, "shipments.shipments.details", "which has the name only")
	require.Zero(t, count(t, c, "nobody@nowhere.example"))
	require.Zero(t, count(t, c, "mara%lindholm"), "the value is no pattern")
	exec(t, c, "shipments", `UPDATE packages SET description = 'for O''Hara "x" \ 50%_' WHERE (shipment_id, line_no) = (1, 1)`)
	hits, err = c.Search(t.Context(), `O'Hara "x" \ 50%_`)
	require.NoError(t, err)
	require.Equal(t, []sample.Hit{{System: "shipments", Table: "packages", Column: "description", Key: []string{"1", "1"}}}, hits)
}

func rules(t *testing.T, c *sample.Company) hold.Catalogue {
	t.Helper()
	own, err := c.Rules()
	require.NoError(t, err)
	all, err := hold.Builtin().With(own...)
	require.NoError(t, err)
	return all
}

func TestTheDataMapIsWithoutFaultAndFitsTheDatabases(t *testing.T) {
	t.Parallel()
	c := shared(t)
	maps, err := c.DataMaps()
	require.NoError(t, err)
	law := rules(t, c)
	require.Empty(t, datamap.Check(maps, func(code string) ([]string, bool) {
		r, err := law.Rule(code)
		var fields []string
		for _, s := range r.Starts {
			fields = append(fields, s.Field)
		}
		return fields, err == nil
	}))
	graph, err := datamap.Compile(maps)
	require.NoError(t, err)
	open := opener(t, c)
	for _, name := range graph.Systems() {
		system, err := open(t.Context(), name)
		require.NoError(t, err)
		nodes := slices.DeleteFunc(slices.Clone(graph.Nodes), func(n *datamap.Node) bool { return n.System != name })
		problems, err := system.(connectors.Checker).Check(t.Context(), nodes)
		require.NoError(t, err)
		require.Empty(t, problems)
	}
	var slugs []string
	for _, r := range c.Recipients("") {
		slugs = append(slugs, r.Slug)
	}
	for _, d := range maps {
		require.Subset(t, slugs, d.Recipients, d.Key)
	}
}

func opener(t *testing.T, c *sample.Company) func(context.Context, string) (connectors.System, error) {
	open := map[string]connectors.System{}
	for _, s := range c.Systems() {
		system, err := postgres.Open(t.Context(), connectors.Config{Name: s.Name, Kind: s.Kind, DSN: models.Personal(s.DSN), Secret: []byte("0123456789abcdef")})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, system.Close()) })
		open[s.Name] = system
	}
	return func(_ context.Context, name string) (connectors.System, error) { return open[name], nil }
}

// located is what a walk found of a person, sorted into the groups of a plan.
type located struct {
	graph  *datamap.Graph
	groups []plan.Group
	rows   map[int][]datamap.FoundRow // by group
	names  map[string]int             // rows by collection
}

func locate(t *testing.T, c *sample.Company, p sample.Person) located {
	t.Helper()
	maps, err := c.DataMaps()
	require.NoError(t, err)
	graph, err := datamap.Compile(maps)
	require.NoError(t, err)
	found := &walk.Memory{}
	scope := p.Controller
	if scope == sample.Nordkai {
		scope = "" // the operator's own rows
	}
	w := walk.Walk{Graph: graph, Open: opener(t, c), Found: found, Scope: func(s string) bool { return s == scope }}
	for _, id := range p.Subject.Identities[:1] { // the e-mail address alone, as the portal gives it
		w.Identities = append(w.Identities, walk.Identity{Kind: id.Kind, Value: id.Value})
	}
	_, err = w.Run(t.Context())
	require.NoError(t, err)

	law := rules(t, c)
	builder := plan.NewBuilder(p.Right, calendar.DateOf(now), func(code string, anchors map[string]calendar.Date) (plan.Hold, error) {
		r, err := law.Rule(code)
		require.NoError(t, err)
		h, err := hold.Compute(r, anchors)
		return plan.Hold{Rule: code, Citation: h.Citation, Through: h.HoldThrough, ErasableFrom: h.ErasableFrom}, err
	})
	out := located{graph: graph, rows: map[int][]datamap.FoundRow{}, names: map[string]int{}}
	for _, n := range graph.Nodes {
		require.NoError(t, found.Each(t.Context(), n.Address, func(row datamap.FoundRow) error {
			no, err := builder.Add(collection(n), planned(n, row))
			out.rows[no] = append(out.rows[no], row)
			out.names[n.Address.String()]++
			return err
		}))
	}
	out.groups = builder.Groups()
	return out
}

func collection(n *datamap.Node) plan.Collection {
	c := plan.Collection{
		System: n.System, Dataset: n.Address.Dataset, Name: n.Address.Collection, Portable: n.Collection.Portable,
		Masked: n.Erasure() == datamap.EraseMask, Kept: n.Erasure() == datamap.EraseKeep,
	}
	for _, h := range n.Collection.Holds {
		c.Holds = append(c.Holds, plan.HoldRule{Code: h.Rule})
	}
	return c
}

func planned(n *datamap.Node, row datamap.FoundRow) plan.Row {
	r := plan.Row{Anchors: map[string]map[string]calendar.Date{}}
	if row.Shared {
		r.SharedWith = row.Reason.Via.String()
	}
	for _, h := range n.Collection.Holds {
		r.Anchors[h.Rule] = map[string]calendar.Date{h.Anchors[0].Field: row.Dates(h)[0]}
	}
	return r
}

func (l located) of(reason plan.Reason) (names []string) {
	for _, g := range l.groups {
		if g.Reason == reason {
			names = append(names, fmt.Sprintf("%s %d %s %s", g.Name(), g.Rows, g.Rule, g.ErasableOn))
		}
	}
	slices.Sort(names)
	return names
}

// What the plan lets go is erased as the connectors do it; then the address is only where the plan says that it is held.
func TestAfterTheErasureTheAddressIsOnlyInHeldRows(t *testing.T) {
	t.Parallel()
	c := seed(t)
	l := locate(t, c, c.People.Erasure)
	open := opener(t, c)
	held := map[string]bool{}
	for _, step := range l.graph.EraseOrder() {
		for _, g := range l.groups {
			if g.Name() != step.Node.Address.String() {
				continue
			}
			var keys []datamap.Key
			for _, row := range l.rows[g.No] {
				keys = append(keys, row.Key)
				if g.Reason == plan.ReasonHeld {
					held[rowName(step.Node, row.Key)] = true
				}
			}
			if g.Reason != plan.ReasonGround || len(step.Loosen) > 0 {
				continue
			}
			system, err := open(t.Context(), step.Node.System)
			require.NoError(t, err)
			order := connectors.Erasure{Node: step.Node, Keys: keys, Delete: step.Node.Erasure() == datamap.EraseDelete}
			if !order.Delete {
				order.Masks = step.Node.Masks()
			}
			done, err := system.(connectors.Eraser).Erase(t.Context(), order)
			require.NoError(t, err)
			require.Empty(t, done.Blocked, g.Name())
		}
	}
	hits, err := c.Search(t.Context(), c.People.Erasure.Subject.Email.Reveal())
	require.NoError(t, err)
	require.NotEmpty(t, hits)
	for _, h := range hits {
		require.True(t, held[h.Row()], h.String())
	}
	name, err := c.Search(t.Context(), "Mara Lindholm")
	require.NoError(t, err)
	for _, h := range name {
		require.True(t, held[h.Row()], h.String())
	}
	require.Positive(t, count(t, c, c.People.Housemate.Subject.Email.Reveal()), "the other person's data is untouched")
	require.Positive(t, count(t, c, "Am Speicher 12"))
}

func rowName(n *datamap.Node, key datamap.Key) string {
	var values []string
	for _, v := range key {
		values = append(values, v.Text())
	}
	return sample.Hit{System: n.System, Table: n.Table, Key: values}.Row()
}

func TestNothingInTheSampleIsReal(t *testing.T) {
	t.Parallel()
	c := shared(t)
	for _, s := range c.Systems() {
		u, err := url.Parse(s.DSN)
		require.NoError(t, err)
		require.Equal(t, "postgres", u.Scheme)
	}
	for _, domain := range []string{"@gmail", "@outlook", ".com", ".de\"", "@web"} {
		require.Zero(t, count(t, c, domain), domain)
	}
}
