package intake_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/api/intake"
	"habeas/models"
)

func TestAddressesAreReadStrictly(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"a@example.com", " a@example.com ", "first.last+tag@sub.example.co.uk", "o'brien@example.ie", "ünï@bücher.example", "x@1and1.example",
	} {
		address, ok := intake.ParseEmail(good)
		require.True(t, ok, good)
		require.Equal(t, strings.TrimSpace(good), address)
	}
	for _, bad := range []string{
		"", "a", "a@", "@example.com", "a@example", "a@@example.com", "a b@example.com", "Sam <a@example.com>", "a@example.com,b@example.com",
		"a@example.com\nBcc: b@example.com", "a@exa mple.com", "a@-example.com", "a@example-.com", "a@.com", "a@example..com", "a@[127.0.0.1]",
		"a@example.com\x00", strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("x", 250) + ".com", `"a b"@example.com`, "a(c)@example.com",
	} {
		_, ok := intake.ParseEmail(bad)
		require.False(t, ok, "%q", bad)
	}
}

func TestAnAcceptedAddressHoldsNoHeader(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z."<> \r\n,@]{1,20}@[a-z.\- \r\n]{1,20}`)).Draw(t, "address")
		address, ok := intake.ParseEmail(s)
		if !ok {
			return
		}
		require.NotContains(t, address, "\n")
		require.NotContains(t, address, "\r")
		require.NotContains(t, address, " ")
		require.Equal(t, 1, strings.Count(address, "@"))
	})
}

func TestChoicesAreNamedByTheNumberOfTheirGroup(t *testing.T) {
	t.Parallel()
	got, err := intake.Choices(map[string]string{"3": "keep"})
	require.NoError(t, err)
	require.Equal(t, map[int]models.Treatment{3: models.TreatKeep}, got)
	_, err = intake.Choices(map[string]string{"three": "keep"})
	require.Equal(t, "unknown_group", models.CodeOf(err))
	none, err := intake.Choices(nil)
	require.NoError(t, err)
	require.Empty(t, none)
}
