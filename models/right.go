package models

// Right is the right of Chapter III that a request exercises.
type Right string

const (
	Access        Right = "access"        // Art. 15
	Rectification Right = "rectification" // Art. 16
	Erasure       Right = "erasure"       // Art. 17
	Restriction   Right = "restriction"   // Art. 18
	Export        Right = "export"        // Art. 20, portability
	Objection     Right = "objection"     // Art. 21

	// Return and Deletion are no rights of a person but a customer's at the end of its contract, Art. 28(3)(g). Nobody asks for them alone: package
	// contractend opens their requests.
	Return   Right = "return"
	Deletion Right = "deletion"
)

var articles = map[Right]string{
	Access: "Art. 15 GDPR", Rectification: "Art. 16 GDPR", Erasure: "Art. 17 GDPR",
	Restriction: "Art. 18 GDPR", Export: "Art. 20 GDPR", Objection: "Art. 21 GDPR",
	Return: "Art. 28(3)(g) GDPR", Deletion: "Art. 28(3)(g) GDPR",
}

// Rights are the rights for which requests are accepted, in the order in which they are offered.
func Rights() []Right {
	return []Right{Access, Export, Rectification, Erasure, Restriction, Objection}
}

// AllRights are Rights and those of a customer: whatever right a request may be of.
func AllRights() []Right { return append(Rights(), Return, Deletion) }

// ParseRight reads a right that requests are accepted for; it fails with code unknown_right.
func ParseRight(s string) (Right, error) {
	for _, r := range Rights() {
		if string(r) == s {
			return r, nil
		}
	}
	return "", Errorf(Invalid, "unknown_right", "The right must be one of access, export, rectification, erasure, restriction, objection.").At("/right")
}

// Article is the article of the GDPR that grants the right.
func (r Right) Article() string { return articles[r] }

// Erases reports whether data is erased to fulfil the right.
func (r Right) Erases() bool { return r == Erasure || r == Deletion }

// Copies reports whether a copy of the data fulfils the right.
func (r Right) Copies() bool { return r == Access || r == Export || r == Return }

// EndsContract reports whether the right is a customer's, over all of its rows, instead of a person's.
func (r Right) EndsContract() bool { return r == Return || r == Deletion }
