-- A web shop as many teams would build one. Nobody changed it to make Habeas look good.
CREATE TYPE order_status AS ENUM ('cart', 'paid', 'shipped', 'returned');
CREATE TABLE accounts (
  id uuid PRIMARY KEY, email text NOT NULL UNIQUE, password_hash text NOT NULL, marketing_opt_in boolean NOT NULL DEFAULT false,
  email_verified_at timestamptz, created_at timestamptz NOT NULL DEFAULT '2024-01-01'
);
CREATE TABLE customer_profiles (
  account_id uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE, first_name text NOT NULL, last_name text NOT NULL,
  full_name text GENERATED ALWAYS AS (first_name || ' ' || last_name) STORED, date_of_birth date, phone varchar(30), preferences jsonb NOT NULL DEFAULT '{}'
);
CREATE TABLE addresses (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account_id uuid NOT NULL REFERENCES accounts, label text, street text NOT NULL,
  zip varchar(10) NOT NULL, city text NOT NULL, country char(2) NOT NULL
);
CREATE TABLE categories (id int PRIMARY KEY, parent_id int REFERENCES categories, name text NOT NULL);
CREATE TABLE suppliers (id int PRIMARY KEY, company_name text NOT NULL, contact_name text, contact_email text, phone text);
CREATE TABLE products (
  id int PRIMARY KEY, sku text NOT NULL UNIQUE, name text NOT NULL, description text, category_id int NOT NULL REFERENCES categories,
  supplier_id int REFERENCES suppliers, price numeric(10,2) NOT NULL
);
CREATE TABLE staff (id int PRIMARY KEY, email varchar(80) NOT NULL UNIQUE, full_name varchar(80) NOT NULL, manager_id int REFERENCES staff);
CREATE TABLE orders (
  id bigint PRIMARY KEY, account_id uuid REFERENCES accounts ON DELETE SET NULL, guest_email text, status order_status NOT NULL,
  shipping_address_id bigint REFERENCES addresses, billing_address_id bigint REFERENCES addresses, client_ip inet, note text, placed_at timestamptz NOT NULL
);
CREATE INDEX ON orders (account_id);
CREATE TABLE order_items (
  order_id bigint REFERENCES orders ON DELETE CASCADE, line_no smallint, product_id int NOT NULL REFERENCES products, quantity int NOT NULL,
  PRIMARY KEY (order_id, line_no)
);
CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, iban text, card_last4 char(4), amount numeric(10,2) NOT NULL);
CREATE TABLE refunds (id bigint PRIMARY KEY, payment_id bigint NOT NULL REFERENCES payments, approved_by int NOT NULL REFERENCES staff, reason text);
CREATE TABLE carriers (code varchar(8) PRIMARY KEY, name text NOT NULL, hotline text);
CREATE TABLE shipments (
  order_id bigint REFERENCES orders, parcel_no smallint, carrier_code varchar(8) NOT NULL REFERENCES carriers, tracking_no text NOT NULL UNIQUE,
  signed_by text, PRIMARY KEY (order_id, parcel_no)
);
CREATE TABLE shipment_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint NOT NULL, parcel_no smallint NOT NULL, at timestamptz NOT NULL, place text,
  FOREIGN KEY (order_id, parcel_no) REFERENCES shipments (order_id, parcel_no) ON DELETE CASCADE
);
CREATE TABLE reviews (
  id bigint PRIMARY KEY, product_id int NOT NULL REFERENCES products, account_id uuid NOT NULL REFERENCES accounts,
  parent_id bigint REFERENCES reviews, title text NOT NULL, body text
);
CREATE TABLE coupons (code text PRIMARY KEY, percent int NOT NULL);
CREATE TABLE coupon_redemptions (coupon_code text NOT NULL REFERENCES coupons, account_id uuid NOT NULL REFERENCES accounts, redeemed_at timestamptz NOT NULL);
CREATE TABLE tickets (
  id bigint PRIMARY KEY, account_id uuid NOT NULL REFERENCES accounts, assigned_to int REFERENCES staff, subject text NOT NULL,
  context jsonb
);
CREATE TABLE ticket_messages (
  ticket_id bigint REFERENCES tickets, n int, staff_id int REFERENCES staff, body text NOT NULL, attachments text[], PRIMARY KEY (ticket_id, n)
);
CREATE TABLE newsletter (email text PRIMARY KEY, subscribed_at timestamptz NOT NULL);
CREATE TABLE audit_log (at timestamptz NOT NULL, actor_email text, action text NOT NULL, details jsonb);
CREATE VIEW big_orders AS SELECT id, account_id FROM orders WHERE id > 100;

