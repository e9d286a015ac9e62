package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"habeas/cmd/internal/config"
	"habeas/cmd/internal/devserver/actor"
	"habeas/models"
	"habeas/models/store"
)

// reminded is after how long the recipients of this test are reminded.
const reminded = 2 * time.Second

// seedVariable names the environment variable by which a run of this test is repeated.
const seedVariable = "HABEAS_TEST_SEED"

// kills is how often the worker is killed.
const kills = 3

// recipientsOfOne are fifty recipients by channel and manner.
var recipientsOfOne = []struct {
	channel store.RecipientChannel
	as      manner
	number  int
}{
	{store.ChannelMail, atOnce, 6},
	{store.ChannelMail, afterReminder, 4},
	{store.ChannelMail, twiceOver, 3},
	{store.ChannelMail, wrongLink, 2},
	{store.ChannelMail, declining, 3},
	{store.ChannelMail, silent, 3},
	{store.ChannelMail, unknown, 1},
	{store.ChannelMail, moved, 1},
	{store.ChannelWebhook, atOnce, 2},
	{store.ChannelWebhook, slow, 3},
	{store.ChannelWebhook, afterReminder, 3},
	{store.ChannelWebhook, faulty, 3},
	{store.ChannelWebhook, hanging, 2},
	{store.ChannelWebhook, redirecting, 2},
	{store.ChannelWebhook, garbled, 2},
	{store.ChannelWebhook, flooding, 1},
	{store.ChannelWebhook, absent, 1},
	{store.ChannelOpenDSR, done, 2},
	{store.ChannelOpenDSR, unproved, 1},
	{store.ChannelOpenDSR, cancelling, 1},
	{store.ChannelManual, byHand, 4},
}

// TestAnErasureClosesWhenEachOfFiftyRecipientsHasAnsweredOrIsWaived kills the worker three times while the recipients are told.
func TestAnErasureClosesWhenEachOfFiftyRecipientsHasAnsweredOrIsWaived(t *testing.T) {
	if testing.Short() {
		t.Skip("short run: fifty recipients were not told of an erasure while the worker is killed, which takes a minute")
	}
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("the worker is killed at the times of %s=%d", seedVariable, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	n := newNotified(t)
	n.production = startProduction(t, farAway, func(p *production) {
		p.configure = append(p.configure, func(c *config.Config) {
			c.Policy.PrivateWebhooks = append(c.Policy.PrivateWebhooks, hostOf(t, n.hooks.URL), hostOf(t, n.inside.URL), "127.0.0.1:1")
		})
	})
	n.enterAll(t)
	n.startWorker(t)
	who := n.reader(t, "Fridolin Vielverteilt", 1)
	asked := n.ask(t, models.Erasure, who)
	_, err := n.dpo.AwaitState(within(t), asked.ID, models.Notifying)
	require.NoError(t, err)
	n.erased(t, who)
	for range kills {
		<-time.After(time.Duration(random.Int64N(int64(2 * time.Second))))
		require.Equal(t, -1, n.worker.signal(t, syscall.SIGKILL))
		n.startWorker(t)
	}
	n.awaitAnswers(t, asked)
	n.recordByHand(t, asked)
	n.waiveTheRest(t, asked)
	n.closed(t, asked.ID, models.Fulfilled)
	n.stop()
	n.running.Wait()
	n.mu.Lock()
	require.Empty(t, n.faults)
	n.mu.Unlock()
	n.eachMessageIsInTheLedger(t, asked)
	n.theDPOHeard(t)
	n.thePersonSees(t, asked)
	n.ledgerVerifies(t)
	text := strings.ToLower(n.serve.log.String() + n.worker.log.String())
	require.NotContains(t, text, strings.ToLower(who.Email.Reveal()))
	require.NotContains(t, text, recipientDomain)
}

func writeFile(t *testing.T, name string, body []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, body, 0o600))
	return path
}

