package datamap

import "strings"

// Pos is a place in a file; Line and Column count from 1, and are 0 when the map did not come from a file.
type Pos struct {
	File   string
	Line   int
	Column int
}

// Address names a collection: the dataset's key and the collection's name.
type Address struct {
	Dataset    string `json:"dataset"`
	Collection string `json:"collection"`
}

func (a Address) String() string { return a.Dataset + "." + a.Collection }

// Dataset is one group of collections of one system. The package comment gives the meaning of each key.
type Dataset struct {
	Key           string       `json:"key"`
	Name          string       `json:"name,omitempty"`
	Description   string       `json:"description,omitempty"`
	System        string       `json:"system"`
	Controller    string       `json:"controller,omitempty"`
	Purposes      []string     `json:"purposes,omitempty"`
	LegalBasis    string       `json:"legal_basis,omitempty"`
	Source        string       `json:"source,omitempty"`
	Recipients    []string     `json:"recipients,omitempty"`
	StoragePeriod string       `json:"storage_period,omitempty"`
	Language      string       `json:"language,omitempty"` // of all texts for people; empty: DefaultLanguage
	Translations  Translations `json:"translations,omitempty"`
	Collections   []Collection `json:"collections"`
	Pos           Pos          `json:"-"`
}

// Collection is a table, or what comes nearest to it in its kind of system.
type Collection struct {
	Name             string       `json:"name"`
	Description      string       `json:"description,omitempty"`
	Categories       []string     `json:"data_categories,omitempty"`
	Fields           []Field      `json:"fields"`
	After            []string     `json:"after,omitempty"`       // addresses, as written
	EraseAfter       []string     `json:"erase_after,omitempty"` // addresses: this collection is erased after those
	Skip             bool         `json:"skip_processing,omitempty"`
	Table            string       `json:"table,omitempty"`
	Erase            Erase        `json:"erase,omitempty"`
	Holds            []Hold       `json:"holds,omitempty"`
	Restrict         *Restrict    `json:"restrict,omitempty"`
	Shared           Sharing      `json:"shared,omitempty"`
	Composite        [][]string   `json:"composite,omitempty"`
	Unreachable      string       `json:"unreachable,omitempty"`
	ControllerColumn string       `json:"controller_column,omitempty"`
	ContractEnd      Erase        `json:"contract_end,omitempty"` // instead of Erase, when all rows of a customer go
	Purpose          string       `json:"purpose,omitempty"`
	StoragePeriod    string       `json:"storage_period,omitempty"`
	Portable         bool         `json:"portable,omitempty"`
	Translations     Translations `json:"translations,omitempty"`
	Pos              Pos          `json:"-"`
}

// Field is a column, or a part of a nested one.
type Field struct {
	Name         string       `json:"name"` // a path with dots in a Node's list of leaves
	Description  string       `json:"description,omitempty"`
	Categories   []string     `json:"data_categories,omitempty"`
	Type         string       `json:"data_type,omitempty"` // as Fides names it: string, integer, object[], …; may be empty
	Length       int          `json:"length,omitempty"`
	PrimaryKey   bool         `json:"primary_key,omitempty"`
	Identity     string       `json:"identity,omitempty"` // kind of identity: email, phone_number, …
	ReadOnly     bool         `json:"read_only,omitempty"`
	ReturnAll    bool         `json:"return_all_elements,omitempty"`
	References   []Reference  `json:"references,omitempty"`
	Fields       []Field      `json:"fields,omitempty"`
	Erase        FieldErase   `json:"erase,omitempty"`
	Value        *string      `json:"value,omitempty"`  // what FieldReplace writes, and FieldRemove where no element is left
	Suffix       string       `json:"suffix,omitempty"` // after what a hash, random, format or encrypt writes into text
	Portable     *bool        `json:"portable,omitempty"`
	Mention      bool         `json:"mention,omitempty"` // shared: ignore
	SamePerson   bool         `json:"same_person,omitempty"`
	Translations Translations `json:"translations,omitempty"`
	Pos          Pos          `json:"-"`
}

