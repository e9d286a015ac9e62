package models

// Treatment is what a plan does with a group of rows.
type Treatment string

const (
	TreatErase    Treatment = "erase"
	TreatMask     Treatment = "mask"     // some fields are replaced, the row stays; of a shared row, the person's own fields only
	TreatRetain   Treatment = "retain"   // held by law until a date, restricted meanwhile, then erased: a deferral
	TreatKeep     Treatment = "keep"     // stays, because it is (also) another person's or the DPO says so
	TreatRefer    Treatment = "refer"    // undecided: the DPO must choose
	TreatDisclose Treatment = "disclose" // part of the copy
	TreatRedact   Treatment = "redact"   // part of the copy, with the other person's fields blanked, Art. 15(4)
	TreatWithhold Treatment = "withhold" // not part of the copy
	TreatRestrict Treatment = "restrict" // marked as restricted, Art. 18
	TreatRectify  Treatment = "rectify"  // fields get the values that the DPO has entered, Art. 16
	TreatSuppress Treatment = "suppress" // stays, and is no longer used for the purposes objected to, Art. 21
)
