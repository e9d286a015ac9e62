-- Eine Spedition: alte Tabellen mit deutschen Spaltennamen und zusammengesetzten Schlüsseln. Nobody tuned it either.
CREATE TABLE mandant (mandant_nr smallint PRIMARY KEY, bezeichnung varchar(40) NOT NULL);
CREATE TABLE land (iso char(2) PRIMARY KEY, bezeichnung varchar(40) NOT NULL);
CREATE TABLE benutzer (kuerzel varchar(6) PRIMARY KEY, name varchar(60) NOT NULL, mailadresse varchar(80) NOT NULL, gesperrt boolean NOT NULL DEFAULT false);
CREATE TABLE kunde (
  mandant_nr smallint REFERENCES mandant, kunden_nr int, firma varchar(60), anrede varchar(10), vorname varchar(40), nachname varchar(40) NOT NULL, strasse varchar(60) NOT NULL,
  plz varchar(8) NOT NULL, ort varchar(40) NOT NULL, land_iso char(2) NOT NULL REFERENCES land, telefon varchar(30), email varchar(80), ust_id varchar(14),
  angelegt_von varchar(6) NOT NULL REFERENCES benutzer, PRIMARY KEY (mandant_nr, kunden_nr)
);
CREATE TABLE ansprechpartner (
  id serial PRIMARY KEY, mandant_nr smallint NOT NULL, kunden_nr int NOT NULL, name varchar(60) NOT NULL, mail varchar(80), telefonnummer varchar(30) NOT NULL,
  FOREIGN KEY (mandant_nr, kunden_nr) REFERENCES kunde
);
CREATE TABLE fahrer (
  personalnummer int PRIMARY KEY, vorname varchar(40) NOT NULL, nachname varchar(40) NOT NULL, geburtsdatum date NOT NULL, fuehrerschein_nr varchar(20) NOT NULL UNIQUE,
  mobilnummer varchar(30), konfession char(2)
);
CREATE TABLE fahrzeug (fahrzeug_nr int PRIMARY KEY, kennzeichen varchar(12) NOT NULL UNIQUE, bauart varchar(20), stammfahrer int REFERENCES fahrer);
CREATE TABLE lager (lager_nr int PRIMARY KEY, bezeichnung varchar(40) NOT NULL, strasse varchar(60) NOT NULL, plz varchar(8) NOT NULL, ort varchar(40) NOT NULL);
CREATE TABLE auftrag (
  mandant_nr smallint, auftrag_nr int, kunden_nr int NOT NULL, angelegt_von varchar(6) NOT NULL REFERENCES benutzer, angelegt_am date NOT NULL, bemerkung text,
  vorgaenger_nr int, PRIMARY KEY (mandant_nr, auftrag_nr), FOREIGN KEY (mandant_nr, kunden_nr) REFERENCES kunde,
  FOREIGN KEY (mandant_nr, vorgaenger_nr) REFERENCES auftrag (mandant_nr, auftrag_nr)
);
CREATE TABLE sendung (
  sendung_nr bigint PRIMARY KEY, mandant_nr smallint NOT NULL, auftrag_nr int NOT NULL, empfaenger_name varchar(60) NOT NULL, empfaenger_strasse varchar(60) NOT NULL,
  empfaenger_plz varchar(8) NOT NULL, empfaenger_ort varchar(40) NOT NULL, empfaenger_telefon varchar(30), lager_nr int REFERENCES lager, wert numeric(12,2),
  FOREIGN KEY (mandant_nr, auftrag_nr) REFERENCES auftrag
);
CREATE TABLE packstueck (sendung_nr bigint REFERENCES sendung, pos smallint, inhalt varchar(80), gewicht_kg numeric(8,2), PRIMARY KEY (sendung_nr, pos));
CREATE TABLE tour (tour_nr int PRIMARY KEY, datum date NOT NULL, personalnummer int NOT NULL REFERENCES fahrer, fahrzeug_nr int NOT NULL REFERENCES fahrzeug);
CREATE TABLE tour_sendung (tour_nr int REFERENCES tour, sendung_nr bigint REFERENCES sendung, reihenfolge smallint NOT NULL, unterschrift_name varchar(60), PRIMARY KEY (tour_nr, sendung_nr));
CREATE TABLE rechnung (
  rechnung_nr int PRIMARY KEY, mandant_nr smallint NOT NULL, auftrag_nr int NOT NULL, datum date NOT NULL, betrag numeric(12,2) NOT NULL, iban varchar(34),
  FOREIGN KEY (mandant_nr, auftrag_nr) REFERENCES auftrag
);
CREATE TABLE zollanmeldung (mrn char(18) PRIMARY KEY, sendung_nr bigint NOT NULL REFERENCES sendung, anmelder varchar(60), dokument json NOT NULL, angenommen_am date);
CREATE TABLE protokoll (zeitpunkt timestamp NOT NULL, kuerzel varchar(6), tabelle varchar(40), eintrag text);
COMMENT ON COLUMN kunde.ust_id IS 'Umsatzsteuer-Identifikationsnummer';
COMMENT ON TABLE packstueck IS 'Packstücke einer Sendung';

