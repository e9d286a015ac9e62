package workflows_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
	"habeas/workflows"
)

// harmless are the leaf types that may enter Temporal: identifiers, instants and enums that only code can set.
var harmless = map[reflect.Type]bool{
	reflect.TypeFor[models.ID](): true, reflect.TypeFor[time.Time](): true, reflect.TypeFor[time.Duration](): true,
}

func TestNothingThatCouldBePersonalEntersTemporal(t *testing.T) {
	t.Parallel()
	seen := 0
	acts := reflect.TypeFor[*activities.Activities]()
	for m := range acts.Methods() {
		seen++
		require.Empty(t, ofSignature("activity "+m.Name, m.Type, 1))
	}
	for name, fn := range workflows.Registered() {
		seen++
		require.Empty(t, ofSignature("workflow "+name, reflect.TypeOf(fn), 0))
	}
	require.Empty(t, ofType("update", reflect.TypeFor[workflows.DecisionInput]()))
	require.Greater(t, seen, 20, "the activities were found")
}

// ofSignature are the problems of a function's arguments, but for its receiver, and results.
func ofSignature(name string, fn reflect.Type, receiver int) (problems []string) {
	for i := receiver; i < fn.NumIn(); i++ {
		if in := fn.In(i); in != reflect.TypeFor[context.Context]() && in != reflect.TypeFor[workflow.Context]() {
			problems = append(problems, ofType(name, in)...)
		}
	}
	for i := range fn.NumOut() {
		if out := fn.Out(i); out != reflect.TypeFor[error]() {
			problems = append(problems, ofType(name, out)...)
		}
	}
	return problems
}

// ofType names every leaf that could carry text of a person: a plain string, bytes, a map, an interface, models.Personal.
func ofType(path string, typ reflect.Type) (problems []string) {
	if harmless[typ] {
		return nil
	}
	switch typ.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int64:
		return nil
	case reflect.Struct:
		for i := range typ.NumField() {
			problems = append(problems, ofType(path+"."+typ.Field(i).Name, typ.Field(i).Type)...)
		}
		return problems
	case reflect.Slice:
		return ofType(path+"[]", typ.Elem())
	case reflect.String:
		if strings.HasPrefix(typ.PkgPath(), "habeas/") && typ != reflect.TypeFor[models.Personal]() {
			return nil // an enum: only code can set it
		}
	}
	return []string{path + " is " + typ.String() + ": name an enum type or pass an identifier"}
}

func TestTheCheckWouldFindAPersonalField(t *testing.T) {
	t.Parallel()
	for _, bad := range []any{
		struct{ Name string }{},
		struct{ Email models.Personal }{},
		struct{ Raw []byte }{},
		struct{ Any map[string]int }{},
		struct{ Deep []struct{ Note string } }{},
		struct{ Error error }{},
	} {
		require.NotEmpty(t, ofType("probe", reflect.TypeOf(bad)), "%T passed", bad)
	}
}

func TestPayloadsAreSealedAndOpenOnlyWithTheirKey(t *testing.T) {
	t.Parallel()
	key := []byte(strings.Repeat("k", 32))
	data, failure, err := workflows.Converters(key, "1")
	require.NoError(t, err)
	require.NotNil(t, failure)
	in := workflows.RequestInput{RequestID: requestID}
	sealed, err := data.ToPayload(in)
	require.NoError(t, err)
	require.NotContains(t, sealed.String(), requestID.String())

	var out workflows.RequestInput
	require.NoError(t, data.FromPayload(sealed, &out))
	require.Equal(t, in, out)

	other, _, err := workflows.Converters([]byte(strings.Repeat("o", 32)), "2")
	require.NoError(t, err)
	require.Error(t, other.FromPayload(sealed, &out))
	sealed.Data[len(sealed.Data)-1] ^= 1
	require.Error(t, data.FromPayload(sealed, &out))

	plain := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`{"RequestID":"` + requestID.String() + `"}`)}
	require.NoError(t, data.FromPayload(plain, &out), "what was written before the codec is still read")

	_, _, err = workflows.Converters([]byte("short"), "1")
	require.Error(t, err)
}
