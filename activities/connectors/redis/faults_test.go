package redis_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	driver "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/redis"
	"habeas/models"
	"habeas/models/datamap"
)

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
	server := start(t)
	for _, dsn := range []string{server.dsn("default", "wrong-secret"), server.dsn("stranger", "wrong-secret"), "redis://" + server.addr} {
		err := openAt(t, dsn, "").Ping(t.Context())
		require.Equal(t, connectors.CodeCredentials, models.CodeOf(err))
		require.Equal(t, models.Forbidden, models.KindOf(err))
		require.NotContains(t, err.Error(), "wrong-secret")
	}
	for _, dsn := range []string{"secretword", "http://u:secretword@h/", "redis://u:secretword@h:port/", "redis://u:secretword@h/db", "redis://u:secretword@h/0?x=1", "redis://u:secretword@h/0?ca=/x", "rediss://u:secretword@h/0?ca=/secretword"} {
		_, err := redis.Open(t.Context(), connectors.Config{Name: "x", DSN: models.Personal(dsn)})
		require.Equal(t, "bad_dsn", models.CodeOf(err), dsn)
		require.NotContains(t, err.Error(), "secretword")
	}
	for _, settings := range []string{`{"types":{"a:{b":"hash"}}`, `{"types":{"a:{b}":"stream"}}`, `{"type":{}}`} {
		_, err := redis.Open(t.Context(), connectors.Config{Name: "x", DSN: "redis://h/0", Settings: []byte(settings)})
		require.Equal(t, "bad_settings", models.CodeOf(err), settings)
	}
}

func TestMissingRightsOnAPatternAreFoundByCheckAndRefused(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	server.do(t,
		cmd("ACL", "SETUSER", "reader", "on", ">pw", "%R~customer:*", "~greeting:*", "~online", "+@all", "-@admin"),
		cmd("ACL", "SETUSER", "meek", "on", ">pw", "~*", "+@read", "+@connection", "+@transaction"))
	s := openAt(t, server.dsn("reader", "pw"), shopTypes)
	problems := func(s connectors.System, name string) string {
		list, err := s.(connectors.Checker).Check(t.Context(), []*datamap.Node{shopNode(t, name)})
		require.NoError(t, err)
		return fmt.Sprint(list)
	}
	require.Contains(t, problems(s, "customers"), "no right to change")
	require.Contains(t, problems(s, "sessions"), "no right to read")
	require.NotContains(t, problems(s, "greetings"), "no_right")
	require.Contains(t, problems(openAt(t, server.dsn("meek", "pw"), ""), "greetings"), "no right to change", "a right on the pattern, not to the commands")
	before := server.rows(t, "*")
	for _, order := range []connectors.Erasure{maskOrder(t, "customers", "1"), {Node: shopNode(t, "customers"), Keys: keysOf("1"), Delete: true}} {
		out, err := erase(t, s, order)
		require.Equal(t, connectors.CodeRefused, models.CodeOf(err), "%v", err)
		require.Equal(t, models.Forbidden, models.KindOf(err))
		require.ErrorContains(t, err, "d.customers")
		require.Equal(t, connectors.Outcome{}, out)
	}
	_, err := lookup(t, s, connectors.Query{Node: shopNode(t, "sessions"), Fields: []string{"key"}, Keys: keysOf("session:s1"), Return: []string{"key"}})
	require.Equal(t, connectors.CodeRefused, models.CodeOf(err))
	require.Equal(t, before, server.rows(t, "*"))
	skipped, err := s.(connectors.Scanner).Scan(t.Context(), []models.Personal{"ann"}, func(connectors.Hit) error { return nil })
	require.NoError(t, err)
	require.Contains(t, skipped, "session:{sid}", "a scan says what it has not seen")
}

func TestAKeyThatChangesUnderTheMaskIsReadAgainAndThenCalledBusy(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	proxy := connectortest.NewProxy(t, server.addr)
	s := openAt(t, through(server.dsn("default", rootPassword), proxy.Addr(), ""), shopTypes)
	other, changed, times := server.client(t), 0, 2
	proxy.OnPass(func(sent []byte) { // somebody writes the key after it was read and before it is written
		if text := strings.ToLower(string(sent)); strings.Contains(text, "multi") && changed < times {
			changed++
			doc := fmt.Sprintf(`{"user":{"id":1,"mail":"ann@example.com"},"n":"change %d"}`, changed)
			if other.Set(context.Background(), "session:s1", doc, driver.KeepTTL).Err() != nil {
				t.Error("the key could not be changed")
			}
		}
	})
	order := maskOrder(t, "sessions", "session:s1")
	out, err := erase(t, s, order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 1}, out)
	require.Equal(t, 2, changed)
	require.Regexp(t, `^session:s1 "\{\\"user\\":\{\\"id\\":1,\\"mail\\":null\},\\"n\\":\\"change 2\\"\}" true$`, server.rows(t, "session:s1")[0], "what the other wrote is not lost")

	server.do(t, cmd("SET", "session:s1", `{"user":{"id":1,"mail":"ann@example.com"}}`))
	changed, times = 0, 1000
	_, err = erase(t, s, order)
	require.Equal(t, connectors.CodeBusy, models.CodeOf(err))
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.Contains(t, server.rows(t, "session:s1")[0], "ann@example.com", "nothing half done")
}

