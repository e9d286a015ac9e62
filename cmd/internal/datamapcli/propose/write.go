package propose

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/cmd/internal/datamapcli/detect"
	"habeas/models/datamap"
)

// YAML is the proposal as a data map file with the reason of each guess. decide lists what is still open; it stands at the end.
func (p *Proposal) YAML(decide []string) []byte {
	w := &writer{}
	w.line("# yaml-language-server: $schema=datamap.schema.json")
	w.line("# Proposed by `habeas datamap discover` from the system %s. Nothing of it is in use: look at each review: mark, correct what is", p.System)
	w.line("# wrong, and then run `habeas datamap check`, `graph` and, on a copy of the system, `rehearse`.")
	w.line("dataset:")
	w.line("  - fides_key: %s", scalar(key(p.System)))
	w.line("    habeas:")
	w.line("      system: %s", scalar(p.System))
	w.line("      # review: say why the data is processed, by which right, and who receives it (Art. 15(1) GDPR):")
	w.line("      # purposes: [transport]")
	w.line("      # legal_basis: contract")
	w.line("      # recipients: [carrier]")
	if len(p.views) > 0 {
		w.line("    # Views are left out, since they only show tables: %s.", strings.Join(p.views, ", "))
	}
	if len(p.tables) == 0 {
		w.line("    collections: []")
	} else {
		w.line("    collections:")
	}
	for _, t := range p.tables {
		w.table(p, t)
	}
	if len(decide) > 0 {
		w.line("# To decide before the map can be used:")
		for _, d := range decide {
			w.line("#  - %s", d)
		}
	}
	return []byte(w.String())
}

type writer struct{ strings.Builder }

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

var notKey = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// key is a name that every Fides tool takes as a key.
func key(name string) string { return notKey.ReplaceAllString(name, "_") }

