package models

// Said is a text that somebody wrote, with the language in which it is: BCP 47, or empty where that says nothing, as of a name.
type Said struct {
	Text string
	Lang string
}
