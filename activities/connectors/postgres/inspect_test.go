package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models/datamap"
	"habeas/models/store/pgtest"
)

const inspected = `
CREATE SCHEMA hr;
CREATE DOMAIN mail AS varchar(120) NOT NULL;
CREATE TABLE hr.person (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email mail UNIQUE, name text, tags text[],
  initials text GENERATED ALWAYS AS (left(name, 2)) STORED, photo bytea, extra jsonb);
COMMENT ON TABLE hr.person IS 'People who work here';
COMMENT ON COLUMN hr.person.name IS 'as on the passport';
CREATE INDEX ON hr.person (lower(email));
CREATE INDEX ON hr.person (name, lower(email));
CREATE TABLE contract (org int, no int, person bigint REFERENCES hr.person ON DELETE CASCADE, PRIMARY KEY (no, org));
CREATE TABLE page (contract_org int, contract_no int, n int, FOREIGN KEY (contract_no, contract_org) REFERENCES contract (no, org) ON DELETE SET NULL);
CREATE VIEW people AS SELECT name FROM hr.person;
CREATE TABLE event (at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO hr.person (email, name, tags, photo, extra) SELECT 'p' || n || '@example.com', repeat('x', 900), '{a,b}', '\x00', '{"a": 1}' FROM generate_series(1, 20) n;
INSERT INTO event VALUES ('2024-05-01', 'x');
ANALYZE;
`

func TestInspectDescribesTablesAsTheyAre(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t)
	run(t, connect(t, dsn), inspected)
	system := open(t, dsn)
	tables := map[string]connectors.Table{}
	var names []string
	require.NoError(t, system.(connectors.Inspector).Inspect(t.Context(), 5, func(table connectors.Table) error {
		names = append(names, table.Name)
		tables[table.Name] = table
		return nil
	}))
	require.Equal(t, []string{"contract", "event", "hr.person", "page", "people"}, names, "partitions belong to their table")
	person := tables["hr.person"]
	require.Equal(t, "People who work here", person.Comment)
	require.Equal(t, int64(20), person.Rows)
	require.Equal(t, []string{"id"}, person.Key)
	require.Equal(t, [][]string{{"email"}}, person.Unique)
	require.ElementsMatch(t, [][]string{{"id"}, {"email"}, {"name"}}, person.Indexes, "an expression ends what an index leads with")
	columns := map[string]connectors.Column{}
	for _, c := range person.Columns {
		columns[c.Name] = c
	}
	require.True(t, columns["id"].Computed)
	require.True(t, columns["initials"].Computed)
	require.Equal(t, 120, columns["email"].Length, "through the domain")
	require.False(t, columns["email"].Nullable)
	require.True(t, columns["name"].Nullable)
	require.Equal(t, "as on the passport", columns["name"].Comment)
	require.True(t, columns["tags"].Array)
	require.Equal(t, datamap.KindText, columns["tags"].Kind)
	require.Equal(t, datamap.KindJSON, columns["extra"].Kind)
	require.Len(t, columns["email"].Samples, 5)
	require.Len(t, columns["name"].Samples[0].Text(), 500, "the beginning of a text is enough")
	require.Empty(t, columns["photo"].Samples)
	require.Equal(t, []connectors.ForeignKey{{
		Name: "contract_person_fkey", Columns: []string{"person"}, Table: "hr.person", Into: []string{"id"}, OnDelete: "cascade",
	}}, tables["contract"].References)
	require.Equal(t, []string{"no", "org"}, tables["contract"].Key, "in the key's order")
	require.Equal(t, []string{"contract_no", "contract_org"}, tables["page"].References[0].Columns)
	require.Equal(t, []string{"no", "org"}, tables["page"].References[0].Into)
	require.Equal(t, "set null", tables["page"].References[0].OnDelete)
	require.True(t, tables["people"].View)
	require.Equal(t, int64(-1), tables["people"].Rows)
	require.Empty(t, tables["contract"].Columns[0].Samples)
}

func TestInspectNeedsNoRightToReadEveryColumn(t *testing.T) {
	t.Parallel()
	b := setup(t, inspected)
	system := open(t, b.login(t, "GRANT USAGE ON SCHEMA hr TO $role; GRANT SELECT (id, name) ON hr.person TO $role"))
	samples := map[string]int{}
	require.NoError(t, system.(connectors.Inspector).Inspect(t.Context(), 5, func(table connectors.Table) error {
		for _, c := range table.Columns {
			samples[table.Name+"."+c.Name] = len(c.Samples)
		}
		return nil
	}))
	require.Equal(t, 5, samples["hr.person.id"])
	require.Equal(t, 0, samples["hr.person.email"])
}
