package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestARegisterGoesOutAndComesBackUnchangedInEitherForm(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"csv", "json"} {
		configuration, _, _ := installation(t)
		run := func(args ...string) string {
			t.Helper()
			got := habeas(t, append([]string{"--config", configuration}, args...)...)
			require.Zero(t, got.status, got.err)
			return got.out
		}
		run("apply", file(t, organisation))
		text := run("recipients", "export", "--format", form)
		require.Contains(t, run("recipients", "import", "--format", form, file(t, text)), "1 recipients were read; 0 of them")
		changed := strings.ReplaceAll(text, "transport", "=carriage")
		if form == "csv" {
			changed = strings.ReplaceAll(text, "transport", "'=carriage")
		}
		require.Contains(t, run("recipients", "import", "--format", form, file(t, changed)), "1 of them were new or changed")
		require.Equal(t, changed, run("recipients", "export", "--format", form))
		require.Equal(t, 1, habeas(t, "--config", configuration, "recipients", "import", "--format", form, file(t, "nonsense")).status)
	}
}

func TestAnOrganisationFileKeepsWhatTheRegisterKnowsBeside(t *testing.T) {
	t.Parallel()
	configuration, _, _ := installation(t)
	more := strings.ReplaceAll(organisation, "purpose: transport,", "purpose: transport, legal_name: Carrier GmbH, subprocessor: true, transfer: none, controllers: [acme], next_review_on: 2027-01-31,")
	for _, text := range []string{more, organisation} {
		got := habeas(t, "--config", configuration, "apply", file(t, text))
		require.Zero(t, got.status, got.err)
	}
	got := habeas(t, "--config", configuration, "recipients", "export")
	for _, want := range []string{`"legal_name": "Carrier GmbH"`, `"subprocessor": true`, `"acme"`, `"next_review_on": "2027-01-31"`} {
		require.Contains(t, got.out, want)
	}
}
