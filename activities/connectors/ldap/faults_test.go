package ldap_test

import (
	"context"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	driver "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/ldap"
	"habeas/models"
	"habeas/models/datamap"
)

// crowd is so many people more, as LDIF.
func crowd(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "dn: uid=u%[1]d,ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: u%[1]d\ncn: User %[1]d\nsn: crowd\nmail: u%[1]d@example.com\n\n", i)
	}
	return b.String()
}

func crowdNames(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("uid=u%d,ou=people,dc=example,dc=org", i))
	}
	return list
}

func byMail(node *datamap.Node, mail string) connectors.Query {
	return connectors.Query{Node: node, Fields: []string{"mail"}, Fold: true, Keys: []datamap.Key{{datamap.Text(mail)}}, Return: []string{"dn"}}
}

// through is the address with the proxy's instead of the server's, and with parameters.
func through(dsn, addr, query string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		panic(err)
	}
	u.Host, u.RawQuery = addr, query
	return u.String()
}

func TestWrongCredentialsAreRefusedAndNotPrinted(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", "", "")
	for _, dsn := range []string{server.dsn("cn=habeas,"+suffix, "wrong-secret"), server.dsn("cn=stranger,"+suffix, "wrong-secret"), server.dsn("no name", "wrong-secret")} {
		err := openAt(t, dsn).Ping(t.Context())
		require.Equal(t, connectors.CodeCredentials, models.CodeOf(err))
		require.Equal(t, models.Forbidden, models.KindOf(err))
		require.NotContains(t, err.Error(), "wrong-secret")
	}
	require.NoError(t, openAt(t, server.dsn("cn=habeas,"+suffix, password)).Ping(t.Context()), "signs that mean something in an address")
}

const rights = `
access to dn.subtree="ou=groups,dc=example,dc=org" by dn.exact="cn=habeas,dc=example,dc=org" read by * none
access to dn.exact="uid=bob,ou=people,dc=example,dc=org" by dn.exact="cn=habeas,dc=example,dc=org" read by * none
access to * by dn.exact="cn=habeas,dc=example,dc=org" write by * auth
`

func TestMissingRightsOnAPartOfTheDirectoryBlockItsEntriesOnly(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", rights, crowd(1))
	s := openAt(t, server.dsn("cn=habeas,"+suffix, password))
	out, err := erase(t, s, connectors.Erasure{Node: people(t, nil), Keys: names(append(crowdNames(1), bob)...), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 1, Blocked: []connectors.Blocked{{Key: names(bob)[0], Code: connectors.BlockedRefused, Detail: "Insufficient Access Rights"}}}, out)
	order := removal(t, "groups", ann, "cn=drivers,ou=groups,"+suffix)
	before := server.rows(t, "ou=groups,"+suffix, "(objectClass=*)")
	out, err = erase(t, s, order)
	require.NoError(t, err)
	require.Len(t, out.Blocked, 1)
	require.Equal(t, before, server.rows(t, "ou=groups,"+suffix, "(objectClass=*)"))
	mark := "restricted"
	node := people(t, func(c *datamap.Collection) {
		c.Fields = append(c.Fields, datamap.Field{Name: "title"})
		c.Restrict = &datamap.Restrict{Column: "title", Set: &mark}
	})
	_, err = s.(connectors.Restrictor).Restrict(t.Context(), connectors.Restriction{Node: node, Keys: names(bob)})
	require.Equal(t, connectors.CodeRefused, models.CodeOf(err))
	require.ErrorContains(t, err, "d.people")
}

