package deadline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"

	"habeas/models/calendar"
)

// Reviewed is the day on which the data of this package was last compared with the law.
const Reviewed = "2026-11-22"

// RuleSet names the version of the rules and holidays behind a result: the day of review, a digest of the data, the calendar's
// revision. It is stored with every legal date.
func RuleSet() string { return ruleSet() }

var ruleSet = sync.OnceValue(func() string {
	data, err := json.Marshal([]any{monthly, regimes})
	if err != nil {
		panic(err) // the tables hold only strings, numbers and dates
	}
	sum := sha256.Sum256(data)
	return "deadline-" + Reviewed + "-" + hex.EncodeToString(sum[:4]) + "+calendar-" + calendar.Revision()
})
