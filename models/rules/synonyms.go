package rules

import "strings"

// synonym is a fact of request_deadline that goes by many names: any noun, any verb, _on for a day or _at for an instant.
type synonym struct {
	fact         string
	nouns, verbs []string
}

var identityNouns = []string{
	"identity", "identity_information", "identity_info", "identity_evidence", "identity_documents", "identity_proof", "proof_of_identity", "id",
}

var synonyms = []synonym{
	{"identity_asked_on", identityNouns, []string{"asked", "requested"}},
	{"identity_received_on", identityNouns, []string{"received", "provided", "answered", "confirmed", "verified", "established", "satisfied"}},
	{"fee_asked_on", []string{"fee"}, []string{"asked", "requested", "charged"}},
	{"fee_received_on", []string{"fee"}, []string{"received", "paid"}},
}

// canonical maps every name of a fact to the one that the code reads.
var canonical = func() map[string]string {
	names := map[string]string{}
	for _, s := range synonyms {
		for _, n := range s.nouns {
			for _, v := range s.verbs {
				names[n+"_"+v+"_on"] = s.fact
				names[n+"_"+v+"_at"] = s.fact
			}
		}
	}
	return names
}()

// words describes the names, for docs/law.md.
func (s synonym) words() string {
	return "`" + s.fact + "`: `" + strings.Join(s.nouns, "`, `") + "`, then `_" + strings.Join(s.verbs, "`, `_") + "`, then `_on` or `_at`"
}