func TestABaseThatIsGoneIsAMismatchAndNotNobody(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", "", "")
	s := server.open(t)
	node := people(t, func(c *datamap.Collection) { c.Table = "ou=staff,dc=example,dc=org?one" })
	server.add(t, "ou=staff,"+suffix, map[string][]string{"objectClass": {"organizationalUnit"}})
	found, err := lookup(t, s, byMail(node, "x@example.com"))
	require.NoError(t, err)
	require.Empty(t, found)
	require.NoError(t, server.connect(t).Del(driver.NewDelRequest("ou=staff,"+suffix, nil)))
	_, err = lookup(t, s, byMail(node, "x@example.com"))
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
	require.ErrorContains(t, err, "d.people")
	_, err = erase(t, s, connectors.Erasure{Node: node, Keys: names("uid=ann,ou=staff,dc=example,dc=org"), Delete: true})
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err), "a row of a place that is gone is not missing")
	problems, err := s.(connectors.Checker).Check(t.Context(), []*datamap.Node{node})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(problems), "unknown_table")
}

func TestAnEntryThatChangedSinceThePlanIsErasedAsItIsNow(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", "", "")
	s := server.open(t)
	node := people(t, func(c *datamap.Collection) {
		c.Erase = datamap.EraseMask
		c.Fields[0].PrimaryKey = false
		c.Fields = append(c.Fields, datamap.Field{Name: "entryUUID", PrimaryKey: true})
	})
	found, err := lookup(t, s, connectors.Query{Node: node, Fields: []string{"mail"}, Keys: []datamap.Key{{datamap.Text("bob@example.com")}}, Return: node.Key})
	require.NoError(t, err)
	conn := server.connect(t)
	change := driver.NewModifyRequest(bob, nil)
	change.Replace("mail", []string{"robert@example.com", "bob@example.net"})
	require.NoError(t, conn.Modify(change))
	require.NoError(t, conn.ModifyDN(driver.NewModifyDNRequest(bob, "uid=robert", true, "")))
	order := connectors.Erasure{Node: node, Keys: names(found...), Masks: []datamap.Mask{{Field: "mail", Method: datamap.FieldNull}}}
	out, err := erase(t, s, order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 1}, out, "by its UUID, whatever its name is now")
	require.NotContains(t, server.rows(t, "uid=robert,ou=people,"+suffix, "(objectClass=*)")[0], "mail")
	out, err = erase(t, s, connectors.Erasure{Node: people(t, nil), Keys: names(bob), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Missing: 1}, out, "by its old name it is not there")
}

func TestAMemberWhoJoinsDuringTheErasureStays(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", "", "")
	s := server.open(t)
	conn := server.connect(t)
	const group, joining = "cn=drivers,ou=groups," + suffix, 60
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range joining {
			change := driver.NewModifyRequest(group, nil)
			change.Add("member", []string{fmt.Sprintf("uid=new%d,ou=people,dc=example,dc=org", i)})
			if conn.Modify(change) != nil {
				t.Error("a member could not join")
			}
		}
	})
	for range 20 { // put back and removed again, while others join
		out, err := erase(t, s, removal(t, "groups", ann, group))
		require.NoError(t, err)
		require.Equal(t, 1, out.Masked)
		change := driver.NewModifyRequest(group, nil)
		change.Add("member", []string{ann})
		require.NoError(t, server.connect(t).Modify(change))
	}
	wg.Wait()
	_, err := erase(t, s, removal(t, "groups", ann, group))
	require.NoError(t, err)
	row := server.rows(t, group, "(objectClass=*)")[0]
	require.Equal(t, joining, strings.Count(row, "uid=new"))
	require.NotContains(t, strings.ToLower(row), "uid=ann")
}