// enterAll puts the recipients into the register, and the processors among them into the file of systems.
func (n *notified) enterAll(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(n.Config.Systems)
	require.NoError(t, err)
	var file struct {
		Systems map[string]map[string]any `yaml:"systems"`
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	total := 0
	var strangers []string
	for _, group := range recipientsOfOne {
		for no := range group.number {
			address := fmt.Sprintf("%s-%s-%d%s", group.channel, group.as, no, recipientDomain)
			switch group.channel {
			case store.ChannelWebhook:
				address = fmt.Sprintf("%s/%s-%s-%d", n.hooks.URL, group.channel, group.as, no)
				if group.as == absent {
					address = "http://127.0.0.1:1/hook"
				}
			case store.ChannelOpenDSR:
				settings, play := n.processor(t, group.as)
				address = fmt.Sprintf("processor-%s-%d", group.as, no)
				file.Systems[address] = settings
				n.running.Go(func() { play(ctx) })
			case store.ChannelManual:
				address = "A letter to 1 Quay Street"
			case store.ChannelMail:
				if group.as == unknown || group.as == moved {
					strangers = append(strangers, address)
				}
			}
			n.enter(t, group.channel, group.as, no, address)
			total++
		}
	}
	require.Equal(t, 50, total)
	n.Mailbox.SetUnknown(strangers...)
	body, err := yaml.Marshal(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(n.Config.Systems, body, 0o600))
	n.running.Go(func() { n.read(ctx, n.Mailbox) })
	t.Cleanup(stop)
	n.stop = stop
}

// open are the notices of the recipients that have not answered and were not waived, by slug; those of the sample company are left out.
func (n *notified) open(t *testing.T, asked actor.Asked) map[string]actor.Notice {
	t.Helper()
	list, err := n.dpo.Notices(within(t), asked.ID)
	require.NoError(t, err)
	out := map[string]actor.Notice{}
	for _, notice := range list {
		slug := strings.TrimPrefix(notice.Recipient, "Recipient ")
		if _, ours := n.manners[slug]; ours && notice.State != "acknowledged" && notice.State != "waived" {
			out[slug] = notice
		}
	}
	return out
}

// awaitAnswers waits until only those are left that answer to nobody, and corrects an address meanwhile.
func (n *notified) awaitAnswers(t *testing.T, asked actor.Asked) {
	t.Helper()
	moving, err := n.store.RecipientBySlug(within(t), "mail-moved-0")
	require.NoError(t, err)
	eventually(t, func() bool {
		entries, err := n.dpo.Ledger(within(t), asked.ID)
		require.NoError(t, err)
		for _, e := range entries {
			if e.Kind == "notice.refused" {
				return true
			}
		}
		return false
	}, "a mail server refuses a recipient")
	moving.Address = "new-" + moving.Address
	_, err = n.store.PutRecipient(within(t), moving)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		for slug, notice := range n.open(t, asked) {
			as := n.manners[slug]
			declined := as == declining || as == cancelling
			if !as.waived() && as != byHand || declined && notice.State != "declined" {
				return false
			}
		}
		return true
	}, 3*patience, 200*time.Millisecond, "everybody answers that ever will")
	r, err := n.dpo.Request(within(t), asked.ID)
	require.NoError(t, err)
	require.Equal(t, string(models.Notifying), r.State)
}

// recordByHand has staff note the answers of those whom people tell.
func (n *notified) recordByHand(t *testing.T, asked actor.Asked) {
	t.Helper()
	for slug, notice := range n.open(t, asked) {
		if n.manners[slug] != byHand {
			continue
		}
		d := actor.Decision{Kind: "acknowledge", NoticeID: notice.ID, Answer: "erased"}
		requireProblem(t, n.dpo.Decide(within(t), asked.ID, d), 400, "reason_missing")
		d.Reason = "A letter of theirs says so."
		require.NoError(t, n.dpo.Decide(within(t), asked.ID, d))
	}
}

