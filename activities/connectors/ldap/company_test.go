package ldap_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"

	"habeas/models"
	"habeas/models/datamap"
)

const suffix = "dc=example,dc=org"

// company is a directory as many have it: people, one of them with an entry below, and groups.
const company = `dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: cn=habeas,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: habeas
userPassword: p%,s/word?

dn: uid=ann,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: ann
cn: Ann O'Neil
cn;lang-de: Anna O'Neil
sn: O'Neil
mail: Ann@Example.com
mail: ann.oneil@example.com
telephoneNumber: +49 30 1234
description: likes (tea) * and \back
userPassword: secret of ann

dn: cn=device,uid=ann,ou=people,dc=example,dc=org
objectClass: device
cn: device
serialNumber: 4711

dn: uid=bob,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: Builder
mail: bob@example.com
manager: UID=Ann, OU=People, DC=example, DC=org
secretary: uid=ann,ou=people,dc=example,dc=org

dn: cn=Neil\, Carl,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: Neil, Carl
sn: Neil
mail: carl@example.com

dn: cn=drivers,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: drivers
member: uid=bob,ou=people,dc=example,dc=org
member: UID=Ann,ou=People,dc=example,dc=org
member: cn=Neil\2C Carl,ou=people,dc=example,dc=org

dn: cn=alone,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: alone
member: uid=ann,ou=people,dc=example,dc=org

dn: cn=unique,ou=groups,dc=example,dc=org
objectClass: groupOfUniqueNames
cn: unique
uniqueMember: uid=ann,ou=people,dc=example,dc=org#'0101'B
uniqueMember: uid=bob,ou=people,dc=example,dc=org

dn: cn=posix,ou=groups,dc=example,dc=org
objectClass: posixGroup
cn: posix
gidNumber: 100
memberUid: ann
memberUid: annabel
`

func startCompany(t testing.TB, global, config, more string) *server {
	t.Helper()
	return start(t, options{
		suffix: suffix, schemas: []string{"core", "cosine", "nis", "inetorgperson"}, global: global, config: config, entries: company + "\n" + more,
	})
}

const peoplePlace = "ou=people,dc=example,dc=org?one?(objectClass=inetOrgPerson)"

// people is a collection of persons by their name in the directory, changed as given.
func people(t testing.TB, change func(*datamap.Collection)) *datamap.Node {
	t.Helper()
	return graph(t, change).Node(datamap.Address{Dataset: "d", Collection: "people"})
}

// graph is a map of people, the entries below them, and groups that lose members.
func graph(t testing.TB, change func(*datamap.Collection)) *datamap.Graph {
	t.Helper()
	person := datamap.Collection{Name: "people", Table: peoplePlace, Erase: datamap.EraseDelete, Fields: []datamap.Field{
		{Name: "dn", PrimaryKey: true}, {Name: "mail", Identity: "email"}, {Name: "cn", Categories: []string{"user.name"}},
	}}
	if change != nil {
		change(&person)
	}
	nobody := "cn=nobody"
	toPerson := func(name string, value *string) datamap.Field {
		return datamap.Field{Name: name, Type: "string[]", Erase: datamap.FieldRemove, Value: value, Mention: true, References: []datamap.Reference{
			{Dataset: "d", Collection: "people", Field: "dn", Direction: datamap.From},
		}}
	}
	dn := datamap.Field{Name: "dn", PrimaryKey: true}
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "directory", Collections: []datamap.Collection{
		person,
		{Name: "groups", Table: "ou=groups,dc=example,dc=org?one?(objectClass=groupOfNames)", Fields: []datamap.Field{dn, toPerson("member", nil)}},
		{Name: "manned", Table: "ou=groups,dc=example,dc=org?one?(objectClass=groupOfNames)", Fields: []datamap.Field{dn, toPerson("member", &nobody)}},
		{Name: "unique", Table: "ou=groups,dc=example,dc=org?one?(objectClass=groupOfUniqueNames)", Fields: []datamap.Field{dn, toPerson("uniqueMember", nil)}},
		{Name: "posix", Table: "ou=groups,dc=example,dc=org?one?(objectClass=posixGroup)", Fields: []datamap.Field{dn, toPerson("memberUid", nil)}},
		{Name: "reports", Table: "ou=people,dc=example,dc=org?one?(objectClass=inetOrgPerson)", Fields: []datamap.Field{dn, toPerson("manager", nil), toPerson("secretary", nil)}},
	}}})
	require.NoError(t, err)
	return g
}