func TestAConnectionResetInMidBatchIsUnavailableAndTheBatchCanBeGivenAgain(t *testing.T) {
	t.Parallel()
	const n = 100
	server := startCompany(t, "", "", crowd(n))
	proxy := connectortest.NewProxy(t, server.addr)
	s := openAt(t, through(server.dsn("cn=root,"+suffix, rootPassword), proxy.Addr(), ""))
	order := connectors.Erasure{Node: people(t, nil), Keys: names(crowdNames(n)...), Delete: true}
	require.NoError(t, s.Ping(t.Context()))
	before := proxy.Sent()
	require.Equal(t, n, left(t, s, order))
	proxy.CutAfter(proxy.Sent() - before + 2000) // the keys have been looked up, and some deleted
	out, err := erase(t, s, order)
	require.Equal(t, connectors.CodeUnavailable, models.CodeOf(err))
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.Equal(t, connectors.Outcome{}, out, "nothing is said to be done")
	there := left(t, s, order)
	require.Positive(t, there)
	require.Less(t, there, n, "an entry is whole or gone; over several there are no transactions")
	out, err = erase(t, s, order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: there, Missing: n - there}, out)
	require.Len(t, server.rows(t, "ou=people,"+suffix, "(objectClass=inetOrgPerson)"), 3, "nobody else")
}

func TestASlowServerIsBusyAndACancelledCallEnds(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", "", "")
	proxy := connectortest.NewProxy(t, server.addr)
	s := openAt(t, through(server.dsn("cn=root,"+suffix, rootPassword), proxy.Addr(), "timeout=200ms"))
	require.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, time.Minute, 5*time.Millisecond, "this machine may be slow too")
	proxy.Hold()
	_, err := lookup(t, s, byMail(people(t, nil), "bob@example.com"))
	require.Equal(t, connectors.CodeBusy, models.CodeOf(err))
	require.Equal(t, models.Unavailable, models.KindOf(err))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Ping(ctx), context.Canceled)
	proxy.Release()
	var found []string
	require.Eventually(t, func() bool {
		found, err = lookup(t, s, byMail(people(t, nil), "bob@example.com"))
		return err == nil
	}, time.Minute, 5*time.Millisecond)
	require.Equal(t, []string{bob}, found)
}

func TestAServerThatIsDownIsUnavailableUntilItIsBack(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", "", "")
	s := server.open(t)
	require.NoError(t, s.Ping(t.Context()))
	server.stop()
	for range 2 {
		err := s.Ping(t.Context())
		require.Equal(t, connectors.CodeUnavailable, models.CodeOf(err))
		require.Equal(t, models.Unavailable, models.KindOf(err))
	}
	server.run(t)
	require.NoError(t, s.Ping(t.Context()))
}

func TestASizeLimitIsNeverTakenForACompleteResult(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]string{"the default": "", "hard": "limits * size.soft=50 size.hard=50", "paged": "limits * size.prtotal=50", "disabled": "limits * size.prtotal=disabled"} {
		server := startCompany(t, "", limit, crowd(700))
		s := openAt(t, server.dsn("cn=habeas,"+suffix, password))
		node := people(t, func(c *datamap.Collection) { c.Fields = append(c.Fields, datamap.Field{Name: "sn"}) })
		q := connectors.Query{Node: node, Fields: []string{"sn"}, Keys: []datamap.Key{{datamap.Text("crowd")}}, Return: []string{"dn"}}
		_, err := lookup(t, s, q)
		require.Equal(t, connectors.CodeRefused, models.CodeOf(err), name)
		require.ErrorContains(t, err, "cuts results short")
		_, err = s.(connectors.Verifier).Count(t.Context(), q)
		require.Equal(t, connectors.CodeRefused, models.CodeOf(err), name)
		problems, err := s.(connectors.Checker).Check(t.Context(), []*datamap.Node{node})
		require.NoError(t, err)
		require.Contains(t, fmt.Sprint(problems), "size_limit", name)
		skipped, err := s.(connectors.Scanner).Scan(t.Context(), []models.Personal{"crowd"}, func(connectors.Hit) error { return nil })
		require.NoError(t, err)
		require.Equal(t, []string{suffix}, skipped, "a scan says that it has not seen everything")
	}
}