var plainScalar = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// scalar is a text as YAML reads it back.
func scalar(s string) string {
	words := []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
	if plainScalar.MatchString(s) && !slices.Contains(words, strings.ToLower(s)) {
		return s
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(b)
}

func (w *writer) table(p *Proposal, t *table) {
	w.line("")
	if t.Comment != "" {
		w.line("      # %s", oneLine(t.Comment))
	}
	w.line("      # %s", t.summary())
	for _, n := range t.notes {
		w.line("      # %s", n)
	}
	w.line("      - name: %s", scalar(collection(t.Name)))
	if own := t.own(); len(own) > 0 {
		w.line("        habeas: {%s}", strings.Join(own, ", "))
	}
	if t.skipped() {
		w.line("        fides_meta: {skip_processing: true}")
	}
	if len(t.after) > 0 {
		names := make([]string, len(t.after))
		for i, o := range t.after {
			names[i] = scalar(key(p.System) + "." + collection(o.Name))
		}
		w.line("        fides_meta: {erase_after: [%s]} # they refer to each other in a circle", strings.Join(names, ", "))
	}
	if t.dist < far && !t.hasCategory() {
		w.line("        data_categories: [user] # review: its rows are a person's")
	}
	w.line("        fields:")
	for _, c := range t.Columns {
		w.field(p, t, c)
	}
}

// collection is a table's name without dots, which an address could not tell from its own.
func collection(table string) string { return strings.ReplaceAll(table, ".", "_") }

func (t *table) own() []string {
	var list []string
	if collection(t.Name) != t.Name {
		list = append(list, "table: "+scalar(t.Name))
	}
	if t.erase == datamap.EraseDelete {
		list = append(list, "erase: delete")
	}
	if sets := t.composites(); len(sets) > 0 {
		list = append(list, "composite: ["+strings.Join(sets, ", ")+"]")
	}
	return list
}

func (t *table) skipped() bool { return t.dist == far && !t.up && !t.personal() }

func (t *table) hasCategory() bool {
	return slices.ContainsFunc(t.Columns, func(c connectors.Column) bool { return t.category(c.Name) != "" })
}

// category is the data category that the map gives a column; "" for none.
func (t *table) category(name string) string {
	g, ok := t.guesses[name]
	switch {
	case !ok, t.skipped(), t.linkOf(name) != nil:
		return ""
	case t.placeOnly(name), t.dist == far && !t.up && (g.Free || g.Confidence == detect.Low && !t.setting.Person):
		return ""
	}
	return g.Category
}

func (t *table) linkOf(column string) *link {
	for _, l := range t.links {
		if slices.Contains(l.columns, column) {
			return l
		}
	}
	return nil
}

func (t *table) summary() string {
	var b strings.Builder
	if t.Rows >= 0 {
		fmt.Fprintf(&b, "About %d rows. ", t.Rows)
	}
	switch {
	case t.root && len(t.ids) > 0:
		b.WriteString("People are found here.")
	case t.dist < far:
		b.WriteString("Rows belong to people.")
	case t.up:
		b.WriteString("Found from rows of people.")
	case t.personal():
		b.WriteString("decide: it looks personal, and nothing leads here.")
	default:
		b.WriteString("No personal data was seen.")
	}
	return b.String()
}

func (w *writer) field(p *Proposal, t *table, c connectors.Column) {
	var comments []string
	parts := []string{"name: " + scalar(c.Name)}
	if d := oneLine(c.Comment); d != "" {
		parts = append(parts, "description: "+scalar(d))
	}
	category := t.category(c.Name)
	if category != "" {
		parts = append(parts, "data_categories: ["+category+"]")
		g := t.guesses[c.Name]
		comments = append(comments, fmt.Sprintf("%s confidence: %s", g.Confidence, g.Reason))
	} else if g, ok := t.guesses[c.Name]; ok && t.linkOf(c.Name) == nil && !g.Free && g.Confidence >= detect.Medium {
		parts = append(parts, "data_categories: [system.operations]")
		comments = append(comments, fmt.Sprintf("it may be %s (%s), but nothing says that it is a person's", g.Category, g.Reason))
	}
	meta, notes := t.meta(p.System, c)
	comments = append(comments, notes...)
	if len(meta) > 0 {
		parts = append(parts, "fides_meta: {"+strings.Join(meta, ", ")+"}")
	}
	own, notes := t.ownField(c, category)
	comments = append(comments, notes...)
	if len(own) > 0 {
		parts = append(parts, "habeas: {"+strings.Join(own, ", ")+"}")
	}
	text := "          - {" + strings.Join(parts, ", ") + "}"
	if len(comments) > 0 {
		text += " # review: " + strings.Join(comments, "; ")
	}
	w.line("%s", text)
}

// meta are the Fides keys of a column.
func (t *table) meta(system string, c connectors.Column) (list, comments []string) {
	if slices.Contains(t.key, c.Name) {
		list = append(list, "primary_key: true")
	}
	if kind := t.ids[c.Name]; kind != "" {
		list = append(list, "identity: "+scalar(kind))
		if kind != "email" {
			comments = append(comments, "people are found by this as "+kind)
		}
	}
	if typ := dataType(c); typ != "" {
		list = append(list, "data_type: "+scalar(typ))
	}
	if c.Kind == datamap.KindText && c.Length > 0 && !c.Array {
		list = append(list, fmt.Sprintf("length: %d", c.Length))
	}
	if c.Computed && t.category(c.Name) != "" {
		list = append(list, "read_only: true")
		comments = append(comments, "the system computes it")
	}
	var references []string
	for _, l := range t.links {
		i := slices.Index(l.columns, c.Name)
		if i < 0 || t.skipped() {
			continue
		}
		if l.use != dropped {
			references = append(references, l.reference(system, i))
		}
		if n := l.note(); n != "" {
			comments = append(comments, n)
		}
	}
	if len(references) > 0 {
		list = append(list, "references: ["+strings.Join(references, ", ")+"]")
	}
	return list, comments
}

func (l *link) reference(system string, i int) string {
	direction := map[use]string{owner: ", direction: from", upward: ", direction: to", lookup: ", direction: to", twoWay: ""}[l.use]
	return "{dataset: " + scalar(key(system)) + ", field: " + scalar(collection(l.parent.Name)+"."+l.into[i]) + direction + "}"
}

// note says what a person has to know of a reference.
func (l *link) note() string {
	guess := ""
	if l.reason != "" {
		guess = "guessed reference to " + l.target() + ": " + l.reason
	}
	switch {
	case l.use == dropped && l.parent == l.child:
		return strings.TrimPrefix(guess+"; refers to another row of the table, which may be another person's, and is not walked", "; ")
	case l.use == dropped:
		return strings.TrimPrefix(guess+"; refers to "+l.target()+", which does not make the row that person's, and is not walked", "; ")
	case l.use == lookup && guess == "":
		return "everybody's rows lead there, so that it shares nothing"
	}
	return guess
}

// ownField are the habeas keys of a column.
func (t *table) ownField(c connectors.Column, category string) (list, comments []string) {
	if t.ids[c.Name] == "email" {
		var mails []string
		for column, kind := range t.ids {
			if kind == "email" {
				mails = append(mails, column)
			}
		}
		if len(mails) > 1 && detect.Alike(mails) {
			comments = append(comments, "add habeas: {same_person: true} if all addresses of a row are one person's; else the row counts as shared")
		}
	}
	personal := category != "" || t.ids[c.Name] != ""
	if personal && (t.dist < far || t.up) { // in a deleted row too: when something keeps the row, it is masked instead
		e := t.maskOf(c)
		if t.erase == datamap.EraseDelete {
			e.problem = ""
		}
		if e.method != "" {
			list = append(list, "erase: "+scalar(string(e.method)))
		}
		if e.value != nil {
			list = append(list, "value: "+scalar(*e.value))
		}
		switch {
		case e.problem != "" && category == "user.unique_id":
			comments = append(comments, e.problem)
		case e.problem != "":
			comments = append(comments, "decide: "+e.problem)
		}
	}
	if l := t.linkOf(c.Name); l != nil && l.use == lookup {
		list = append(list, "shared: ignore")
	}
	return list, comments
}

// composites are the references of several columns, each of which is one key.
func (t *table) composites() []string {
	var list []string
	for _, l := range t.links {
		if len(l.columns) < 2 || l.use == dropped || t.skipped() {
			continue
		}
		names := make([]string, len(l.columns))
		for i, c := range l.columns {
			names[i] = scalar(c)
		}
		list = append(list, "["+strings.Join(names, ", ")+"]")
	}
	return list
}

// dataType is the column's type as Fides names it; "" for a kind that it has no name for.
func dataType(c connectors.Column) string {
	name := map[datamap.Kind]string{
		datamap.KindText: "string", datamap.KindUUID: "string", datamap.KindInt: "integer", datamap.KindDecimal: "float",
		datamap.KindBool: "boolean", datamap.KindJSON: "object",
	}[c.Kind]
	if name != "" && c.Array {
		name += "[]"
	}
	return name
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