func TestAConnectionResetInMidBatchIsUnavailableAndTheBatchCanBeGivenAgain(t *testing.T) {
	t.Parallel()
	const n = 100
	server := startShop(t)
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprint("c", i))
		server.do(t, cmd("HSET", "customer:c"+fmt.Sprint(i), "mail", "x@example.com", "name", "Somebody"))
	}
	proxy := connectortest.NewProxy(t, server.addr)
	s := openAt(t, through(server.dsn("default", rootPassword), proxy.Addr(), ""), shopTypes)
	order := maskOrder(t, "customers", ids...)
	proxy.CutAfter(20_000)
	out, err := erase(t, s, order)
	require.Equal(t, connectors.CodeUnavailable, models.CodeOf(err), "%v", err)
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.Equal(t, connectors.Outcome{}, out, "nothing is said to be done")
	there := 0
	require.Eventually(t, func() bool { // other connections of the pool were reset too
		there, err = s.(connectors.Verifier).Left(t.Context(), order)
		return err == nil
	}, time.Minute, 5*time.Millisecond)
	require.Positive(t, there)
	require.Less(t, there, n)
	for range 2 {
		out, err = erase(t, s, order)
		require.NoError(t, err)
		require.Equal(t, connectors.Outcome{Masked: n}, out)
	}
	require.Zero(t, left(t, s, order))
	require.Contains(t, server.rows(t, "customer:2")[0], "bob@example.com")
}

func TestASlowServerIsBusyAndACancelledCallEnds(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	proxy := connectortest.NewProxy(t, server.addr)
	s := openAt(t, through(server.dsn("default", rootPassword), proxy.Addr(), "timeout=200ms"), shopTypes)
	q := connectors.Query{Node: shopNode(t, "sessions"), Fields: []string{"key"}, Keys: keysOf("session:s1"), Return: []string{"key"}}
	require.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, time.Minute, 5*time.Millisecond, "this machine may be slow too")
	proxy.Hold()
	_, err := lookup(t, s, q)
	require.Equal(t, connectors.CodeBusy, models.CodeOf(err))
	require.Equal(t, models.Unavailable, models.KindOf(err))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Ping(ctx), context.Canceled)
	proxy.Release()
	var found []string
	require.Eventually(t, func() bool {
		found, err = lookup(t, s, q)
		return err == nil
	}, time.Minute, 5*time.Millisecond)
	require.Equal(t, []string{"session:s1"}, found)
}

func TestAServerThatIsDownOrLoadingIsWaitedFor(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	for i := range 300 {
		server.do(t, cmd("SET", fmt.Sprint("filler:", i), strings.Repeat("x", 2000)))
	}
	server.do(t, cmd("SAVE"))
	s := server.open(t, shopTypes)
	require.NoError(t, s.Ping(t.Context()))
	server.args = []string{"--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024", "--rdbcompression", "no"}
	loading := false
	for attempt := 0; attempt < 5 && !loading; attempt++ { // this machine may be so slow that the server has loaded before it is asked
		server.stop()
		err := s.Ping(t.Context())
		require.Equal(t, connectors.CodeUnavailable, models.CodeOf(err))
		require.Equal(t, models.Unavailable, models.KindOf(err))
		server.run(t)
		require.Eventually(t, func() bool {
			_, err := erase(t, s, maskOrder(t, "customers", "1"))
			if err == nil {
				return true
			}
			require.Equal(t, models.Unavailable, models.KindOf(err))
			loading = loading || models.CodeOf(err) == connectors.CodeBusy
			return false
		}, 30*time.Second, 10*time.Millisecond)
	}
	require.True(t, loading, "it said that it was loading")
	require.NotContains(t, server.rows(t, "customer:1")[0], "Ann")
}