func names(list ...string) []datamap.Key {
	var keys []datamap.Key
	for _, dn := range list {
		keys = append(keys, datamap.Key{datamap.Text(dn)})
	}
	return keys
}

const (
	ann = "uid=ann,ou=people,dc=example,dc=org"
	bob = "uid=bob,ou=people,dc=example,dc=org"
)

func lookup(t testing.TB, s connectors.System, q connectors.Query) ([]string, error) {
	t.Helper()
	list := []string{}
	err := s.(connectors.Locator).Lookup(t.Context(), q, func(r datamap.Row) error {
		list = append(list, r.Values[0].Text())
		return nil
	})
	return list, err
}

// removal orders that the values by which a field refers to a person be removed from the entries of a collection.
func removal(t testing.TB, collection string, element string, keys ...string) connectors.Erasure {
	t.Helper()
	node := graph(t, nil).Node(datamap.Address{Dataset: "d", Collection: collection})
	order := connectors.Erasure{Node: node, Keys: names(keys...), Masks: node.Masks()}
	for i := range order.Masks {
		order.Masks[i].Elements = []datamap.Value{datamap.Text(element)}
	}
	return order
}

func erase(t testing.TB, s connectors.System, order connectors.Erasure) (connectors.Outcome, error) {
	t.Helper()
	return s.(connectors.Eraser).Erase(t.Context(), order)
}

func left(t testing.TB, s connectors.System, order connectors.Erasure) int {
	t.Helper()
	n, err := s.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	return n
}

func TestAPersonLeavesTheirGroupsAndTheOtherMembersStay(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", "", "")
	s := server.open(t)
	for _, c := range []struct {
		collection, element, entry string
		want                       string
	}{
		{"groups", ann, "cn=drivers,ou=groups," + suffix, `member=["uid=bob,ou=people,dc=example,dc=org" "cn=Neil\\2C Carl,ou=people,dc=example,dc=org"]`},
		{"unique", "uid=Ann, ou=people, dc=example, dc=org", "cn=unique,ou=groups," + suffix, `uniquemember=["uid=bob,ou=people,dc=example,dc=org"]`},
		{"posix", "ann", "cn=posix,ou=groups," + suffix, `memberuid=["annabel"]`},
		{"manned", ann, "cn=alone,ou=groups," + suffix, `member=["cn=nobody"]`},
		{"reports", ann, bob, `sn=["Builder"] uid=["bob"]`},
	} {
		order := removal(t, c.collection, c.element, c.entry)
		before := server.rows(t, suffix, "(!(entryDN="+c.entry+"))")
		found, err := lookup(t, s, connectors.Query{
			Node: order.Node, Fields: []string{order.Masks[0].Field}, Keys: []datamap.Key{{datamap.Text(c.element)}}, Return: []string{"dn"},
		})
		require.NoError(t, err)
		if c.collection != "unique" { // the identifier behind the name makes it another value for the directory
			require.Contains(t, found, c.entry, "the group is found by its member")
		}
		require.Equal(t, 1, left(t, s, order), c.collection)
		for range 2 {
			out, err := erase(t, s, order)
			require.NoError(t, err)
			require.Equal(t, connectors.Outcome{Masked: 1}, out, c.collection)
			require.Contains(t, server.rows(t, c.entry, "(objectClass=*)")[0], c.want)
		}
		require.Zero(t, left(t, s, order))
		require.Equal(t, before, server.rows(t, suffix, "(!(entryDN="+c.entry+"))"), "nothing else changes")
	}
	require.NotContains(t, server.rows(t, bob, "(objectClass=*)")[0], "secretary")
}

