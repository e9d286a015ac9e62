package request_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models/request"
)

func TestANarrowingLeavesWholeCollectionsOut(t *testing.T) {
	t.Parallel()
	categories := []string{"user.contact.email", "user.name"}
	for name, c := range map[string]struct {
		narrowing request.Narrowing
		out       bool
	}{
		"nothing is narrowed":           {request.Narrowing{}, false},
		"the system":                    {request.Narrowing{Systems: []string{"erp"}}, true},
		"another system":                {request.Narrowing{Systems: []string{"crm"}}, false},
		"the collection":                {request.Narrowing{Collections: []string{"orders.buyers"}}, true},
		"the category":                  {request.Narrowing{Categories: []string{"user.name"}}, true},
		"a category above":              {request.Narrowing{Categories: []string{"user.contact"}}, true},
		"a category that begins alike":  {request.Narrowing{Categories: []string{"user.cont"}}, false},
		"a category below":              {request.Narrowing{Categories: []string{"user.name.first"}}, false},
		"only the system":               {request.Narrowing{Only: true, Systems: []string{"erp"}}, false},
		"only another system":           {request.Narrowing{Only: true, Systems: []string{"crm"}}, true},
		"only a category that it holds": {request.Narrowing{Only: true, Categories: []string{"user.contact"}}, false},
		"only nothing":                  {request.Narrowing{Only: true}, true},
	} {
		require.Equal(t, c.out, c.narrowing.LeavesOut("erp", "orders.buyers", categories), name)
	}
}

func TestANarrowingIsWrittenInOneWay(t *testing.T) {
	t.Parallel()
	n := request.Narrowing{Only: true, Categories: []string{"b", "a", "b"}, Systems: []string{}}
	require.Equal(t, request.Narrowing{Only: true, Categories: []string{"a", "b"}}, n.Sorted())
	require.False(t, n.IsZero())
	require.True(t, request.Narrowing{Systems: []string{}}.IsZero())
}