INSERT INTO categories VALUES (1, NULL, 'Things'), (2, 1, 'Small things');
INSERT INTO suppliers VALUES (1, 'Things Ltd', 'Sam Source', 'sam@things.example', '+44 20 7946 0001');
INSERT INTO products SELECT n, 'SKU-' || n, 'Thing ' || n, 'A thing', 1 + n % 2, 1, n FROM generate_series(1, 20) n;
INSERT INTO staff VALUES (1, 'boss@shop.example', 'Bea Boss', NULL), (2, 'help@shop.example', 'Hal Help', 1);
INSERT INTO accounts SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'user' || n || '@example.com', md5(n::text) FROM generate_series(1, 60) n;
INSERT INTO customer_profiles (account_id, first_name, last_name, date_of_birth, phone, preferences)
  SELECT id, 'First' || substr(email, 5, 2), 'Last', '1980-01-01', '+49 30 ' || (901820 + row_number() OVER ()), '{"newsletter": true}' FROM accounts;
INSERT INTO addresses (account_id, label, street, zip, city, country) SELECT id, l, 'Street 1', '10115', 'Berlin', 'DE' FROM accounts, (VALUES ('home'), ('work')) v(l);
INSERT INTO orders SELECT n, ('00000000-0000-4000-8000-' || lpad((1 + n % 60)::text, 12, '0'))::uuid, NULL, 'shipped', a.id, a.id, '192.0.2.1', 'Ring twice', '2024-05-01'
  FROM generate_series(1, 300) n JOIN LATERAL (SELECT min(id) id FROM addresses WHERE account_id = ('00000000-0000-4000-8000-' || lpad((1 + n % 60)::text, 12, '0'))::uuid) a ON true;
INSERT INTO orders VALUES (1001, NULL, 'user7@example.com', 'paid', NULL, NULL, '192.0.2.7', NULL, '2024-06-01'), (1002, NULL, 'guest@example.net', 'paid', NULL, NULL, NULL, NULL, '2024-06-02');
INSERT INTO order_items SELECT o.id, l, 1 + (o.id + l) % 20, 1 FROM orders o, generate_series(1, 2) l;
INSERT INTO payments SELECT id, id, 'DE89370400440532013000', '1111', 10 FROM orders;
INSERT INTO refunds SELECT id, id, 2, 'broken' FROM payments WHERE id % 10 = 0;
INSERT INTO carriers VALUES ('POST', 'Post', '0800 1'), ('FAST', 'Fast Parcels', NULL);
INSERT INTO shipments SELECT id, 1, 'POST', 'T' || id, 'A. Neighbour' FROM orders;
INSERT INTO shipment_events (order_id, parcel_no, at, place) SELECT order_id, parcel_no, '2024-05-02', 'Hub' FROM shipments;
INSERT INTO reviews SELECT n, 1 + n % 20, ('00000000-0000-4000-8000-' || lpad((1 + n % 60)::text, 12, '0'))::uuid, NULL, 'Good', 'I like it' FROM generate_series(1, 120) n;
INSERT INTO reviews VALUES (1001, 1, '00000000-0000-4000-8000-000000000008', 6, 'Reply', 'Me too');
INSERT INTO coupons VALUES ('TEN', 10);
INSERT INTO coupon_redemptions SELECT 'TEN', id, '2024-03-01' FROM accounts;
INSERT INTO tickets SELECT n, ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 2, 'Help', '{"reporter": {"email": "someone@example.com"}}' FROM generate_series(1, 30) n;
INSERT INTO ticket_messages SELECT t.id, n, CASE WHEN n = 2 THEN 2 END, 'Text', '{a.png}' FROM tickets t, generate_series(1, 2) n;
INSERT INTO newsletter SELECT email, '2024-01-01' FROM accounts WHERE email LIKE '%7@%';
INSERT INTO audit_log SELECT '2024-05-01', email, 'login', '{"ip": "192.0.2.1"}' FROM accounts;