func TestTheLastMemberOfAGroupThatNeedsOneIsBlockedAndSaid(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", "", "")
	s := server.open(t)
	order := removal(t, "groups", ann, "cn=alone,ou=groups,"+suffix, "cn=drivers,ou=groups,"+suffix)
	out, err := erase(t, s, order)
	require.NoError(t, err)
	require.Equal(t, 1, out.Masked)
	require.Len(t, out.Blocked, 1)
	require.Equal(t, connectors.BlockedRefused, out.Blocked[0].Code)
	require.Equal(t, "Object Class Violation", out.Blocked[0].Detail)
	require.Equal(t, 1, left(t, s, order))
	problems, err := s.(connectors.Checker).Check(t.Context(), []*datamap.Node{order.Node})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(problems), "is the only element will be blocked")
	order.Masks[0].Elements = nil
	_, err = erase(t, s, order)
	require.Equal(t, "mask_impossible", models.CodeOf(err), "nobody said whose element")
}

func TestEntriesBelowAreErasedFirstAndOneWithUnknownEntriesBelowIsBlocked(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", "", "")
	s := server.open(t)
	out, err := erase(t, s, connectors.Erasure{Node: people(t, nil), Keys: names(ann, bob), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 1, Blocked: []connectors.Blocked{{Key: names(ann)[0], Code: connectors.BlockedReferenced, Detail: "Not Allowed On Non Leaf"}}}, out)
	all := people(t, func(c *datamap.Collection) { c.Table = "ou=people,dc=example,dc=org?sub" })
	out, err = erase(t, s, connectors.Erasure{Node: all, Keys: names(ann, "cn=device,"+ann), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 2}, out, "in whatever order they are named")
}

func TestAMaskReachesAllLanguagesOfAnAttributeAndNoName(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", "", "")
	s := server.open(t)
	gone := "[erased]"
	node := people(t, func(c *datamap.Collection) {
		c.Erase = datamap.EraseMask
		c.Fields = append(c.Fields, datamap.Field{Name: "sn", Erase: datamap.FieldHMAC}, datamap.Field{Name: "telephoneNumber", Erase: datamap.FieldNull})
		c.Fields[1].Erase, c.Fields[1].Suffix = datamap.FieldHMAC, "@erased.invalid"
		c.Fields[2].Erase, c.Fields[2].Value = datamap.FieldReplace, &gone
	})
	carl := `cn=Neil\, Carl,ou=people,dc=example,dc=org`
	order := connectors.Erasure{Node: node, Keys: names(ann, carl, "uid=none,ou=people,dc=example,dc=org"), Masks: node.Masks()}
	require.Equal(t, 2, left(t, s, order))
	before := server.rows(t, carl, "(objectClass=*)")
	for range 2 {
		out, err := erase(t, s, order)
		require.NoError(t, err)
		require.Equal(t, 1, out.Masked)
		require.Equal(t, 1, out.Missing)
		require.Equal(t, []connectors.Blocked{{Key: names(carl)[0], Code: connectors.BlockedRefused, Detail: "cn is part of the entry's name"}}, out.Blocked)
		require.Equal(t, before, server.rows(t, carl, "(objectClass=*)"), "a blocked row is unchanged")
	}
	entry := strings.ToLower(server.rows(t, ann, "(objectClass=inetOrgPerson)")[0])
	require.Contains(t, entry, `cn=["[erased]"]`)
	require.Equal(t, 2, strings.Count(entry, "@erased.invalid"), "each of two addresses")
	for _, word := range []string{"o'neil", "anna", "ann@", "1234"} {
		require.NotContains(t, strings.TrimPrefix(entry, ann), word)
	}
	require.Equal(t, 1, left(t, s, order), "carl's")
}

