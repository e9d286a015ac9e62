package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Leaks looks for a text in every table of a database, in plain and in the encodings that it could have been written in, and returns the
// tables that hold it and how many were scanned.
func Leaks(ctx context.Context, dsn, text string) (found []string, scanned int, err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close(ctx) //nolint:errcheck // only read
	rows, err := conn.Query(ctx, `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`)
	if err != nil {
		return nil, 0, err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, 0, err
	}
	needles := encodings(text)
	for _, table := range tables {
		var dump bytes.Buffer
		if _, err := conn.PgConn().CopyTo(ctx, &dump, "COPY "+table+" TO STDOUT"); err != nil {
			return nil, 0, fmt.Errorf("scan %s: %w", table, err)
		}
		content := strings.ToLower(dump.String())
		for _, n := range needles {
			if strings.Contains(content, n) {
				found = append(found, table)
				break
			}
		}
	}
	return found, len(tables), nil
}

// encodings are the lower-case forms in which a text could stand in a dump: bytes columns are dumped as hex, and base64 depends on the text's place
// among the bytes around it.
func encodings(text string) []string {
	lower := strings.ToLower(text)
	plain := []string{lower, url.QueryEscape(lower), strings.ReplaceAll(lower, "@", `\u0040`)}
	for shift := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			coded := enc.EncodeToString(append(make([]byte, shift), text...))
			// What shares a base64 character with the bytes before and after depends on them and is left out.
			plain = append(plain, strings.ToLower(coded[(shift*8+5)/6+1:len(coded)-2]))
		}
	}
	var out []string
	for _, p := range plain {
		out = append(out, p, hex.EncodeToString([]byte(p)))
	}
	return append(out, hex.EncodeToString([]byte(text)))
}