func TestAReadOnlyDirectoryIsReportedAndUnchanged(t *testing.T) {
	t.Parallel()
	replica := "syncrepl rid=1 provider=ldap://127.0.0.1:1 searchbase=\"dc=example,dc=org\" bindmethod=simple type=refreshOnly interval=01:00:00:00 retry=\"3600 +\"\n"
	for name, config := range map[string]string{"closed": "readonly on", "a copy": replica, "a copy that names its source": replica + "updateref ldap://127.0.0.1:1\n"} {
		server := startCompany(t, "", config, "")
		s := server.open(t)
		before := server.rows(t, suffix, "(objectClass=*)")
		for _, order := range []connectors.Erasure{{Node: people(t, nil), Keys: names(bob), Delete: true}, removal(t, "groups", ann, "cn=drivers,ou=groups,"+suffix)} {
			out, err := erase(t, s, order)
			require.Equal(t, connectors.CodeReadOnly, models.CodeOf(err), "%s: %v", name, err)
			require.Equal(t, models.Conflict, models.KindOf(err))
			require.Equal(t, connectors.Outcome{}, out)
		}
		require.Equal(t, before, server.rows(t, suffix, "(objectClass=*)"))
	}
}

func TestEntriesOnAnotherServerAreNotSilentlyLeftOut(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "", "", "dn: ou=abroad,ou=people,dc=example,dc=org\nobjectClass: referral\nobjectClass: extensibleObject\nou: abroad\nref: ldap://127.0.0.1:1/ou=people,dc=example,dc=net\n")
	_, err := lookup(t, server.open(t), byMail(people(t, nil), "bob@example.com"))
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
	require.ErrorContains(t, err, "another server")
	s, err := ldap.Open(t.Context(), connectors.Config{
		Name: "directory", DSN: models.Personal(server.dsn("cn=root,"+suffix, rootPassword)), Settings: []byte(`{"referrals":"ignore"}`),
	})
	require.NoError(t, err)
	found, err := lookup(t, s, byMail(people(t, nil), "bob@example.com"))
	require.NoError(t, err)
	require.Equal(t, []string{bob}, found)
	require.NoError(t, s.Close())
}

func TestAMaskThatMustBeUniqueOrThatTheSchemaForbidsBlocksTheEntry(t *testing.T) {
	t.Parallel()
	server := startCompany(t, "moduleload unique", "overlay unique\nunique_uri ldap:///?mail?sub", "")
	s := server.open(t)
	value := "nobody@example.com"
	node := people(t, func(c *datamap.Collection) {
		c.Erase = datamap.EraseMask
		c.Fields[1].Erase, c.Fields[1].Value = datamap.FieldReplace, &value
		c.Fields[2].Erase = datamap.FieldKeep
		c.Fields = append(c.Fields, datamap.Field{Name: "sn"})
	})
	out, err := erase(t, s, connectors.Erasure{Node: node, Keys: names(ann, bob), Masks: node.Masks()})
	require.NoError(t, err)
	require.Equal(t, 1, out.Masked)
	require.Equal(t, []connectors.Blocked{{Key: names(bob)[0], Code: connectors.BlockedUnique, Detail: "Constraint Violation"}}, out.Blocked)
	before := server.rows(t, bob, "(objectClass=*)")
	out, err = erase(t, s, connectors.Erasure{Node: node, Keys: names(bob), Masks: []datamap.Mask{{Field: "mail", Method: datamap.FieldNull}, {Field: "sn", Method: datamap.FieldNull}}})
	require.NoError(t, err)
	require.Equal(t, []connectors.Blocked{{Key: names(bob)[0], Code: connectors.BlockedRefused, Detail: "Object Class Violation"}}, out.Blocked)
	require.Equal(t, before, server.rows(t, bob, "(objectClass=*)"), "a row is masked whole or not at all")
}

