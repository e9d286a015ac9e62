package rowbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/activities/bundle"
	"habeas/cmd/internal/gauge"
	"habeas/models"
	"habeas/models/store"
	"habeas/models/store/vault"
)

// deletes are what an expert would run for the person, one statement a table, children before parents.
var deletes = []string{
	`DELETE FROM events WHERE shipment_id IN (SELECT s.id FROM shipments s JOIN customers c ON c.id = s.customer_id WHERE c.email = $1)`,
	`DELETE FROM shipments WHERE customer_id IN (SELECT id FROM customers WHERE email = $1)`,
	`DELETE FROM customers WHERE email = $1`,
}

// selects are the person's rows, one statement a table.
var selects = []struct{ name, sql string }{
	{"freight.customers", `SELECT c.id, c.email, c.name FROM customers c WHERE c.email = '` + person + `'`},
	{"freight.shipments", `SELECT s.id, s.customer_id, s.reference FROM shipments s JOIN customers c ON c.id = s.customer_id WHERE c.email = '` + person + `'`},
	{"freight.events", `SELECT e.id, e.shipment_id, e.at, e.kind, e.place, e.weight, e.note FROM events e JOIN shipments s ON s.id = e.shipment_id
		JOIN customers c ON c.id = s.customer_id WHERE c.email = '` + person + `'`},
}

// expertErase runs the deletes, each its own transaction, as psql would.
func expertErase(ctx context.Context, dsn string) (r Result, err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	begin, cpu := time.Now(), gauge.OwnCPU()
	for _, sql := range deletes {
		tag, err := conn.Exec(ctx, sql, person)
		if err != nil {
			return r, err
		}
		r.Rows += tag.RowsAffected()
	}
	r.Took, r.CPU = time.Since(begin), gauge.OwnCPU()-cpu
	return r, nil
}

// expertSelect reads the person's rows and throws them away, by psql's own way of fetching.
func expertSelect(ctx context.Context, dsn string) (r Result, err error) {
	return r, expertCopy(ctx, dsn, &r, func(copyTo copyFunc) error {
		for _, s := range selects {
			if err := copyTo(io.Discard, s.sql, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

// expertCount counts what is left of the person.
func expertCount(ctx context.Context, dsn string) (r Result, err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	begin, cpu := time.Now(), gauge.OwnCPU()
	for _, s := range selects {
		var n int64
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM ("+s.sql+") t").Scan(&n); err != nil {
			return r, err
		}
		r.Rows += n
	}
	r.Took, r.CPU = time.Since(begin), gauge.OwnCPU()-cpu
	return r, nil
}

type copyFunc func(w io.Writer, sql, options string) error

func expertCopy(ctx context.Context, dsn string, r *Result, with func(copyFunc) error) (err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, "SET timezone = 'UTC'"); err != nil {
		return err
	}
	begin, cpu := time.Now(), gauge.OwnCPU()
	err = with(func(w io.Writer, sql, options string) error {
		tag, err := conn.PgConn().CopyTo(ctx, w, "COPY ("+sql+") TO STDOUT "+options)
		r.Rows += tag.RowsAffected()
		return err
	})
	r.Took, r.CPU = time.Since(begin), gauge.OwnCPU()-cpu
	return err
}

// expertExport writes the person's rows into a package of the same archive, compression, encryption and storage as Habeas': each table as
// CSV and, unless csvOnly, as JSON too, as Habeas does.
func expertExport(ctx context.Context, s Step, csvOnly bool) (r Result, err error) {
	v, err := vault.New(vault.Config{Master: s.Master, Signing: s.Signing})
	if err != nil {
		return r, err
	}
	st, err := store.Open(ctx, store.Config{DSN: s.Habeas, Vault: v})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	id, err := models.ParseID(s.Request)
	if err != nil {
		return r, err
	}
	pkg, err := st.CreatePackage(ctx, id)
	if err != nil {
		return r, err
	}
	w, err := st.PackageWriter(ctx, pkg)
	if err != nil {
		return r, err
	}
	return r, expertCopy(ctx, s.Company, &r, func(copyTo copyFunc) error {
		archive := bundle.NewArchive(w, time.Now())
		for _, t := range selects {
			if err := expertFiles(archive, copyTo, t.name, t.sql, csvOnly); err != nil {
				return err
			}
		}
		if _, _, err := archive.Close("BENCH"); err != nil {
			return err
		}
		return w.Close()
	})
}

func expertFiles(archive *bundle.Archive, copyTo copyFunc, name, sql string, csvOnly bool) error {
	forms := []struct{ ending, sql, options string }{
		{".json", "SELECT row_to_json(t) FROM (" + sql + ") t", ""},
		{".csv", sql, "(FORMAT csv, HEADER)"},
	}
	for _, form := range forms {
		if csvOnly && form.ending != ".csv" {
			continue
		}
		out, err := archive.Create("data/"+name+form.ending, "")
		if err != nil {
			return err
		}
		if err := copyTo(out, form.sql, form.options); err != nil {
			return fmt.Errorf("%s%s: %w", name, form.ending, err)
		}
	}
	return nil
}
