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

func TestAFileChangesWhatCustomersAreToldOfOnlyWhileTheInstallationBegins(t *testing.T) {
	t.Parallel()
	configuration, _, _ := installation(t)
	apply := func(text string) result {
		t.Helper()
		return habeas(t, "--config", configuration, "apply", file(t, text))
	}
	begun := strings.ReplaceAll(organisation, "purpose: transport,", "purpose: transport, subprocessor: true,")
	require.Zero(t, apply(begun).status, "there was no customer yet")
	require.Zero(t, apply(begun).status, "nothing has changed")
	abroad := apply(strings.ReplaceAll(begun, "country: DE, purpose", "country: US, purpose"))
	require.Equal(t, 1, abroad.status)
	require.Contains(t, abroad.err, "[must_be_announced]")
	require.Contains(t, abroad.err, "country")

	second := "recipients: [{slug: second, name: Second, channel: mail, address: a@second.example, categories: [user.contact], country: DE, reminder_after: 72h, subprocessor: true%s}]"
	require.Contains(t, apply(strings.ReplaceAll(second, "%s", "")).err, "[must_be_announced]")
	require.Zero(t, apply(strings.ReplaceAll(second, "%s", ", initial: true")).status)
	third := strings.NewReplacer("second", "third", "Second", "Third").Replace(habeas(t, "--config", configuration, "recipients", "export").out)
	require.Contains(t, habeas(t, "--config", configuration, "recipients", "import", file(t, third)).err, "[must_be_announced]")
	require.Zero(t, habeas(t, "--config", configuration, "recipients", "import", "--initial", file(t, third)).status)
}
