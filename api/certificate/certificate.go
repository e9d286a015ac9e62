package certificate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/contractend"
	"habeas/models/plan"
	"habeas/models/receipt"
	"habeas/models/store"
	"habeas/templates/notification"
)

// Of makes the certificate of the end of a contract from the file of its receipt, which it verifies with the published keys. It fails as
// receipt.Verify does, and with no_certificate when the receipt is not that of an erasure that was carried out.
func Of(end store.ContractEnd, operator string, file, jwks []byte) (notification.Certificate, error) {
	r, err := receipt.Verify(file, jwks)
	if err != nil {
		return notification.Certificate{}, err
	}
	done := r.Request.Outcome == models.Fulfilled || r.Request.Outcome == models.PartlyFulfilled
	if r.Request.Right != models.Deletion || r.Request.ID != end.Erases || !r.Request.DeferralID.IsZero() || !done {
		return notification.Certificate{}, None()
	}
	sum := sha256.Sum256(file)
	var signed struct {
		KID string `json:"kid"`
	}
	if err := json.Unmarshal(file, &signed); err != nil {
		return notification.Certificate{}, err
	}
	return notification.Certificate{
		Operator: operator, Customer: r.Request.ControllerName, Reference: end.Reference, IssuedAt: r.Request.IssuedAt, Zone: end.Zone,
		Facts: facts(end, r), Erased: erased(r), Kept: kept(r), Told: told(r), Receipt: hex.EncodeToString(sum[:]), Key: signed.KID,
	}, nil
}

// PDF is the certificate by the receipt of the erasure itself, among those of its request, as a document.
func PDF(ctx context.Context, s *store.Store, end store.ContractEnd, receipts []store.StoredReceipt) ([]byte, error) {
	i := slices.IndexFunc(receipts, func(r store.StoredReceipt) bool { return r.DeferralID.IsZero() })
	if i < 0 {
		return nil, None()
	}
	operator, err := s.Operator(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := s.JWKS()
	if err != nil {
		return nil, err
	}
	made, err := Of(end, operator.Name, receipts[i].Body, keys)
	if err != nil {
		return nil, err
	}
	return made.PDF()
}

// File is the certificate of the end of a contract that the caller may see; it fails with no_certificate.
func File(ctx context.Context, s *store.Store, scope models.Scope, end store.ContractEnd) (name string, pdf []byte, err error) {
	if end.Erases.IsZero() {
		return "", nil, None()
	}
	receipts, err := s.Receipts(ctx, scope, end.Erases)
	if err != nil {
		return "", nil, err
	}
	pdf, err = PDF(ctx, s, end, receipts)
	return "certificate-" + end.Reference + ".pdf", pdf, err
}

// None is the answer where there is no certificate, or not yet.
func None() error {
	return models.Errorf(models.NotFound, "no_certificate", "There is no certificate, or not yet.")
}

func facts(end store.ContractEnd, r receipt.Receipt) [][2]string {
	out := [][2]string{
		{"Request", r.Request.Reference},
		{"Last day of the contract", end.LastDay.String()},
		{"Returned before", returned(end)},
		{"Erasure ordered", r.Request.ReceivedAt.In(end.Zone).Format(time.RFC1123Z)},
		{"Plan", fmt.Sprintf("version %d, SHA-256 %s", r.Plan.Version, r.Plan.Digest)},
	}
	return out
}

// returned says what became of the return.
func returned(end store.ContractEnd) string {
	if !end.Return {
		return "not asked for"
	}
	text := "no"
	for _, e := range end.Events {
		if words, ok := returnedWords[e.Kind]; ok {
			text = words + " " + e.At.In(end.Zone).Format(time.RFC1123Z)
		}
	}
	return text
}

var returnedWords = map[contractend.Kind]string{contractend.Fetched: "fetched", contractend.Released: "not waited for, as decided"}

// gone are the states of rows of which nothing is left, in words.
var gone = []struct{ status, words string }{
	{string(store.RowErased), "erased"}, {string(store.RowMasked), "overwritten"}, {string(store.RowMissing), "already gone"},
}

// erased counts the records by collection and by what became of them.
func erased(r receipt.Receipt) (out [][2]string) {
	for _, g := range named(r) {
		var words []string
		for _, state := range gone {
			var n int64
			for _, rows := range r.Rows {
				if rows.Status == state.status && slices.Contains(g.groups, rows.Group) {
					n += rows.Rows
				}
			}
			if n > 0 {
				words = append(words, fmt.Sprintf("%d %s", n, state.words))
			}
		}
		words = append(words, g.others...)
		if len(words) > 0 {
			out = append(out, [2]string{g.name, strings.Join(words, ", ")})
		}
	}
	return out
}

// collection is what a plan says of one collection.
type collection struct {
	name   string
	groups []int
	others []string // what Habeas did not do itself
}

func named(r receipt.Receipt) (out []collection) {
	for _, g := range r.Plan.Groups {
		i := slices.IndexFunc(out, func(c collection) bool { return c.name == g.Name() })
		if i < 0 {
			i = len(out)
			out = append(out, collection{name: g.Name()})
		}
		out[i].groups = append(out[i].groups, g.No)
		if t := g.Treatment(); g.By != "" && (t == models.TreatErase || t == models.TreatMask) {
			out[i].others = append(out[i].others, others(g))
		}
	}
	slices.SortStableFunc(out, func(a, b collection) int { return cmp.Compare(a.name, b.name) })
	return out
}

func others(g plan.Group) string {
	if g.By == plan.ByDelegate {
		return "erased by the processor that holds them"
	}
	return fmt.Sprintf("%d left to people", g.Rows)
}

// kept names what stays, and why.
func kept(r receipt.Receipt) (out [][2]string) {
	for _, g := range r.Plan.Groups {
		switch t := g.Treatment(); {
		case t == models.TreatRetain:
			out = append(out, [2]string{g.Name(), fmt.Sprintf("%d kept until %s by %s, then erased by itself", g.Rows, g.HoldThrough, g.Citation)})
		case t == models.TreatKeep && g.SharedWith != "":
			out = append(out, [2]string{g.Name(), fmt.Sprintf("%d also concern another controller", g.Rows)})
		case t == models.TreatKeep && g.Reason == plan.ReasonKeptByMap:
			out = append(out, [2]string{g.Name(), fmt.Sprintf("%d hold nothing personal by themselves", g.Rows)})
		case t == models.TreatKeep:
			out = append(out, [2]string{g.Name(), fmt.Sprintf("%d by decision of the data protection officer", g.Rows)})
		}
	}
	for _, t := range r.Tasks {
		if t.State == "refused" {
			out = append(out, [2]string{t.System, "not searched or not erased, as the data protection officer decided"})
		}
	}
	return out
}

var answers = map[string]string{
	string(store.AnswerErased): "erased", string(store.AnswerNotHeld): "never held any", string(store.AnswerRetained): "keeps what a law obliges it to",
}

func told(r receipt.Receipt) (out [][2]string) {
	for _, n := range r.Notices {
		words := answers[n.Answer]
		if n.State == string(store.NoticeWaived) {
			words = "has not answered; the data protection officer has waived the answer"
		}
		out = append(out, [2]string{n.Recipient, words})
	}
	return out
}
