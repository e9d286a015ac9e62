package pagetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// rules are those of html-validate that say whether a document is valid HTML or hard to use; how it is laid out is nobody's business.
const rules = `{"root":true,"extends":["html-validate:standard","html-validate:a11y"],"rules":{
"no-trailing-whitespace":"off","long-title":"off","require-sri":"off","void-style":"off","attr-quotes":"off","no-implicit-button-type":"off",
"prefer-native-element":"off","doctype-style":"off"}}`

// RequireValid fails the test when one of the documents, by name, is no valid HTML. It skips the test where html-validate is not there.
func RequireValid(t *testing.T, documents map[string][]byte) {
	t.Helper()
	require.Empty(t, Invalid(t, documents))
}

// Invalid is what html-validate holds against documents, each line beginning with a document's name.
func Invalid(t *testing.T, documents map[string][]byte) (found []string) {
	t.Helper()
	program := filepath.Join(cache(), "web", "node_modules", "html-validate", "bin", "html-validate.mjs")
	node, err := exec.LookPath("node")
	if err != nil {
		node, err = exec.LookPath(filepath.Join(cache(), "node", "bin", "node")) // where scripts/setup.sh fetches it to
	}
	if _, missing := os.Stat(program); err != nil || missing != nil {
		t.Skip("html-validate or node is not there: the HTML of pages was not validated (scripts/setup.sh web)")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".htmlvalidate.json"), []byte(rules), 0o600))
	names := map[string]string{}
	for name, body := range documents {
		file := filepath.Join(dir, fmt.Sprintf("%04d.html", len(names)))
		names[file] = name
		require.NoError(t, os.WriteFile(file, body, 0o600))
	}
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), node, program, "--config", filepath.Join(dir, ".htmlvalidate.json"), "--formatter", "json", "--max-warnings", "0", dir) //nolint:gosec // the test names the program
	cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &complaint, dir
	failed := cmd.Run() // its status says that something was found, which the report says better
	var report []struct {
		FilePath string `json:"filePath"`
		Messages []struct {
			RuleID, Message string
			Line            int
		} `json:"messages"`
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &report), "%v: %s", failed, complaint.String())
	for _, f := range report {
		for _, m := range f.Messages {
			found = append(found, fmt.Sprintf("%s:%d %s: %s", names[f.FilePath], m.Line, m.RuleID, m.Message))
		}
	}
	require.Equal(t, failed != nil, len(found) > 0, "the program ran to its end: %v %s", failed, complaint.String())
	slices.Sort(found)
	return found
}
