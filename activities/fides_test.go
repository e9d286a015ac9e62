package activities_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/activities/connectors/postgres"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/pgtest"
)

const fidesData = "../../shared/fixtures/fides/"

// shop is a world whose only data is the Fides example database, in its own map; dsn is the database.
func shop(t *testing.T) (w *world, dsn string) {
	t.Helper()
	script, err := os.ReadFile(fidesData + "postgres_sample.sql")
	if err != nil {
		t.Skip("the Fides sample data is not in shared/fixtures/fides beside the project")
	}
	w = setup(t)
	dsn = pgtest.New(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), string(script))
	require.NoError(t, err)
	require.NoError(t, conn.Close(context.WithoutCancel(t.Context())))
	datasets, problems, err := file.Load(fidesData+"postgres_example_test_dataset.yml", fidesData+"postgres_example_test_extended_dataset.yml")
	require.NoError(t, err)
	require.Empty(t, problems)
	for i := range datasets {
		datasets[i].System = "shop"
	}
	w.deps.Graph, err = datamap.Compile(datasets)
	require.NoError(t, err)
	for _, n := range w.deps.Graph.Nodes {
		if n.Collection.Name == "visit" {
			n.Collection.Erase = datamap.EraseDelete // its address may not be empty
		}
	}
	system, err := postgres.Open(t.Context(), connectors.Config{Name: "shop", Kind: postgres.Kind, DSN: models.Personal(dsn), Secret: []byte("0123456789abcdef")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, system.Close()) })
	w.deps.Systems = map[string]connectors.System{"shop": system}
	w.rebuild()
	return w, dsn
}

// asked is the request of the Fides example's first customer, in review.
func (w *world) asked(right models.Right) models.ID {
	w.t.Helper()
	const email = "customer-1@example.com"
	out, err := w.store.Submit(w.t.Context(), store.Submission{
		Controller: w.owner, Right: right, Channel: request.ChannelController, Vouched: true, Language: "en", Actor: models.Actor{Role: models.RoleController},
		Subject: request.Subject{Email: email, Identities: []request.Identity{{Kind: "email", Value: email}}},
	})
	require.NoError(w.t, err)
	ref := activities.RequestRef{RequestID: out.RequestID}
	do[activities.Opened](w, w.acts.Open, ref)
	w.advance(out.RequestID, models.Locating)
	do[activities.Located](w, w.acts.Locate, ref)
	do[activities.Planned](w, w.acts.MakePlan, ref)
	w.advance(out.RequestID, models.InReview)
	return out.RequestID
}

// sharedWays decides alike about all groups that another person shares.
func (w *world) sharedWays(id models.ID, how models.Treatment) {
	w.t.Helper()
	choices := map[int]models.Treatment{}
	for _, g := range w.plan(id).Groups {
		if g.Treatment() != models.TreatRefer {
			continue
		}
		choices[g.No] = how
		if g.Collection == "address" && how == models.TreatMask {
			choices[g.No] = models.TreatKeep // nothing in an address says whose it is
		}
	}
	require.NotEmpty(w.t, choices)
	w.decide(id, request.Approve, models.RoleDPO, func(d *request.Decision) { d.PlanDigest, d.Choices = w.plan(id).Digest(), choices })
	w.advance(id, models.Executing)
}

// others is a digest of all rows of the shop but the first customer's own, and of the other person's part of what they share.
func others(t *testing.T, dsn string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	var digest string
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT md5(concat_ws('|',
		(SELECT string_agg(a::text, ',' ORDER BY id) FROM address a), (SELECT string_agg(e::text, ',' ORDER BY id) FROM employee e),
		(SELECT string_agg(c::text, ',' ORDER BY id) FROM customer c WHERE id <> 1), (SELECT string_agg(p::text, ',' ORDER BY id) FROM product p),
		(SELECT string_agg(l::text, ',' ORDER BY id) FROM login l WHERE customer_id <> 1),
		(SELECT string_agg(s::text, ',' ORDER BY id) FROM service_request s WHERE id <> 'ser_aaa-aaa'),
		(SELECT concat(alt_email, opened, closed, employee_id) FROM service_request WHERE id = 'ser_aaa-aaa')))`).Scan(&digest))
	return digest
}

func TestFidesSharedAddressesAndRequestsAreNeverSilentlyDisclosedOrErased(t *testing.T) {
	t.Parallel()
	w, dsn := shop(t)
	before := others(t, dsn)

	access := w.asked(models.Access)
	shared := map[string]string{}
	for _, g := range w.plan(access).Groups {
		if g.SharedWith != "" {
			require.Equal(t, models.TreatRefer, g.Treatment(), g.Name())
			shared[g.Collection] += g.SharedWith + " "
		}
	}
	require.Contains(t, shared["address"], "postgres_example_test_dataset.orders", "another customer's order goes to it")
	require.Contains(t, shared["address"], "postgres_example_test_dataset.customer", "another customer lives there")
	require.Contains(t, shared, "service_request")
	w.sharedWays(access, models.TreatRedact)
	files := w.fetched(build(w, access))
	requests := string(files["data/postgres_example_test_dataset.service_request.json"])
	require.Contains(t, requests, "customer-1@example.com")
	require.NotContains(t, requests, "customer-1-alt@example.com")
	require.NotContains(t, string(files["data/postgres_example_test_dataset.address.json"]), "Example Lane")
	require.Equal(t, before, others(t, dsn))
	w.close(access, w.finished(access))

	erasure := w.asked(models.Erasure)
	w.sharedWays(erasure, models.TreatMask)
	w.eraseAll(erasure, w.prepared(erasure).Erase)
	require.Zero(t, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: erasure}).Left)
	require.Equal(t, before, others(t, dsn), "everybody else's rows, byte by byte")
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	var left int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM service_request WHERE email IS NOT NULL AND id = 'ser_aaa-aaa'`).Scan(&left))
	require.Zero(t, left, "the person's own field is masked")
}

// finished moves a copy on to where it can be closed.
func (w *world) finished(id models.ID) models.Outcome {
	w.t.Helper()
	w.advance(id, models.Delivering)
	return models.Fulfilled
}
