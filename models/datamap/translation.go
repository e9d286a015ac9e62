package datamap

import (
	"cmp"
	"strings"

	"habeas/models"
)

// DefaultLanguage is that of a dataset's texts when the dataset does not say.
const DefaultLanguage = "en"

// Translation is what a person reads of a dataset, a collection or a field in one language. What is empty is read in the dataset's own.
type Translation struct {
	Name          string   `json:"name,omitempty"`
	Description   string   `json:"description,omitempty"`
	Purposes      []string `json:"purposes,omitempty"`       // of a dataset, in the order of its own
	Source        string   `json:"source,omitempty"`         // of a dataset
	Purpose       string   `json:"purpose,omitempty"`        // of a collection
	StoragePeriod string   `json:"storage_period,omitempty"` // of both
}

// Translations are by language, as BCP 47 names it.
type Translations map[string]Translation

func (d *Dataset) language() string { return cmp.Or(d.Language, DefaultLanguage) }

// said is a text in a language where the translation has it, else as the dataset has it; empty where neither does.
func (d *Dataset) said(lang, translated, own string) models.Said {
	switch {
	case translated != "":
		return models.Said{Text: translated, Lang: lang}
	case own != "":
		return models.Said{Text: own, Lang: d.language()}
	}
	return models.Said{}
}

// NameIn is the dataset's name for people; its key where it has none.
func (d *Dataset) NameIn(lang string) models.Said {
	return d.said(lang, d.Translations[lang].Name, cmp.Or(d.Name, d.Key))
}

// PurposesIn are the purposes of the processing. They are in another language together or not at all.
func (d *Dataset) PurposesIn(lang string) []models.Said {
	texts := d.Purposes
	translated := d.Translations[lang].Purposes
	if len(translated) == len(texts) {
		texts = translated
	}
	out := make([]models.Said, len(texts))
	for i, text := range texts {
		out[i] = models.Said{Text: text, Lang: d.language()}
		if len(translated) == len(texts) {
			out[i].Lang = lang
		}
	}
	return out
}

// SourceIn is where the data comes from; empty for the person.
func (d *Dataset) SourceIn(lang string) models.Said {
	return d.said(lang, d.Translations[lang].Source, d.Source)
}

// StoragePeriodIn is how long the dataset is stored; empty where the map does not say.
func (d *Dataset) StoragePeriodIn(lang string) models.Said {
	return d.said(lang, d.Translations[lang].StoragePeriod, d.StoragePeriod)
}

// NameIn is the collection's name for people, which is the table's where no translation has another.
func (n *Node) NameIn(lang string) models.Said {
	c := n.Collection
	if name := c.Translations[lang].Name; name != "" {
		return models.Said{Text: name, Lang: lang}
	}
	return n.Dataset.said(lang, "", cmp.Or(c.Translations[n.Dataset.language()].Name, spaced(c.Name)))
}

// DescriptionIn is what the collection's rows are; empty where the map does not say.
func (n *Node) DescriptionIn(lang string) models.Said {
	return n.Dataset.said(lang, n.Collection.Translations[lang].Description, n.Collection.Description)
}

// CalledIn is what the collection's rows are, else its name.
func (n *Node) CalledIn(lang string) models.Said {
	if s := n.DescriptionIn(lang); s.Text != "" {
		return s
	}
	return n.NameIn(lang)
}

// PurposeIn is what the collection is processed for; empty for the dataset's purposes.
func (n *Node) PurposeIn(lang string) models.Said {
	return n.Dataset.said(lang, n.Collection.Translations[lang].Purpose, n.Collection.Purpose)
}

// StoragePeriodIn is how long the collection is stored; empty where the map does not say.
func (n *Node) StoragePeriodIn(lang string) models.Said {
	return n.Dataset.said(lang, n.Collection.Translations[lang].StoragePeriod, n.Collection.StoragePeriod)
}

// FieldNameIn is the name of a field for people, which is the column's where no translation has another.
func (n *Node) FieldNameIn(lang, name string) models.Said {
	if f := n.Field(name); f != nil && f.Translations[lang].Name != "" {
		return models.Said{Text: f.Translations[lang].Name, Lang: lang}
	}
	return models.Said{Text: name}
}

// FieldDescriptionIn is what a field holds; empty where the map does not say.
func (n *Node) FieldDescriptionIn(lang, name string) models.Said {
	f := n.Field(name)
	if f == nil {
		return models.Said{}
	}
	return n.Dataset.said(lang, f.Translations[lang].Description, f.Description)
}

// FieldCalledIn is what a field holds, else its name.
func (n *Node) FieldCalledIn(lang, name string) models.Said {
	if s := n.FieldDescriptionIn(lang, name); s.Text != "" {
		return s
	}
	return n.FieldNameIn(lang, name)
}

// IdentityIn is what a kind of identity is called: what the first field that identifies by it holds, preferably one that says so in the language;
// empty where no field says.
func (g *Graph) IdentityIn(lang, kind string) models.Said {
	var found models.Said
	for _, n := range g.Nodes {
		for _, id := range n.Identities {
			if id.Kind != kind {
				continue
			}
			switch called := n.FieldDescriptionIn(lang, id.Field); {
			case called.Lang == lang:
				return called
			case found.Text == "":
				found = called
			}
		}
	}
	return found
}

func spaced(name string) string { return strings.ReplaceAll(name, "_", " ") }
