package connectors

import "habeas/models/datamap"

// Problems are what a connector's check finds; the zero value has none.
type Problems []datamap.Problem

// Fault adds what must be mended in a collection, or in one of its fields.
func (p *Problems) Fault(code string, n *datamap.Node, field, message, advice string) {
	p.Add(datamap.Fault, code, n, field, message, advice)
}

// Warn adds what should be looked at in a collection, or in one of its fields.
func (p *Problems) Warn(code string, n *datamap.Node, field, message, advice string) {
	p.Add(datamap.Warning, code, n, field, message, advice)
}

// Add adds a problem at the place in the file where the field is described, else its collection.
func (p *Problems) Add(severity datamap.Severity, code string, n *datamap.Node, field, message, advice string) {
	pos := n.Collection.Pos
	if f := n.Field(field); f != nil {
		pos = f.Pos
	}
	p.At(pos, severity, code, n, field, message, advice)
}

// At is Add with the place in the file.
func (p *Problems) At(pos datamap.Pos, severity datamap.Severity, code string, n *datamap.Node, field, message, advice string) {
	where := n.Address.String()
	if field != "" {
		where += "." + field
	}
	*p = append(*p, datamap.Problem{
		Severity: severity, Code: code, File: pos.File, Line: pos.Line, Column: pos.Column, Where: where, Message: message, Advice: advice,
	})
}
