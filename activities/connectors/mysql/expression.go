package mysql

import (
	"strings"

	"habeas/activities/connectors/relational"
	"habeas/models/datamap"
)

// Name quotes a name.
func (dialect) Name(parts ...string) string {
	quoted := make([]string, len(parts))
	for i, p := range parts {
		quoted[i] = "`" + strings.ReplaceAll(p, "`", "``") + "`"
	}
	return strings.Join(quoted, ".")
}

func literal(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(text) + "'"
}

func (d dialect) name(c *relational.Column) string { return "t." + d.Name(c.Name) }

// Read is the column, with bits as a number.
func (d dialect) Read(c *relational.Column) string {
	switch {
	case len(c.Path) > 0:
		return d.part(c)
	case c.Base == "bit":
		return "CAST(" + d.name(c) + " AS UNSIGNED)"
	case c.Base == "float":
		return "(" + d.name(c) + " + 0e0)" // the server itself would write six digits of it only
	default:
		return d.name(c)
	}
}

// part is a part of a document as text.
func (d dialect) part(c *relational.Column) string {
	path := "$"
	for _, p := range c.Path {
		path += `."` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p) + `"`
	}
	part := "JSON_EXTRACT(" + d.name(c) + ", " + literal(path) + ")"
	return "CASE WHEN JSON_TYPE(" + part + ") = 'NULL' THEN NULL ELSE JSON_UNQUOTE(" + part + ") END"
}

// textual reports whether a column is compared as text, by its bytes.
func textual(c *relational.Column) bool {
	return len(c.Path) > 0 || c.Kind == datamap.KindText || c.Kind == datamap.KindJSON
}

func binary(expression string) string {
	return "CAST(CONVERT(" + expression + " USING utf8mb4) AS BINARY)"
}

// Exact is the column, as bytes when it is text: collations take different texts for equal.
func (d dialect) Exact(c *relational.Column) string {
	if textual(c) {
		return binary(d.Read(c))
	}
	return d.Read(c)
}

// Operand is a form in the column's type.
func (dialect) Operand(c *relational.Column, form string) string {
	switch {
	case textual(c):
		return binary(form)
	case c.Kind == datamap.KindBytes:
		return "UNHEX(" + form + ")"
	case c.Kind == datamap.KindDate:
		return "CAST(" + form + " AS DATE)"
	case c.Kind == datamap.KindDateTime, c.Kind == datamap.KindTimestamp:
		return "CAST(" + form + " AS DATETIME(6))"
	case c.Kind == datamap.KindTime:
		return "CAST(" + form + " AS TIME(6))"
	case c.Base == "float":
		return "(CAST(" + form + " AS FLOAT) + 0e0)"
	case c.Base == "decimal":
		return "CAST(" + form + " AS DECIMAL(65, 30))"
	case c.Kind == datamap.KindDecimal:
		return "(" + form + " + 0e0)"
	default:
		return form
	}
}

// Same is the comparison for which NULL equals NULL.
func (dialect) Same(left, right string) string { return left + " <=> " + right }

// Write is a form as the server takes it for the column.
func (dialect) Write(c *relational.Column, form string) string {
	switch {
	case c.Kind == datamap.KindBytes:
		return "UNHEX(" + form + ")"
	case c.Base == "bit":
		return "CAST(" + form + " AS UNSIGNED)"
	default:
		return form
	}
}

// Set is the column of the table that is changed.
func (d dialect) Set(c *relational.Column) string { return d.name(c) }
