package store_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/request"
	"habeas/models/store"
)

// canary is in every personal value of the tests below, and nowhere else.
const canary = "Kanarienvogel"

// secretly are the forms in which a value could lie in a column: as it is, in the other case, in hex and in base64, whose text depends on
// where in the plain value it begins.
func secretly(value string) []string {
	forms := []string{value, strings.ToLower(value), strings.ToUpper(value)}
	for _, v := range forms[:3] {
		forms = append(forms, fmt.Sprintf("%x", v), fmt.Sprintf("%X", v))
		for shift := range 3 {
			for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				text := e.EncodeToString([]byte(strings.Repeat("x", shift) + v))
				forms = append(forms, text[4:len(text)-3]) // without what its neighbours would change
			}
		}
	}
	return forms
}

// leaks names the columns of the database in which a form of the value is.
func (b *bundle) leaks(value string) []string {
	b.t.Helper()
	ctx := b.t.Context()
	conn, err := pgx.Connect(ctx, b.dsn)
	require.NoError(b.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(ctx, `
SELECT c.table_name, c.column_name, c.data_type = 'bytea' FROM information_schema.columns c JOIN information_schema.tables t
USING (table_schema, table_name) WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1, c.ordinal_position`)
	require.NoError(b.t, err)
	type column struct {
		Table, Name string
		Bytes       bool
	}
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	require.NoError(b.t, err)
	require.Greater(b.t, len(columns), 100, "all tables are looked at")
	forms := secretly(value)
	var out []string
	for _, c := range columns {
		name := pgx.Identifier{c.Name}.Sanitize()
		content := name
		if !c.Bytes {
			content = `convert_to(` + name + `::text, 'UTF8')`
		}
		rows, err := conn.Query(ctx, `SELECT `+content+` FROM `+pgx.Identifier{c.Table}.Sanitize()+` WHERE `+name+` IS NOT NULL`)
		require.NoError(b.t, err)
		values, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		require.NoError(b.t, err)
		if containsAny(values, forms) {
			out = append(out, c.Table+"."+c.Name)
		}
	}
	return out
}

func containsAny(values [][]byte, forms []string) bool {
	for _, v := range values {
		for _, f := range forms {
			if bytes.Contains(v, []byte(f)) {
				return true
			}
		}
	}
	return false
}

func TestNoColumnHoldsAPersonalValueInAnyEncoding(t *testing.T) {
	t.Parallel()
	b := setup(t)
	personal := func(format string) models.Personal { return models.Personal(fmt.Sprintf(format, canary)) }
	c := b.operator
	c.ContactEmail = personal("%s@northwind.example")
	_, err := b.PutController(t.Context(), c)
	require.NoError(t, err)
	for _, r := range []store.Recipient{
		{Slug: "mail", Channel: store.ChannelMail, Address: personal("%s@cloud.example")},
		{Slug: "hook", Channel: store.ChannelWebhook, Address: personal("https://cloud.example/%s"), Secret: webhookSecret},
	} {
		r.Name, r.Categories, r.ReminderAfter = "Cloud", []string{"user.contact"}, time.Hour
		_, err := b.PutRecipient(t.Context(), r)
		require.NoError(t, err)
	}
	sub := b.submission("")
	sub.Subject = request.Subject{
		Name: personal("Ada %s"), Email: personal("%s@example.org"), Message: personal("I am %s."),
		Identities: []request.Identity{{Kind: "email", Value: personal("%s@example.org")}, {Kind: "customer_number", Value: personal("C-%s")}},
	}
	b.wholeErasure(sub, personal)
	sub.Right = models.Access
	b.wholeAccess(sub, personal)

	for _, value := range []string{canary, webhookSecret.Reveal()[6:40]} {
		require.Empty(t, b.leaks(value))
	}
	// The search itself can fail.
	b.exec(`UPDATE mails SET key = key || $1 WHERE id = (SELECT id FROM mails LIMIT 1)`, base64.StdEncoding.EncodeToString([]byte("a "+canary+" b")))
	b.exec(`UPDATE package_chunks SET data = data || convert_to($1, 'UTF8')`, canary)
	require.Equal(t, []string{"mails.key", "package_chunks.data"}, b.leaks(canary))
}

func (b *bundle) wholeErasure(sub store.Submission, personal func(string) models.Personal) {
	b.t.Helper()
	ctx := b.t.Context()
	id := b.verified(sub).RequestID
	b.advance(id, models.Verifying, models.Locating)
	row := foundRow(customers, 1)
	row.Key, row.Path = datamap.Key{datamap.Text(personal("%s").Reveal())}, []string{personal("email %s > crm.customer.email").Reveal()}
	row.Links.Values[0] = datamap.Text(personal("%s@example.org").Reveal())
	_, err := b.Found(id).Add(ctx, []datamap.FoundRow{row})
	require.NoError(b.t, err)
	sorting, err := b.GroupRows(ctx, id, func(store.LocatedRow) (int, error) { return 3, nil })
	require.NoError(b.t, err)
	wanted := erasurePlan(id)
	wanted.Sorting = sorting
	for i := range wanted.Groups {
		wanted.Groups[i].Rows = int64(i / 2)
	}
	p, err := b.SavePlan(ctx, wanted)
	require.NoError(b.t, err)
	b.advance(id, models.InReview)
	for _, d := range []request.Decision{
		{Kind: request.Extend, Actor: dpo, Reason: personal("%s moved.")},
		{Kind: request.Approve, Actor: dpo, PlanDigest: p.Digest(), Choices: map[int]models.Treatment{2: models.TreatKeep}, Reason: personal("%s agreed.")},
	} {
		d.RequestID = id
		_, err := b.Decide(ctx, models.ScopeOperator(), d)
		require.NoError(b.t, err)
	}
	b.advance(id, models.Executing)
	require.NoError(b.t, b.AddSuppression(ctx, id))
	refs := b.notices(id, "user.contact.email")
	require.Len(b.t, refs, 2)
	message, err := b.NoticeToSend(ctx, refs[0].ID)
	require.NoError(b.t, err)
	_, err = b.WriteNotice(ctx, refs[0].ID, 1, []byte(personal("Erase %s.").Reveal()))
	require.NoError(b.t, err)
	require.NoError(b.t, b.MarkNoticeSent(ctx, refs[0].ID, 1))
	require.NoError(b.t, b.KeepNoticeProof(ctx, refs[0].ID, []byte(personal(`{"of":"%s"}`).Reveal())))
	require.NoError(b.t, b.AcknowledgeNotice(ctx, message.Token, store.AnswerErased, personal("We knew %s.")))
	_, err = b.Decide(ctx, models.ScopeOperator(), request.Decision{
		RequestID: id, Kind: request.Waive, Actor: dpo, Reason: personal("Not about %s."), NoticeID: refs[1].ID,
	})
	require.NoError(b.t, err)
	require.NoError(b.t, b.CreateDeferrals(ctx, id, p.Retained()))
	mail, _, err := b.OnceMail(ctx, id, "answer")
	require.NoError(b.t, err)
	require.NoError(b.t, b.MailSent(ctx, mail))
	require.NoError(b.t, b.SaveMessage(ctx, id, "answer", "answer", personal("Dear %s, it is done.")))
}

func (b *bundle) wholeAccess(sub store.Submission, personal func(string) models.Personal) {
	b.t.Helper()
	ctx := b.t.Context()
	id := b.verified(sub).RequestID
	b.advance(id, models.Verifying, models.Locating, models.InReview, models.Executing)
	pkg, err := b.CreatePackage(ctx, id)
	require.NoError(b.t, err)
	w, err := b.PackageWriter(ctx, pkg)
	require.NoError(b.t, err)
	_, err = io.WriteString(w, personal("The copy of %s.").Reveal())
	require.NoError(b.t, err)
	require.NoError(b.t, w.Close())
	token, err := b.FinishPackage(ctx, pkg, "digest", 10, b.now().Add(time.Hour))
	require.NoError(b.t, err)
	b.advance(id, models.Delivering)
	_, err = b.fetch(token)
	require.NoError(b.t, err)
}
