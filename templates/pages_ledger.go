package templates

import "time"

// LedgerView is the verification of the ledger. State is none, running, good, bad or failed.
type LedgerView struct {
	State                string
	BeganAt, EndedAt     time.Time
	Entries, Checkpoints int64
	Head                 string // hash of the last entry, hex
	Reason               string // what is wrong, or why it could not be told
}

// MapView is the data map with the health of its systems.
type MapView struct {
	Systems []MapSystem
	Digest  string
}

// MapSystem is one system with the data that lies in it.
type MapSystem struct {
	Name     string
	Health   *SystemHealth // nil while it was not needed yet
	Datasets []MapDataset
}

// MapDataset is one dataset of a system.
type MapDataset struct {
	Key, Name, Description, LegalBasis, Storage, Controller string
	Purposes, Recipients                                    []string
	Collections                                             []MapCollection
}

// MapCollection is one collection of it. Erase is delete, mask or keep.
type MapCollection struct {
	Name, Erase            string
	Categories, Identities []string
	Holds                  []string // rules of law
	Shared                 string
	Fields                 int
}

// The pages of the ledger and of the data map.
var (
	Ledger = &Page[LedgerView]{"staff/ledger", []LedgerView{
		{State: "none"},
		{State: "running", BeganAt: exampleTime},
		{State: "good", BeganAt: exampleTime, EndedAt: exampleTime, Entries: 812_411, Checkpoints: 4_120, Head: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		{State: "bad", BeganAt: exampleTime, EndedAt: exampleTime, Entries: 812, Reason: "ledger: entry_changed: entry 0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a11 at place 813: its hash is another"},
		{State: "failed", BeganAt: exampleTime, EndedAt: exampleTime, Reason: "The ledger could not be read just now."},
	}}
	Map = &Page[MapView]{"staff/map", []MapView{{}, {
		Digest: "a3f1c09d5e6b7788",
		Systems: []MapSystem{
			{
				Name: "erp", Health: &SystemHealth{Name: "erp", Since: exampleTime, CheckedAt: exampleTime},
				Datasets: []MapDataset{{
					Key: "customs", Name: "Customs", LegalBasis: "legal_obligation", Storage: "Three years from the end of the year of acceptance.", Purposes: []string{"customs"}, Recipients: []string{"parcel_analytics"},
					Collections: []MapCollection{
						{Name: "declarations", Erase: "delete", Categories: []string{"user.contact"}, Identities: []string{"email"}, Holds: []string{"EU_UCC_51"}, Fields: 12},
						{Name: "events", Erase: "mask", Categories: []string{"user.behavior", "user.location"}, Shared: "refer", Fields: 7},
					},
				}},
			},
			{Name: "paper_archive", Datasets: []MapDataset{{Key: "archive", Collections: []MapCollection{{Name: "letters", Erase: "delete", Fields: 2}}}}},
			{Name: "tracking", Health: &SystemHealth{Name: "tracking", Code: "system_unavailable", Since: exampleTime, CheckedAt: exampleTime}},
		},
	}}}
)
