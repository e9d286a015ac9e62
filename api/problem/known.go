package problem

import (
	_ "embed"
	"encoding/json"
	"sync"
)

// Known is a code that a problem may have. A test reads the sources and keeps the list complete.
type Known struct {
	Code     string `json:"code"`
	Statuses []int  `json:"statuses"`
	Says     string `json:"says"` // the sentence, or the first of them where a code has several; … stands for what varies
}

//go:embed problems.json
var listed []byte

// List is every code, in the order of the alphabet.
var List = sync.OnceValues(func() (list []Known, err error) {
	return list, json.Unmarshal(listed, &list)
})
