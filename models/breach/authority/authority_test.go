package authority_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models/breach/authority"
	"habeas/models/breach/register"
)

func TestEveryStateOfTheUnionHasAnAuthorityForCompanies(t *testing.T) {
	t.Parallel()
	for _, country := range []string{
		"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO",
		"PL", "PT", "RO", "SE", "SI", "SK",
	} {
		require.NotEmpty(t, authority.For(country, ""), country)
		require.True(t, register.InUnion(country), country)
	}
	for _, country := range []string{"GB", "CH", "US", ""} {
		require.Empty(t, authority.For(country, ""), country)
		require.False(t, register.InUnion(country), country)
	}
}

func TestTheAuthorityOfTheSubdivisionComesBeforeThatOfTheCountry(t *testing.T) {
	t.Parallel()
	require.Equal(t, "DE-HB", authority.For("DE", "HB")[0].Code)
	require.Len(t, authority.For("DE", "HB"), 1)
	require.Len(t, authority.For("DE", ""), 17, "nobody knows the Land: the DPO chooses among all")
	require.Equal(t, []string{"ES"}, codes(authority.For("ES", "CT")), "the Catalan authority is for public bodies")
	require.Equal(t, []string{"BE"}, codes(authority.For("BE", "BRU")), "competence is not divided")
}

func codes(list []authority.Authority) (out []string) {
	for _, a := range list {
		out = append(out, a.Code)
	}
	return out
}

func TestTheRegisterIsInOrder(t *testing.T) {
	t.Parallel()
	all := authority.All()
	require.True(t, slices.IsSortedFunc(all, func(a, b authority.Authority) int { return strings.Compare(a.Code, b.Code) }))
	for i, a := range all {
		require.False(t, i > 0 && all[i-1].Code == a.Code, a.Code)
		require.Equal(t, a.Code, strings.TrimSuffix(a.Country+"-"+a.Subdivision, "-"))
		require.NotEmpty(t, a.Name, a.Code)
		require.NotEmpty(t, a.English, a.Code)
		u, err := url.Parse(a.Site)
		require.NoError(t, err)
		require.Equal(t, "https", u.Scheme, a.Code)
		if a.Email != "" {
			require.Regexp(t, `^[a-z.]+@[a-z.-]+\.[a-z]{2,}$`, a.Email, a.Code)
		}
		same, ok := authority.ByCode(a.Code)
		require.True(t, ok)
		require.Equal(t, a, same)
	}
	_, ok := authority.ByCode("XX")
	require.False(t, ok)
}