func TestNamesAndValuesThatMeanSomethingInAFilterAreValues(t *testing.T) {
	t.Parallel()
	s := startCompany(t, "", "", "").open(t)
	node := people(t, func(c *datamap.Collection) {
		c.Fields = append(c.Fields, datamap.Field{Name: "description"}, datamap.Field{Name: "entryUUID"}, datamap.Field{Name: "uid"}, datamap.Field{Name: "userPassword"})
	})
	find := func(field, text string, fold bool) []string {
		list, err := lookup(t, s, connectors.Query{Node: node, Fields: []string{field}, Fold: fold, Keys: []datamap.Key{{datamap.Text(text)}}, Return: []string{"dn", "entryUUID"}})
		require.NoError(t, err)
		return list
	}
	require.Equal(t, []string{ann}, find("description", `likes (tea) * and \back`, false))
	require.Empty(t, find("description", "*", false))
	require.Empty(t, find("description", "x)(uid=*", false))
	require.Equal(t, []string{ann}, find("dn", "UID=ANN , ou=People,DC=example,dc=org", false))
	require.Equal(t, []string{`cn=Neil\2C Carl,ou=people,dc=example,dc=org`}, find("dn", `cn=neil\, carl,ou=people,dc=example,dc=org`, false))
	require.Empty(t, find("dn", "cn=habeas,dc=example,dc=org", false), "an entry of another place")
	require.Empty(t, find("dn", "cn=device,"+ann, false), "an entry further below")
	require.Empty(t, find("dn", "no name at all", false))
	require.Equal(t, []string{ann}, find("mail", " ANN.Oneil@example.COM", true))
	require.Equal(t, []string{ann}, find("userPassword", "secret of ann", false), "octets")
	var uuid datamap.Value
	require.NoError(t, s.(connectors.Exporter).Export(t.Context(), node, names(ann), []string{"entryUUID", "mail", "uid"}, func(r datamap.Row) error {
		uuid = r.Values[0]
		require.Equal(t, datamap.Array(datamap.Text("Ann@Example.com"), datamap.Text("ann.oneil@example.com")), r.Values[1])
		require.Equal(t, datamap.Text("ann"), r.Values[2], "one value is no array")
		return nil
	}))
	require.Equal(t, datamap.KindUUID, uuid.Kind())
	require.Equal(t, []string{ann}, find("entryUUID", strings.ToUpper(uuid.Text()), false))
}

func TestADirectoryIsDescribedByItsContainersAndClasses(t *testing.T) {
	t.Parallel()
	s := startCompany(t, "", "", "").open(t)
	tables := map[string]connectors.Table{}
	require.NoError(t, s.(connectors.Inspector).Inspect(t.Context(), 2, func(table connectors.Table) error {
		tables[table.Name] = table
		return nil
	}))
	table, ok := tables[peoplePlace]
	require.True(t, ok)
	require.EqualValues(t, 3, table.Rows)
	require.Equal(t, []string{"dn"}, table.Key)
	require.Equal(t, [][]string{{"entryUUID"}}, table.Unique)
	columns := map[string]connectors.Column{}
	for _, c := range table.Columns {
		columns[c.Name] = c
	}
	require.True(t, columns["mail"].Array)
	require.False(t, columns["sn"].Nullable)
	require.Equal(t, datamap.KindBytes, columns["userPassword"].Kind)
	require.NotEmpty(t, columns["jpegPhoto"].Comment, "the schema has it, no entry does")
	require.Contains(t, tables, "ou=people,dc=example,dc=org?sub?(objectClass=device)", "what is below a person is named without the person")
	for name := range tables {
		require.NotContains(t, name, "ann")
	}
}

func TestAScanFindsAPersonWhereverTheyAreNamed(t *testing.T) {
	t.Parallel()
	s := startCompany(t, "", "", "").open(t)
	hits := map[string]int64{}
	_, err := s.(connectors.Scanner).Scan(t.Context(), []models.Personal{"uid=ann,ou=", "Neil, Carl"}, func(h connectors.Hit) error {
		hits[h.Table+"/"+h.Column] = h.Rows
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 2, hits["ou=groups,dc=example,dc=org?one?(objectClass=groupOfNames)/member"])
	require.EqualValues(t, 2, hits[peoplePlace+"/dn"])
	require.EqualValues(t, 1, hits[peoplePlace+"/secretary"])
	require.EqualValues(t, 1, hits[peoplePlace+"/cn"])
}