// Reference says that a field holds the value of another collection's field.
type Reference struct {
	Dataset    string    `json:"dataset"`
	Collection string    `json:"collection"`
	Field      string    `json:"field"`
	Direction  Direction `json:"direction,omitempty"`
	Pos        Pos       `json:"-"`
}

// Target is the collection that is referred to.
func (r Reference) Target() Address { return Address{r.Dataset, r.Collection} }

// Direction says in which direction a reference may be walked.
type Direction string

const (
	// Both is a reference without a direction.
	Both Direction = ""
	// From: rows of this collection are found from rows of the target.
	From Direction = "from"
	// To: rows of the target are found from rows of this collection.
	To Direction = "to"
)

// Erase says how a collection's rows are erased; empty means Mask.
type Erase string

const (
	// EraseDelete removes the row.
	EraseDelete Erase = "delete"
	// EraseMask overwrites the personal fields and leaves the row.
	EraseMask Erase = "mask"
	// EraseKeep erases nothing: the collection holds nothing that says anything of the person by itself.
	EraseKeep Erase = "keep"
)

// FieldErase says what becomes of a field when its row is masked.
type FieldErase string

const (
	// FieldNull empties the field.
	FieldNull FieldErase = "null"
	// FieldReplace writes a fixed value.
	FieldReplace FieldErase = "replace"
	// FieldHash writes the value's SHA-256. Equal values stay equal in all systems, and whoever guesses a value can prove the guess.
	FieldHash FieldErase = "hash"
	// FieldHMAC writes a keyed hash (HMAC-SHA256) that tells nothing without the installation's secret.
	FieldHMAC FieldErase = "hmac"
	// FieldRandom writes random characters, digits or a random date or UUID, that have nothing to do with the value.
	FieldRandom FieldErase = "random"
	// FieldFormat replaces letters by letters and digits by digits, so that whatever reads the field still accepts it.
	FieldFormat FieldErase = "format"
	// FieldEncrypt writes the value encrypted with a key that is thrown away at once.
	FieldEncrypt FieldErase = "encrypt"
	// FieldRemove takes out of an array the elements that refer to the person's rows, and leaves the others'.
	FieldRemove FieldErase = "remove"
	// FieldKeep leaves the field.
	FieldKeep FieldErase = "keep"
)

// Sharing says what is done with rows that another person shares.
type Sharing string

const (
	// ShareRefer leaves the decision to the DPO.
	ShareRefer Sharing = "refer"
	// ShareKeep keeps shared rows without asking.
	ShareKeep Sharing = "keep"
	// ShareAlways treats every row as shared.
	ShareAlways Sharing = "always"
)

// Hold is a retention rule that applies to a collection's rows (Art. 17(3)).
type Hold struct {
	Rule    string   `json:"rule"`
	Anchors []Anchor `json:"anchors"`          // by start field, in alphabetical order
	Fields  []string `json:"fields,omitempty"` // only these must be kept; empty: the whole row
	Pos     Pos      `json:"-"`
}

// Anchor names the column that holds the date at which a rule's period starts.
type Anchor struct {
	Field  string `json:"field"`  // start field of the rule, e.g. declaration_accepted
	Column string `json:"column"` // column of the collection
	Pos    Pos    `json:"-"`
}

// Restrict says how a row is marked as restricted (Art. 18): Column gets Set, and Clear when the restriction is lifted. The
// word now stands for the instant, a nil pointer for NULL.
type Restrict struct {
	Column string  `json:"column"`
	Set    *string `json:"set"`
	Clear  *string `json:"clear"`
	Pos    Pos     `json:"-"`
}

// SetNow is the word that stands for the instant of the restriction.
const SetNow = "now"

// personalCategory reports whether a data category says something of a person: all but those under system.
func personalCategory(c string) bool {
	return c != "system" && !strings.HasPrefix(c, "system.")
}

func anyPersonal(categories []string) bool {
	for _, c := range categories {
		if personalCategory(c) {
			return true
		}
	}
	return false
}

// Personal reports whether the field holds personal data: by category, or because it identifies the person.
func (f *Field) Personal() bool { return f.Identity != "" || anyPersonal(f.Categories) }

// Array reports whether the field is declared as an array.
func (f *Field) Array() bool { return strings.HasSuffix(f.Type, "[]") }
