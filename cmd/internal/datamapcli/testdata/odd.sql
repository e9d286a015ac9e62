-- Names that need quotes, two schemas, references in a circle, a self reference that may not be NULL, tables without key or columns.
CREATE SCHEMA "My App"; CREATE SCHEMA hr;
CREATE TABLE "My App"."Order" ("Order Id" int PRIMARY KEY, "User" int NOT NULL, "e-mail" text, "a.b" text, "select" text, "Größe" int, "quote""d" text);
CREATE TABLE "My App"."User" ("Id" int PRIMARY KEY, "E-Mail Address" varchar(200) NOT NULL UNIQUE, "Full Name" text NOT NULL, "#tags" text[] NOT NULL, meta jsonb NOT NULL, "true" bool);
ALTER TABLE "My App"."Order" ADD FOREIGN KEY ("User") REFERENCES "My App"."User" DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE hr."User" (id uuid PRIMARY KEY, "Id" int, email text CHECK (email LIKE '%@%'), salary numeric NOT NULL, gender char(1) NOT NULL);
CREATE TABLE hr.tree (id int PRIMARY KEY, up int NOT NULL REFERENCES hr.tree, owner uuid REFERENCES hr."User" ON DELETE CASCADE, note text);
CREATE TABLE hr.a (id int PRIMARY KEY, b int, owner uuid NOT NULL REFERENCES hr."User"); CREATE TABLE hr.b (id int PRIMARY KEY, a int NOT NULL REFERENCES hr.a); ALTER TABLE hr.a ADD FOREIGN KEY (b) REFERENCES hr.b;
CREATE TABLE public.log (at timestamptz, msg text); CREATE TABLE public.empty ();
CREATE TABLE public.msg (id int PRIMARY KEY, sender_email text NOT NULL, recipient_email text NOT NULL, body text);
INSERT INTO "My App"."User" SELECT n,'o'||n||'@example.com','Name '||n,'{x}','{"email":"o@example.com"}',true FROM generate_series(1,10) n;
INSERT INTO "My App"."Order" SELECT n,1+n%10,NULL,'a','b',1,'c' FROM generate_series(1,50) n;
INSERT INTO hr."User" SELECT ('00000000-0000-4000-8000-'||lpad(n::text,12,'0'))::uuid,n,'o'||n||'@example.com',1,'m' FROM generate_series(1,10) n;
INSERT INTO hr.tree SELECT n, CASE WHEN n>3 THEN n-3 ELSE n END, ('00000000-0000-4000-8000-'||lpad((1+n%10)::text,12,'0'))::uuid,'x' FROM generate_series(1,20) n;
INSERT INTO hr.a SELECT n,NULL,('00000000-0000-4000-8000-'||lpad((1+n%10)::text,12,'0'))::uuid FROM generate_series(1,20) n; INSERT INTO hr.b SELECT n,n FROM generate_series(1,20) n; UPDATE hr.a SET b=id;
INSERT INTO public.log VALUES (now(),'mail to o1@example.com failed'); INSERT INTO public.msg SELECT n,'o'||(1+n%10)||'@example.com','o'||(1+(n+1)%10)||'@example.com','hi' FROM generate_series(1,30) n;
