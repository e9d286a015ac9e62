package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheFirstAccountIsMadeOnTheCommandLine(t *testing.T) {
	t.Parallel()
	configuration, _, _ := installation(t)
	text, err := os.ReadFile(configuration)
	require.NoError(t, err)
	configuration = file(t, string(text)+"base_url: https://privacy.example.com\n")
	require.Contains(t, habeas(t, "--config", configuration, "member", "list").out, "no account yet")
	made := habeas(t, "--config", configuration, "member", "add", "--role", "dpo", "--name", "Ada Brandt", "--email", "Ada@example.org")
	require.Zero(t, made.status, made.err)
	require.Regexp(t, `^https://privacy\.example\.com/staff/link/[\w-]{43}\n$`, made.out)
	listed := habeas(t, "--config", configuration, "member", "list")
	require.Contains(t, listed.out, "invited")
	require.Contains(t, listed.out, "Ada Brandt <ada@example.org>")
	again := habeas(t, "--config", configuration, "member", "add", "--role", "auditor", "--name", "Eve", "--email", "ada@example.org")
	require.Equal(t, 1, again.status)
	require.Contains(t, again.err, "already")
	require.NotContains(t, again.err, "example.org")

	id, _, _ := strings.Cut(listed.out, " ")
	helped := habeas(t, "--config", configuration, "member", "recover", id)
	require.Zero(t, helped.status, helped.err)
	require.Regexp(t, `^https://privacy\.example\.com/staff/link/[\w-]{43}\n$`, helped.out)
	require.Equal(t, 2, habeas(t, "--config", configuration, "member", "recover", "x").status)
	require.Zero(t, habeas(t, "--config", configuration, "key", "create", "--role", "dpo", "--name", "Ada's script", "--holder", id).status)
	require.Equal(t, 2, habeas(t, "--config", configuration, "key", "create", "--role", "dpo", "--name", "x", "--holder", "x").status)
	require.Zero(t, habeas(t, "--config", configuration, "member", "deactivate", id).status)
	require.Equal(t, 1, habeas(t, "--config", configuration, "member", "recover", id).status)
	require.Equal(t, 1, habeas(t, "--config", configuration, "key", "create", "--role", "dpo", "--name", "x", "--holder", id).status)
	require.Contains(t, habeas(t, "--config", configuration, "member", "list").out, "deactivated")
	require.Equal(t, 1, habeas(t, "--config", configuration, "member", "deactivate", id).status)
	require.Equal(t, 2, habeas(t, "--config", configuration, "member", "deactivate", "x").status)
}
