package models

// Treatment is what a plan does with a group of rows.
type Treatment string

const (
	TreatErase    Treatment = "erase"
	TreatMask     Treatment = "mask"     // some fields are replaced, the row stays
	TreatRetain   Treatment = "retain"   // held by law until a date, restricted meanwhile, then erased: a deferral
	TreatKeep     Treatment = "keep"     // stays, because it is (also) another person's or the DPO says so
	TreatRefer    Treatment = "refer"    // undecided: the DPO must choose
	TreatDisclose Treatment = "disclose" // part of the copy
	TreatRedact   Treatment = "redact"   // part of the copy, with the other person's fields blanked, Art. 15(4)
	TreatWithhold Treatment = "withhold" // not part of the copy
)