func TestAServerWithoutMemoryRefusesMasksAndStillDeletes(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	s := server.open(t, shopTypes)
	server.do(t, cmd("CONFIG", "SET", "maxmemory", "1"))
	before := server.rows(t, "*")
	_, err := erase(t, s, maskOrder(t, "sessions", "session:s1"))
	require.Equal(t, connectors.CodeBusy, models.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "no memory left")
	require.Equal(t, before, server.rows(t, "*"))
	out, err := erase(t, s, connectors.Erasure{Node: shopNode(t, "sessions"), Keys: keysOf("session:s1"), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 1}, out)
}

func TestACopyIsReportedAndUnchanged(t *testing.T) {
	t.Parallel()
	source := startShop(t)
	host, port, err := net.SplitHostPort(source.addr)
	require.NoError(t, err)
	replica := start(t, "--replicaof", host+" "+port, "--masterauth", rootPassword, "--repl-diskless-sync-delay", "0")
	client := replica.client(t)
	require.Eventually(t, func() bool { return client.Exists(t.Context(), "customer:1").Val() == 1 }, 30*time.Second, 10*time.Millisecond)
	s := replica.open(t, shopTypes)
	before := replica.rows(t, "*")
	for _, order := range []connectors.Erasure{maskOrder(t, "customers", "1"), {Node: shopNode(t, "customers"), Keys: keysOf("1"), Delete: true}} {
		out, err := erase(t, s, order)
		require.Equal(t, connectors.CodeReadOnly, models.CodeOf(err), "%v", err)
		require.Equal(t, models.Conflict, models.KindOf(err))
		require.Equal(t, connectors.Outcome{}, out)
	}
	require.Equal(t, before, replica.rows(t, "*"))
	problems, err := s.(connectors.Checker).Check(t.Context(), []*datamap.Node{shopNode(t, "customers")})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(problems), connectors.CodeReadOnly)
}

func TestANodeOfAClusterIsNotTakenForAllThereIs(t *testing.T) {
	t.Parallel()
	server := start(t, "--cluster-enabled", "yes")
	s := server.open(t, "")
	_, err := lookup(t, s, connectors.Query{Node: shopNode(t, "customers"), Fields: []string{"mail"}, Keys: keysOf("x"), Return: []string{"id"}})
	require.Equal(t, models.Unsupported, models.KindOf(err))
	problems, err := s.(connectors.Checker).Check(t.Context(), []*datamap.Node{shopNode(t, "customers")})
	require.NoError(t, err)
	require.True(t, datamap.Refused(problems))
}

func TestAKeyOfAnotherTypeIsAMismatchAndNothingIsDone(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	server.do(t, cmd("SET", "customer:3", "secretword"), cmd("SET", "session:s3", "{secretword"))
	s := server.open(t, shopTypes)
	before := server.rows(t, "*")
	for _, order := range []connectors.Erasure{maskOrder(t, "customers", "3"), maskOrder(t, "sessions", "session:s3")} {
		_, err := erase(t, s, order)
		require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
		require.NotContains(t, err.Error(), "secretword")
		require.ErrorContains(t, err, order.Node.Address.String())
	}
	require.Equal(t, before, server.rows(t, "*"))
}

func TestARowThatChangedSinceThePlanIsNoLongerTheSame(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	s := server.open(t, "")
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "cache", Collections: []datamap.Collection{
		{Name: "notes", Table: "customer:{id}", Unreachable: "-", Fields: []datamap.Field{{Name: "mail"}, {Name: "name"}}},
	}}})
	require.NoError(t, err)
	key := []datamap.Key{{datamap.Text("bob@example.com"), datamap.Text("Bob")}}
	server.do(t, cmd("HSET", "customer:2", "name", "Robert"))
	out, err := erase(t, s, connectors.Erasure{Node: g.Nodes[0], Keys: key, Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Missing: 1}, out)
	server.do(t, cmd("HSET", "customer:2", "name", "Bob"))
	out, err = erase(t, s, connectors.Erasure{Node: g.Nodes[0], Keys: key, Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 1}, out)
}

func TestAnEncryptedConnectionNeedsACertificateThatIsTrusted(t *testing.T) {
	t.Parallel()
	cert, key := connectortest.Certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	server := start(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no")
	dsn := "rediss://default:" + rootPassword + "@" + addr + "/0"
	err = openAt(t, dsn, "").Ping(t.Context())
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.ErrorContains(t, err, "certificate that is trusted")
	require.NoError(t, openAt(t, dsn+"?ca="+url.QueryEscape(cert), "").Ping(t.Context()))
	require.NoError(t, server.open(t, "").Ping(t.Context()))
}