// waiveTheRest waives one notice after another; the request is open until the last.
func (n *notified) waiveTheRest(t *testing.T, asked actor.Asked) {
	t.Helper()
	left := n.open(t, asked)
	expected := 0
	for _, group := range recipientsOfOne {
		if group.as.waived() {
			expected += group.number
		}
	}
	require.Len(t, left, expected)
	for slug, notice := range left {
		r, err := n.dpo.Request(within(t), asked.ID)
		require.NoError(t, err)
		require.Equal(t, string(models.Notifying), r.State, "%s has neither answered nor been waived", slug)
		require.NoError(t, n.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "waive", NoticeID: notice.ID, Reason: "It has had its time."}))
	}
}

// eachMessageIsInTheLedger compares what the recipients got with what is recorded: no message is lost, and none was sent that is not recorded. A
// message that came more than once came under its own identifier, and only because the worker was killed.
func (n *notified) eachMessageIsInTheLedger(t *testing.T, asked actor.Asked) {
	t.Helper()
	list, err := n.dpo.Notices(within(t), asked.ID)
	require.NoError(t, err)
	entries, err := n.dpo.Ledger(within(t), asked.ID)
	require.NoError(t, err)
	sent, uncertain, again := map[string]int{}, map[string]int{}, 0
	for _, e := range entries {
		notice, _ := e.Data["notice_id"].(string)
		switch e.Kind {
		case "notice.sent":
			sent[notice]++
			require.Regexp(t, "^[0-9a-f]{64}$", e.Data["digest"])
		case "notice.uncertain":
			uncertain[notice]++
		}
	}
	for _, notice := range list {
		slug := strings.TrimPrefix(notice.Recipient, "Recipient ")
		as, ours := n.manners[slug]
		if !ours {
			continue
		}
		got := n.messages(slug)
		for _, times := range got {
			require.LessOrEqual(t, times, 1+kills, slug)
			again += times - 1
		}
		channel, _, _ := strings.Cut(slug, "-")
		if channel == string(store.ChannelMail) || channel == string(store.ChannelWebhook) {
			require.LessOrEqual(t, sent[notice.ID], len(got), "%s: what is recorded was received", slug)
			require.GreaterOrEqual(t, sent[notice.ID]+uncertain[notice.ID], len(got), "%s: what was received is recorded", slug)
		}
		if atFirst := as == atOnce || as == slow || as == twiceOver || as == wrongLink || as == flooding; atFirst && n.quick[slug] {
			require.Len(t, got, 1, "%s answered the first message before a reminder was due, and was not reminded", slug)
		}
		if as == unknown || as == absent {
			require.Empty(t, got)
		}
	}
	t.Logf("%d messages came once more under their identifier; of %d nobody can say whether they went; %d recipients answered before a reminder was due",
		again, len(uncertain), len(n.quick))
	for slug, least := range map[string]int{"webhook-faulty-0": 3, "webhook-hanging-0": 2, "webhook-redirecting-0": 3} {
		require.GreaterOrEqual(t, n.calls[slug], least, slug)
	}
}

// theDPOHeard expects a mail to the DPO about each kind of notice that goes nowhere by itself.
func (n *notified) theDPOHeard(t *testing.T) {
	t.Helper()
	heard := map[string]int{}
	for _, m := range n.Mailbox.Messages(n.Config.DPOEmail.Reveal()) {
		subject, _, _ := strings.Cut(m.Subject, ":")
		heard[subject]++
	}
	require.GreaterOrEqual(t, heard["A recipient to be told"], 4)
	require.GreaterOrEqual(t, heard["A recipient declines"], 4)
	require.Positive(t, heard["No answer from a recipient"])
}

// thePersonSees expects on the person's own page that each recipient was written to, and no recipient's address.
func (n *notified) thePersonSees(t *testing.T, asked actor.Asked) {
	t.Helper()
	page := n.page(t, strings.TrimPrefix(asked.StatusURL, n.Config.BaseURL))
	require.GreaterOrEqual(t, strings.Count(page, "We wrote to a recipient of your data"), 40)
	require.NotContains(t, page, recipientDomain)
}
