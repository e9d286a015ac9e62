package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/rest/resttest"
	"habeas/models"
	"habeas/models/datamap"
)

func TestAnAPIThatTakesWholeRowsKeepsWhatTheMapDoesNotDescribe(t *testing.T) {
	t.Parallel()
	api := &resttest.Tables{}
	api.Add("things", []string{"id"}, []resttest.Object{{
		"id": json.Number("1"), "name": "Ann", "email": "ann@x", "big": json.Number("12345678901234567890.10"), "other": resttest.Object{"deep": []any{"x", nil}, "mail": "ann@y"},
	}})
	s := openSmall(t, api, func(set map[string]any) {
		c := set["collections"].(map[string]any)["things"].(map[string]any)
		c["fields"].(map[string]any)["deep"] = "other.mail"
		c["update"] = map[string]any{"method": "PUT", "path": "/things/row/{id}", "whole": true, "if_match": "header"}
	})
	node := nodeOf("things", "id", "name", "email", "deep")
	out, err := s.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: keys(datamap.Int(1)), Masks: []datamap.Mask{
		{Field: "name", Method: datamap.FieldNull}, {Field: "deep", Method: datamap.FieldReplace, Value: "[erased]"},
	}})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 1}, out)
	require.JSONEq(t, `{"_id": 1, "id": 1, "name": null, "email": "ann@x", "big": 12345678901234567890.10, "other": {"deep": ["x", null], "mail": "[erased]"}}`, api.Rows("things")[0])
	require.Contains(t, api.Rows("things")[0], "12345678901234567890.10", "no digit is lost")
}

func TestChangedFieldsArePutWhereTheAPIWantsThem(t *testing.T) {
	t.Parallel()
	api := desk()
	s := open(t, deskSettings(t), "canary", api)
	users := compile(t, examples+"desk-map.yaml").Nodes[0]
	order := connectors.Rectification{Node: users, Keys: keys(datamap.Int(1)), Set: []connectors.FieldValue{{Field: "name", Value: datamap.Text(`Ann "A" O'Neil`)}}}
	for range 2 {
		n, err := s.(connectors.Rectifier).Rectify(t.Context(), order)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	}
	q := connectors.Query{Node: users, Fields: []string{"id"}, Keys: order.Keys, Return: []string{"name", "email"}}
	rows, err := lookup(t, s, q)
	require.NoError(t, err)
	require.Equal(t, []datamap.Value{datamap.Text(`Ann "A" O'Neil`), datamap.Text("ann@example.com")}, rows[0].Values)
}

func TestAFieldInsideAListIsReadAndNotWritten(t *testing.T) {
	t.Parallel()
	api := &resttest.Tables{}
	api.Add("things", []string{"id"}, []resttest.Object{{"id": json.Number("1"), "emails": []any{resttest.Object{"value": "ann@x"}, resttest.Object{"value": "ann@y"}}, "since": json.Number("1700000000")}})
	s := openSmall(t, api, func(set map[string]any) {
		listServes(set)
		fields := set["collections"].(map[string]any)["things"].(map[string]any)["fields"].(map[string]any)
		fields["email"], fields["first"], fields["since"] = "emails.*.value", "emails.0.value", map[string]any{"path": "since", "type": "epoch"}
	})
	node := nodeOf("things", "id", "email", "first", "since")
	rows, err := lookup(t, s, connectors.Query{Node: node, Fields: []string{"email"}, Keys: keys(datamap.Text("ANN@y")), Return: []string{"email", "first", "since"}, Fold: true})
	require.NoError(t, err)
	require.Equal(t, []datamap.Value{datamap.Array(datamap.Text("ann@x"), datamap.Text("ann@y")), datamap.Text("ann@x"), datamap.NewValue(datamap.KindTimestamp, "2023-11-14T22:13:20Z")}, rows[0].Values)
	_, err = s.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: keys(datamap.Int(1)), Masks: []datamap.Mask{{Field: "email", Method: datamap.FieldNull}}})
	requireError(t, err, models.Unsupported, connectors.CodeUnsupported)
}

func TestAChangeThatTheAPITakesAndForgetsIsNotCounted(t *testing.T) {
	t.Parallel()
	s := openSmall(t, between(things(), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "1") {
			w.WriteHeader(http.StatusOK)
			return true
		}
		return false
	}), nil)
	n, err := s.(connectors.Rectifier).Rectify(t.Context(), connectors.Rectification{
		Node: thing, Keys: keys(datamap.Int(1), datamap.Int(2)), Set: []connectors.FieldValue{{Field: "name", Value: datamap.Text("new")}},
	})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	marked, mark := *thing, "yes"
	marked.Collection = &datamap.Collection{Restrict: &datamap.Restrict{Column: "email", Set: &mark}}
	n, err = s.(connectors.Restrictor).Restrict(t.Context(), connectors.Restriction{Node: &marked, Keys: keys(datamap.Int(2), datamap.Int(9))})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	order := connectors.Erasure{Node: thing, Keys: keys(datamap.Int(1), datamap.Int(2)), Masks: []datamap.Mask{{Field: "name", Method: datamap.FieldNull}}}
	_, err = s.(connectors.Eraser).Erase(t.Context(), order)
	require.NoError(t, err)
	left, err := s.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, 1, left, "what the API forgot is left")
}
