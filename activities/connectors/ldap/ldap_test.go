package ldap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/models/datamap"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	find(t)
	connectortest.Run(t, func(t *testing.T) connectortest.Harness { return &harness{} })
}

// harness puts the suite's tables into a directory: a row is an entry, and each kind that the directory has an attribute of that syntax.
type harness struct{ server *server }

func (h *harness) Limits() connectortest.Limits {
	return connectortest.Limits{
		AsText:      []datamap.Kind{datamap.KindDate, datamap.KindDateTime, datamap.KindDecimal, datamap.KindUUID}, // uid is a text in every directory
		EmptyIsNull: true, NoNullInside: true, SystemKey: []string{"dn"},
	}
}

// Names that slapd has already are taken as they are. email has no rule of equality, since the suite wants blanks to count, which no
// directory's rules do: the connector compares it by itself.
const suiteSchema = `
attributetype ( 1.3.6.1.4.1.55555.1.1 NAME 'id' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.2 NAME 'email' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.3 NAME ( 'born' 'birthday' ) EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32} SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.4 NAME 'balance' SUP born )
attributetype ( 1.3.6.1.4.1.55555.1.5 NAME 'photo' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.6 NAME 'active' EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.7 NAME 'seen' EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.8 NAME 'tags' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.55555.1.9 NAME 'restrictedAt' SUP seen SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.10 NAME 'org' SUP born SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.11 NAME 'no' SUP id SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.12 NAME 'person' SUP born SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.13 NAME 'role' SUP born SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.14 NAME 'what' SUP born SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.16 NAME 'personNumber' SUP id SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.15 NAME 'at' SUP born SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.55555.2.1 NAME 'container' SUP top STRUCTURAL MUST cn )
objectclass ( 1.3.6.1.4.1.55555.2.2 NAME 'suitePeople' SUP top STRUCTURAL MUST ( cn $ id )
  MAY ( email $ name $ born $ balance $ photo $ active $ seen $ uid $ tags $ restrictedAt ) )
objectclass ( 1.3.6.1.4.1.55555.2.3 NAME 'suiteMembers' SUP top STRUCTURAL MUST ( cn $ org $ no ) MAY ( person $ role ) )
objectclass ( 1.3.6.1.4.1.55555.2.4 NAME 'suiteEvents' SUP top STRUCTURAL MUST cn MAY ( at $ what $ personNumber ) )
`

// rename gives a table the names that a directory can: no underscores, and one type for each name.
func rename(table *connectortest.Table) {
	own := func(name *string) {
		switch {
		case *name == "restricted_at":
			*name = "restrictedAt"
		case *name == "person" && table.Node.Address.Collection == "events":
			*name = "personNumber"
		}
	}
	for i := range table.Columns {
		own(&table.Columns[i].Name)
	}
	for i := range table.Node.Fields {
		own(&table.Node.Fields[i].Name)
	}
	for i := range table.Node.Key {
		own(&table.Node.Key[i])
	}
	if r := table.Node.Collection.Restrict; r != nil {
		own(&r.Column)
	}
}

func (h *harness) Open(t *testing.T, tables []*connectortest.Table) connectors.System {
	t.Helper()
	h.server = start(t, options{suffix: "cn=suite", define: suiteSchema})
	h.server.add(t, "cn=suite", map[string][]string{"objectClass": {"container"}})
	for _, table := range tables {
		name := table.Node.Address.Collection
		class := "suite" + strings.ToUpper(name[:1]) + name[1:]
		table.Node.Table = "cn=" + name + ",cn=suite?one?(objectClass=" + class + ")"
		h.server.add(t, "cn="+name+",cn=suite", map[string][]string{"objectClass": {"container"}})
		rename(table)
		for n, row := range table.Rows {
			entry := map[string][]string{"objectClass": {class}}
			for i, v := range row {
				if values := ldapTexts(v); len(values) > 0 {
					entry[table.Columns[i].Name] = values
				}
			}
			h.server.add(t, fmt.Sprintf("cn=row%d,cn=%s,cn=suite", n, name), entry)
		}
	}
	return h.server.open(t)
}

// ldapTexts writes a value as a directory has it; the empty text is none.
func ldapTexts(v datamap.Value) []string {
	var list []string
	for _, e := range v.Elements() {
		text := e.Text()
		switch e.Kind() {
		case datamap.KindBool:
			text = strings.ToUpper(text)
		case datamap.KindTimestamp:
			at, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				panic(err)
			}
			text = at.Format("20060102150405.999999Z")
		}
		if text != "" {
			list = append(list, text)
		}
	}
	return list
}

func (h *harness) Rows(t *testing.T, table *connectortest.Table) []string {
	t.Helper()
	base, _, _ := strings.Cut(table.Node.Table, "?")
	_, class, _ := strings.Cut(table.Node.Table, "(objectClass=")
	return slices.DeleteFunc(h.server.rows(t, base, "(objectClass="+class), func(s string) bool { return s == "" })
}

func TestAServerIsFoundToAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, options{suffix: "cn=suite", define: suiteSchema})
	require.NoError(t, s.open(t).Ping(t.Context()))
}
