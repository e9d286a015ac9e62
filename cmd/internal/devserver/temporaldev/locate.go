package temporaldev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const buildScript = "scripts/build-temporal-dev.sh"

// Locate returns the path of the server program: HABEAS_TEMPORAL_DEV if set, else the cached program of this checkout,
// which is built now if there is none; that takes minutes, and progress is written to progress.
func Locate(ctx context.Context, progress io.Writer) (string, error) {
	if path := os.Getenv("HABEAS_TEMPORAL_DEV"); path != "" {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			return "", fmt.Errorf("HABEAS_TEMPORAL_DEV: %s is not a program", path)
		}
		return path, nil
	}
	root, err := checkout()
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(root, buildScript))
	cmd.Stdout, cmd.Stderr = &out, progress
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("the Temporal server could not be built (run `make temporal-dev` to see why): %w", err)
	}
	return strings.TrimSpace(out.String()), nil
}

// checkout finds the source tree above the working directory (tests, make) or above this program (bin/habeas-dev).
func checkout() (string, error) {
	working, err := os.Getwd()
	if err != nil {
		return "", err
	}
	starts := []string{working}
	if program, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(program))
	}
	for _, start := range starts {
		for dir := start; ; dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, buildScript)); err == nil {
				return dir, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", errors.New("the Temporal server is not built, and Habeas' sources are not here: run `make temporal-dev` in them, and set HABEAS_TEMPORAL_DEV to the path that it prints")
}
