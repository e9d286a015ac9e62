package e2e_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"habeas/models"
)

// far is the system that only a worker of its own reaches.
const far = "parties"

// TestASystemIsServedByAWorkerOfItsOwn runs the program as two workers, of which only the second has the address of a system. Without it requests wait
// and say so; with it they go on by themselves.
func TestASystemIsServedByAWorkerOfItsOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("short run: workers of single systems were not tested, which takes two minutes")
	}
	t.Parallel()
	p := startProduction(t, farAway)
	main, own := p.systemFiles(t)
	p.worker = p.startWith(t, []string{"HABEAS_SYSTEMS=" + main}, "worker")
	p.awaitWorker(t, p.worker)

	erased, copied := p.party(t, "Wendelin Fernab", ""), p.party(t, "Xaver Fernab", "")
	erasure, access := p.ask(t, models.Erasure, erased), p.ask(t, models.Access, copied)
	eventually(t, func() bool { return p.healthOr(t, far) == "worker_silent" }, "the missing worker is noted")
	for _, asked := range []models.ID{erasure.ID, access.ID} {
		r, err := p.dpo.Request(within(t), asked)
		require.NoError(t, err)
		require.Equal(t, string(models.Locating), r.State, "it waits")
	}
	require.Contains(t, p.page(t, "/staff/requests/"+erasure.ID.String()), "the worker that serves parties has not been seen since")

	second := p.startWith(t, []string{"HABEAS_SYSTEMS=" + own}, "worker", "--systems", far)
	p.awaitWorker(t, second)
	p.closed(t, erasure.ID, models.Fulfilled)
	p.erased(t, erased)
	pkg, err := p.public.Fetch(within(t), p.Mailbox, access, copied.Subject)
	require.NoError(t, err)
	require.Contains(t, string(pkg.Files["data/parties.parties.json"]), copied.Name.Reveal(), "what the far worker has read")
	require.Contains(t, string(pkg.Files["data/logins.login_attempts.json"]), copied.Email.Reveal())
	p.closed(t, access.ID, models.Fulfilled)
	eventually(t, func() bool {
		return p.health(t, far) == "" && !strings.Contains(p.page(t, "/staff/requests/"+access.ID.String()), "has not been seen since")
	}, "the worker is seen")

	for _, proc := range []*process{p.serve, p.worker, second} {
		text := strings.ToLower(proc.log.String())
		for _, who := range []person{erased, copied} {
			require.NotContains(t, text, strings.ToLower(who.Email.Reveal()))
			require.NotContains(t, text, "fernab")
		}
	}
	status, out := p.habeasWith(t, []string{"HABEAS_SYSTEMS=" + main}, "worker", "--systems", far)
	require.Equal(t, 1, status)
	require.Contains(t, out, "not_served", "without an address it is refused, not waited for")
}

// farAway leaves the worker to the test.
func farAway(p *production) { p.noWorker = true }

// systemFiles are two files of systems: one that gives the far system a queue and no address, and one with nothing but its address.
func (p *production) systemFiles(t *testing.T) (main, own string) {
	t.Helper()
	text, err := os.ReadFile(p.Config.Systems)
	require.NoError(t, err)
	var file struct {
		Systems map[string]map[string]string `yaml:"systems"`
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	write := func(name string, systems map[string]map[string]string) string {
		body, err := yaml.Marshal(map[string]any{"systems": systems})
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, body, 0o600))
		return path
	}
	own = write("own.yml", map[string]map[string]string{far: {"kind": file.Systems[far]["kind"], "dsn": file.Systems[far]["dsn"], "queue": "oslo"}})
	file.Systems[far] = map[string]string{"kind": file.Systems[far]["kind"], "queue": "oslo"}
	return write("main.yml", file.Systems), own
}

// healthOr is the code noted for a system; empty when it answers or nothing was noted yet.
func (p *production) healthOr(t *testing.T, name string) string {
	t.Helper()
	systems, err := p.store.Systems(within(t))
	require.NoError(t, err)
	for _, s := range systems {
		if s.Name == name {
			return s.Code
		}
	}
	return ""
}

// page is what the DPO sees in the console.
func (p *production) page(t *testing.T, path string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	c := &http.Client{Jar: jar}
	in, err := c.PostForm(p.Config.BaseURL+"/staff/login", url.Values{"key": {p.DPOKey}})
	require.NoError(t, err)
	require.NoError(t, in.Body.Close())
	res, err := c.Get(p.Config.BaseURL + path)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	require.Equal(t, http.StatusOK, res.StatusCode)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(body)
}
