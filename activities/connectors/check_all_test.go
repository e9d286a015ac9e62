package connectors_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// lists is a system that finds fault with every collection, and does not answer after some lists.
type lists struct{ left int }

func (l *lists) Check(_ context.Context, nodes []*datamap.Node) (problems []datamap.Problem, err error) {
	if l.left--; l.left < 0 {
		return nil, models.Errorf(models.Unavailable, connectors.CodeUnavailable, "The system does not answer.")
	}
	for _, n := range nodes {
		problems = append(problems, datamap.Problem{Code: "fault", Where: n.Address.String()})
	}
	return problems, nil
}

func TestEachProblemOfSeveralListsIsNamedOnce(t *testing.T) {
	t.Parallel()
	a, b := &datamap.Node{Address: datamap.Address{Dataset: "d", Collection: "a"}}, &datamap.Node{Address: datamap.Address{Dataset: "d", Collection: "b"}}
	all := [][]*datamap.Node{{a, b}, {b}}
	found, err := connectors.CheckAll(t.Context(), &lists{left: 2}, all)
	require.NoError(t, err)
	require.Len(t, found, 2)
	found, err = connectors.CheckAll(t.Context(), &lists{left: 1}, all)
	require.Equal(t, connectors.CodeUnavailable, models.CodeOf(err))
	require.Len(t, found, 2, "what was found before is not lost")
}
