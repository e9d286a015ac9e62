package rules_test

import (
	"bytes"
	"encoding/json"
	"os"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"habeas/models/rules"
)

// zones caches, as the command does.
func zones() rules.Zones {
	var known sync.Map
	return func(name string) (*time.Location, error) {
		if z, ok := known.Load(name); ok {
			return z.(*time.Location), nil
		}
		z, err := time.LoadLocation(name)
		if err == nil {
			known.Store(name, z)
		}
		return z, err
	}
}

type answer struct {
	ID     any
	Kind   string
	Result map[string]any
	Error  *struct{ Code, Message, Field string }
}

func eval(t testing.TB, line []byte) answer {
	t.Helper()
	out := rules.Eval(line, zones())
	require.True(t, json.Valid(out), "%s", out)
	var a answer
	require.NoError(t, json.Unmarshal(out, &a))
	return a
}

func TestEveryWorkedCaseIsAnsweredAsItsSourceSays(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/rules.jsonl")
	require.NoError(t, err)
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	require.GreaterOrEqual(t, len(lines), 55)
	for _, line := range lines {
		var c struct {
			ID, Note string
			Expect   map[string]any
		}
		require.NoError(t, json.Unmarshal(line, &c))
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			a := eval(t, line)
			require.Nil(t, a.Error)
			require.Equal(t, c.ID, a.ID)
			for field, want := range c.Expect {
				require.Equal(t, want, a.Result[field], "%s: %s", field, c.Note)
			}
		})
	}
}
