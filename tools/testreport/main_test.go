package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "module sample\n\ngo 1.26.0\n"

// reported runs go test over a module of the given files and reports it.
func reported(t *testing.T, files map[string]string, flags ...string) (failed bool, out string) {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = module
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"test", "-json"}, append(flags, "./...")...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	events, err := cmd.CombinedOutput()
	var text bytes.Buffer
	failed, reportErr := summarise(bytes.NewReader(events), &text)
	if reportErr != nil {
		t.Fatal(reportErr)
	}
	if failed != (err != nil) {
		t.Fatalf("go test: %v, report: failed=%v\n%s", err, failed, events)
	}
	return failed, text.String()
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Fatalf("no %q, or not in this order, in:\n%s", part, text)
		}
		rest = after
	}
}

func TestASkippedTestIsListedWithItsReasonAndGoTestsLinesComeLast(t *testing.T) {
	t.Parallel()
	failed, out := reported(t, map[string]string{
		"a/a_test.go": `package a; import "testing"; func TestA(t *testing.T) { t.Log("chatter"); t.Run("part", func(t *testing.T) { t.Skip("no browser here") }) }`,
		"b/b.go":      "package b",
	})
	if failed || strings.Contains(out, "chatter") {
		t.Fatal(out)
	}
	contains(t, out, "skipped sample/a TestA/part: a_test.go:", "no browser here\n", "pass: sample/a", "1 skipped\n", "\nok  \tsample/a\t")
	contains(t, out, "1 skipped\n", "?   \tsample/b\t")
}

func TestAFailureIsShownInFull(t *testing.T) {
	t.Parallel()
	failed, out := reported(t, map[string]string{
		"a/a_test.go": `package a; import "testing"; func TestA(t *testing.T) { t.Run("part", func(t *testing.T) { t.Log("before"); t.Fatal("wrong") }) }`,
	})
	if !failed {
		t.Fatal(out)
	}
	contains(t, out, "sample/a TestA/part\n", "before\n", "wrong\n", "fail: sample/a", "\nFAIL\tsample/a\t", "FAIL\n")
}

func TestWhatFailedIsNamedAtTheEnd(t *testing.T) {
	t.Parallel()
	_, out := reported(t, map[string]string{
		"a/a_test.go": `package a; import "testing"; func TestA(t *testing.T) { t.Run("part", func(t *testing.T) { t.Fatal("wrong") }) }`,
		"b/b_test.go": `package b; import "testing"; func TestB(t *testing.T) {}`,
	})
	contains(t, out, "\nok  \tsample/b\t", "failed: sample/a TestA/part\nfailed: sample/a TestA\nFAIL\tsample/a\t")
	if _, end, _ := strings.Cut(out, "failed: sample/a TestA\n"); strings.Count(end, "\n") != 2 {
		t.Fatal(out)
	}
}

func TestAPanicATimeoutAndABuildErrorAreShown(t *testing.T) {
	t.Parallel()
	_, out := reported(t, map[string]string{"a/a_test.go": `package a; import "testing"; func TestA(t *testing.T) { panic("boom") }`})
	contains(t, out, "boom", "FAIL\tsample/a")
	_, out = reported(t, map[string]string{"a/a_test.go": `package a; import "testing"; func TestA(t *testing.T) { select {} }`}, "-timeout=1s")
	contains(t, out, "test timed out after 1s", "FAIL\tsample/a")
	_, out = reported(t, map[string]string{"a/a_test.go": `package a; var x int = "text"`})
	contains(t, out, `cannot use "text"`, "FAIL\tsample/a [build failed]")
}

func TestAStreamThatBreaksOffIsAFailure(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	failed, err := summarise(strings.NewReader(`{"Action":"start","Package":"sample/a"}`+"\n"), &out)
	if err != nil || !failed {
		t.Fatal(failed, err, out.String())
	}
}