INSERT INTO mandant VALUES (1, 'Nord'), (2, 'Süd');
INSERT INTO land VALUES ('DE', 'Deutschland'), ('PL', 'Polen');
INSERT INTO benutzer VALUES ('abc', 'Anna B. Clerk', 'abc@spedition.example'), ('xyz', 'Xaver Z.', 'xyz@spedition.example');
INSERT INTO kunde SELECT m, n, 'Firma ' || n, 'Frau', 'Vera' || n, 'Kunde' || n, 'Weg ' || n, '2' || (1000 + n), 'Hamburg', 'DE', '+49 40 ' || (428630 + n), 'kunde' || m || '.' || n || '@example.de', NULL, 'abc'
  FROM generate_series(1, 2) m, generate_series(1, 40) n;
INSERT INTO ansprechpartner (mandant_nr, kunden_nr, name, mail, telefonnummer) SELECT mandant_nr, kunden_nr, 'Kontakt ' || kunden_nr, 'kontakt' || mandant_nr || '.' || kunden_nr || '@example.de', '040 1' FROM kunde WHERE kunden_nr % 4 = 0;
INSERT INTO fahrer SELECT n, 'Fritz' || n, 'Fahrer' || n, DATE '1975-03-01' + n, 'FS-' || n, '+49 171 123450' || n, NULL FROM generate_series(1, 5) n;
INSERT INTO fahrzeug SELECT n, 'HH-AB ' || n, 'LKW', n FROM generate_series(1, 5) n;
INSERT INTO lager VALUES (1, 'Lager Hafen', 'Kai 1', '20457', 'Hamburg');
INSERT INTO auftrag SELECT m, n, 1 + n % 40, CASE WHEN n % 2 = 0 THEN 'abc' ELSE 'xyz' END, '2024-02-01', 'Bitte anrufen', NULL FROM generate_series(1, 2) m, generate_series(1, 200) n;
UPDATE auftrag SET vorgaenger_nr = auftrag_nr - 40 WHERE auftrag_nr > 160;
INSERT INTO sendung SELECT mandant_nr * 10000 + auftrag_nr, mandant_nr, auftrag_nr, 'Empfänger ' || auftrag_nr, 'Platz 3', '80331', 'München', NULL, 1, 100 FROM auftrag;
INSERT INTO packstueck SELECT sendung_nr, p, 'Kiste', 12.5 FROM sendung, generate_series(1, 3) p;
INSERT INTO tour SELECT n, '2024-02-02', 1 + n % 5, 1 + n % 5 FROM generate_series(1, 20) n;
INSERT INTO tour_sendung SELECT 1 + sendung_nr % 20, sendung_nr, 1, 'Pförtner' FROM sendung;
INSERT INTO rechnung SELECT mandant_nr * 10000 + auftrag_nr, mandant_nr, auftrag_nr, '2024-02-10', 119, 'DE89370400440532013000' FROM auftrag;
INSERT INTO zollanmeldung SELECT 'DE' || lpad(sendung_nr::text, 16, '0'), sendung_nr, 'Anna B. Clerk', '{"empfaenger": {"name": "Jemand", "telefon": "+49 89 2180"}}', '2024-02-03' FROM sendung WHERE sendung_nr % 5 = 0;
INSERT INTO protokoll SELECT '2024-02-01 08:00', 'abc', 'auftrag', 'angelegt' FROM generate_series(1, 10);
