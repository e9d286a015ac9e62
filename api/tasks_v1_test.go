package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
	"habeas/models/task"
)

func TestAProgramAddsFilesToATaskAndFetchesThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	export := b.searching(task.Export)
	path := "/v1/tasks/" + export.ID.String()
	handler := b.keys[models.RoleHandler]
	add := func(key, content string, headers ...string) answer {
		return b.call("POST", path+"/files", key, content, append([]string{"Content-Type", "application/octet-stream"}, headers...)...)
	}
	content := "letters of Sam\n" + strings.Repeat("x", 200_000)
	added := add(handler, content, "Content-Disposition", `attachment; filename="C:\\desk\\letters.txt"`)
	require.Equal(t, 201, added.status, added.body)
	require.Equal(t, "file_empty", add(handler, "").code(t))
	require.Equal(t, "body_too_large", add(handler, strings.Repeat("x", store.MaxTaskFile+100_000)).code(t))
	require.Equal(t, "bad_parameter", add(handler, "x", "Content-Disposition", `attachment; filename="canary`).code(t))
	require.Equal(t, "unsupported_media_type", add(handler, "{}", "Content-Type", "application/json").code(t))
	require.Equal(t, "role_forbidden", add(b.keys[models.RoleController], "x").code(t))

	detail := b.call("GET", path, b.keys[models.RoleAuditor], "")
	require.Equal(t, "Ask at the desk <b>first</b>.", detail.json(t)["instructions"])
	require.NotContains(t, detail.body, "letters.txt", "the name of a file may be personal")
	files := detail.json(t)["files"].([]any)
	require.Len(t, files, 1)
	require.InDelta(t, float64(len(content)), files[0].(map[string]any)["size"], 0)

	file := path + "/files/" + files[0].(map[string]any)["id"].(string)
	got := b.call("GET", file, handler, "")
	require.Equal(t, content, got.body)
	require.Equal(t, "attachment; filename=letters.txt", got.header.Get("Content-Disposition"))
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), export.RequestID)
	require.NoError(t, err)
	require.Equal(t, "task.file_viewed", entries[len(entries)-1].Kind)
	require.Equal(t, "role_forbidden", b.call("GET", file, b.keys[models.RoleAuditor], "").code(t))
	require.Equal(t, 204, b.call("POST", file+"/remove", handler, "").status)
	require.Equal(t, "not_found", b.call("GET", file, handler, "").code(t))
	require.NotContains(t, b.log.String(), "letters")
}
