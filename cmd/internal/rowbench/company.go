package rowbench

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

// The person whose rows are located, and the data map of the company: a customer, shipments, and the events of each.
const (
	person = "person@customer.example"
	mapID  = "benchmark"

	dataMap = `dataset:
  - fides_key: freight
    habeas: {system: company, legal_basis: contract}
    collections:
      - name: customers
        data_categories: [user.contact]
        habeas: {erase: delete, portable: true}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: name, data_categories: [user.name]}
      - name: shipments
        data_categories: [user.behavior]
        habeas: {erase: delete, portable: true}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: customer_id, fides_meta: {references: [{dataset: freight, field: customers.id, direction: from}]}}
          - {name: reference, data_categories: [user.unique_id]}
      - name: events
        data_categories: [user.behavior]
        habeas: {erase: delete, portable: true}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: shipment_id, fides_meta: {references: [{dataset: freight, field: shipments.id, direction: from}]}}
          - {name: at}
          - {name: kind}
          - {name: place, data_categories: [user.location]}
          - {name: weight}
          - {name: note, data_categories: [user.content]}
`
)

// Shipments of the person, and of everybody else together; each has as many events as the others.
const (
	ownShipments   = 20
	otherShipments = 2 * ownShipments
)

const schema = `
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, name text);
CREATE TABLE shipments (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, reference text);
CREATE TABLE events (id bigint PRIMARY KEY, shipment_id bigint NOT NULL REFERENCES shipments, at timestamptz NOT NULL, kind text NOT NULL,
  place text, weight numeric(10,2), note text);`

// indexes are those that an expert gives the tables; Habeas' own check asks for the one on the folded e-mail address.
const indexes = `
CREATE INDEX ON customers (lower(btrim(email)));
CREATE UNIQUE INDEX ON customers (email);
CREATE INDEX ON shipments (customer_id);
CREATE INDEX ON events (shipment_id);`

// fill makes three events for each row of the person's: every third event is of one of their shipments, so that their rows lie among
// others' on every page.
const fill = `
INSERT INTO customers SELECT n, CASE n WHEN 1 THEN '%[1]s' ELSE 'customer' || n || '@company.example' END, 'Customer ' || n FROM generate_series(1, 1 + %[3]d) n;
INSERT INTO shipments SELECT n, CASE WHEN n <= %[2]d THEN 1 ELSE n - %[2]d + 1 END, 'SHP-' || md5(n::text) FROM generate_series(1, %[2]d + %[3]d) n;
INSERT INTO events SELECT n, CASE WHEN n %% 3 = 0 THEN 1 + (n / 3) %% %[2]d ELSE %[2]d + 1 + n %% %[3]d END,
  '2024-01-01T00:00:00Z'::timestamptz + n * interval '17 seconds', (ARRAY['departed','arrived','scanned','delivered'])[1 + n %% 4],
  'Berth ' || n %% 977 || ', Hamburg', (n %% 100000) / 100.0, 'checked by hand, seal ' || md5(n::text) FROM generate_series(1::bigint, 3::bigint * %[4]d) n;`

// makeCompany fills an empty database with so many events of the person's among twice as many of others'.
func makeCompany(ctx context.Context, dsn string, events int) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, schema+fmt.Sprintf(fill, person, ownShipments, otherShipments, events)+indexes)
	for _, table := range []string{"customers", "shipments", "events"} {
		if err == nil {
			_, err = conn.Exec(ctx, "VACUUM (FREEZE, ANALYZE) "+table)
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

func graph() (*datamap.Graph, error) {
	datasets, problems := file.Parse("benchmark.yml", []byte(dataMap))
	if len(problems) > 0 {
		return nil, fmt.Errorf("data map: %v", problems)
	}
	return datamap.Compile(datasets)
}