func TestCheckNamesMasksThatTheDirectoryForbids(t *testing.T) {
	t.Parallel()
	s := startCompany(t, "", "", "").open(t)
	number := "seven"
	for code, field := range map[string]datamap.Field{
		"mask_name":       {Name: "uid", Erase: datamap.FieldHMAC},
		"mask_not_null":   {Name: "sn", Erase: datamap.FieldNull},
		"mask_generated":  {Name: "modifiersName", Erase: datamap.FieldNull},
		"mask_impossible": {Name: "jpegPhoto", Erase: datamap.FieldHMAC},
		"unknown_column":  {Name: "shoeSize", Erase: datamap.FieldReplace, Value: &number},
	} {
		node := people(t, func(c *datamap.Collection) { c.Erase, c.Fields[2] = datamap.EraseMask, field })
		problems, err := s.(connectors.Checker).Check(t.Context(), []*datamap.Node{node})
		require.NoError(t, err)
		require.Len(t, problems, 1, "%v", problems)
		require.Equal(t, code, problems[0].Code)
		require.Equal(t, "d.people."+field.Name, problems[0].Where)
		require.NotEmpty(t, problems[0].Advice)
	}
}

func TestAddressesAreReadStrictlyAndNeverPrinted(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{
		"secretword", "http://u:secretword@h/", "ldap://u:secretword@h:port/", "ldap://h/dc=secretword", "ldap://cn=secretword@h/",
		"ldaps://u:secretword@h/?starttls=1", "ldap://u:secretword@h/?timeout=secretword", "ldap://u:secretword@h/?ca=/secretword", "ldap://u:p@h/?secretword=1",
	} {
		_, err := ldap.Open(t.Context(), connectors.Config{Name: "x", DSN: models.Personal(dsn)})
		require.Equal(t, "bad_dsn", models.CodeOf(err), dsn)
		require.NotContains(t, err.Error(), "secretword")
	}
	for _, settings := range []string{`{"referrals":"follow"}`, `{"refferals":"ignore"}`} {
		_, err := ldap.Open(t.Context(), connectors.Config{Name: "x", DSN: "ldap://h/", Settings: []byte(settings)})
		require.Equal(t, "bad_settings", models.CodeOf(err))
	}
}

func TestAnEncryptedConnectionNeedsACertificateThatIsTrusted(t *testing.T) {
	t.Parallel()
	cert, key := connectortest.Certificate(t)
	server := startCompany(t, "TLSCertificateFile "+cert+"\nTLSCertificateKeyFile "+key, "security tls=1", "")
	dsn := server.dsn("cn=habeas,"+suffix, password)
	err := openAt(t, dsn).Ping(t.Context())
	require.Equal(t, connectors.CodeCredentials, models.CodeOf(err), "the server demands encryption")
	err = openAt(t, dsn+"?starttls=1").Ping(t.Context())
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.ErrorContains(t, err, "certificate that is trusted")
	s := openAt(t, dsn+"?starttls=1&ca="+url.QueryEscape(cert))
	found, err := lookup(t, s, byMail(people(t, nil), "bob@example.com"))
	require.NoError(t, err)
	require.Equal(t, []string{bob}, found)
}

func TestAHundredThousandEntriesPassThroughLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 100,000 entries; left out of short runs")
	}
	const n = 100_000
	server := startCompany(t, "", "limits * size=unlimited\nindex sn eq", crowd(n))
	s := openAt(t, server.dsn("cn=habeas,"+suffix, password))
	node := people(t, func(c *datamap.Collection) { c.Fields = append(c.Fields, datamap.Field{Name: "sn"}) })
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	rows, peak := 0, uint64(0)
	q := connectors.Query{Node: node, Fields: []string{"sn"}, Keys: []datamap.Key{{datamap.Text("crowd")}}, Return: []string{"dn", "mail", "cn"}}
	require.NoError(t, s.(connectors.Locator).Lookup(t.Context(), q, func(datamap.Row) error {
		if rows++; rows%10_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
		return nil
	}))
	require.Equal(t, n, rows)
	t.Logf("%d entries; live memory before %d KiB, at most %d KiB", rows, before.HeapAlloc>>10, peak>>10)
	require.Less(t, peak, before.HeapAlloc+8<<20, "what is in memory does not grow with the result")
}
