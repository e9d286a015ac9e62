package file

import _ "embed"

//go:embed datamap.schema.json
var schema []byte

// Schema is the JSON Schema (2020-12) of a data map file. What the reader refuses for its shape, it refuses too.
func Schema() []byte { return schema }
