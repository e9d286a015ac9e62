package breach_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models/breach"
)

// update writes the section of published cases: go test ./models/breach -run Published -update.
var update = flag.Bool("update", false, "write the section of docs/breaches.md on published cases")

const (
	page  = "../../docs/breaches.md"
	begin = "<!-- cases: written by go test ./models/breach -run Published -update -->\n"
	end   = "<!-- end of cases -->\n"
)

// publishedCase is one of EDPB Guidelines 01/2021 with the inputs that this project takes for it.
type publishedCase struct {
	Case       int
	What       string
	Inputs     breach.Circumstances
	Published  string // document, authority or persons
	Difference string
}

func advice(a breach.Assessment) string {
	switch {
	case a.AdvisePersons:
		return "persons"
	case a.AdviseAuthority:
		return "authority"
	}
	return "document"
}

func TestThePageHasTheMethodsAdviceOnThePublishedCases(t *testing.T) {
	t.Parallel()
	cases := publishedCases(t)
	require.Len(t, cases, 18)
	var table, differences strings.Builder
	table.WriteString("| case | inputs | score | method | published |\n|---|---|---|---|---|\n")
	same, sameUnadjusted := 0, 0
	for i, c := range cases {
		require.Equal(t, i+1, c.Case)
		a, err := breach.Assess(c.Inputs)
		require.NoError(t, err, "case %d", c.Case)
		got := advice(a)
		fmt.Fprintf(&table, "| %d. %s | %s | %.2f %s | %s | %s |\n", c.Case, c.What, inputsInWords(c.Inputs), a.Score, strings.ReplaceAll(string(a.Level), "_", " "), got, c.Published)
		require.Equal(t, got != c.Published, c.Difference != "", "case %d: a difference is explained, and nothing else is", c.Case)
		if adviceUnadjusted(t, c.Inputs) == c.Published {
			sameUnadjusted++
		}
		if got == c.Published {
			same++
			continue
		}
		fmt.Fprintf(&differences, "- Case %d: %s\n", c.Case, c.Difference)
	}
	section := fmt.Sprintf("%s\nThe method advises what was published in %d of %d cases, and in %d if nobody adjusts the kind of data. Where it does not:\n\n%s",
		table.String(), same, len(cases), sameUnadjusted, differences.String())
	file, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(file), begin)
	require.True(t, ok)
	kept, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+section+end+after), 0o600))
		return
	}
	require.Equal(t, section, kept, "the page is out of date: go test ./models/breach -run Published -update")
}

// adviceUnadjusted is the advice without what a person has added to the kind of data.
func adviceUnadjusted(t *testing.T, c breach.Circumstances) string {
	t.Helper()
	c.Data = slices.Clone(c.Data)
	for i := range c.Data {
		c.Data[i].Adjust, c.Data[i].Reason = 0, ""
	}
	a, err := breach.Assess(c)
	require.NoError(t, err)
	return advice(a)
}

func publishedCases(t *testing.T) (out []publishedCase) {
	t.Helper()
	b, err := os.ReadFile("testdata/edpb-2021-01.json")
	require.NoError(t, err)
	in := json.NewDecoder(bytes.NewReader(b))
	in.DisallowUnknownFields()
	require.NoError(t, in.Decode(&out))
	return out
}

func inputsInWords(c breach.Circumstances) string {
	var words []string
	for _, d := range c.Data {
		text := string(d.Context) + " data"
		if d.Adjust != 0 {
			text += fmt.Sprintf(" (%+d: %s)", d.Adjust, d.Reason)
		}
		words = append(words, text)
	}
	words = append(words, "identification "+string(c.Identification))
	for _, l := range []struct {
		name string
		loss breach.Loss
	}{{"confidentiality", c.Confidentiality}, {"integrity", c.Integrity}, {"availability", c.Availability}} {
		if l.loss != breach.NoLoss && l.loss != "" {
			words = append(words, l.name+" "+string(l.loss))
		}
	}
	if c.Malicious {
		words = append(words, "malicious")
	}
	if c.Unintelligible {
		words = append(words, "unintelligible")
	}
	if c.Persons > 100 {
		words = append(words, "many persons")
	}
	return strings.Join(words, ", ")
}
