package sample_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/devserver/sample"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/templates"
)

func TestWhatPersonsReadOfTheCompanyIsInEveryLanguage(t *testing.T) {
	t.Parallel()
	c := &sample.Company{}
	maps, err := c.DataMaps()
	require.NoError(t, err)
	graph, err := datamap.Compile(maps)
	require.NoError(t, err)
	for _, l := range templates.Languages() {
		read := func(what string, list ...models.Said) {
			t.Helper()
			for _, said := range list {
				if said.Text != "" {
					require.Equal(t, l.Tag, said.Lang, "%s: %s", what, said.Text)
				}
			}
		}
		for _, n := range graph.Nodes {
			at, d := n.Address.String(), n.Dataset
			read(at, d.NameIn(l.Tag), d.SourceIn(l.Tag), d.StoragePeriodIn(l.Tag), n.NameIn(l.Tag), n.DescriptionIn(l.Tag), n.StoragePeriodIn(l.Tag))
			read(at, d.PurposesIn(l.Tag)...)
			for _, f := range n.Fields {
				read(at+"."+f.Name, n.FieldDescriptionIn(l.Tag, f.Name))
			}
		}
		for _, r := range c.Recipients("http://recipient.example") {
			facts := r.Facts()
			read(r.Slug, facts.PurposesIn(l.Tag)...)
			require.True(t, l.Tag == "en" || r.Safeguard == "" || facts.Translations[l.Tag].Safeguard != "", "%s in %s", r.Slug, l.Tag)
		}
	}
	rules, err := c.Rules()
	require.NoError(t, err)
	for _, rule := range rules {
		for _, start := range rule.Starts {
			for _, l := range templates.Languages() {
				require.True(t, l.Tag == "en" || start.Events[l.Tag] != "", "%s in %s", rule.Code, l.Tag)
			}
		}
	}
}
