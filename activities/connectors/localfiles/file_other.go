//go:build !linux

package localfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// attributes says that this connector reads no attributes of files on this kind of machine.
const attributes = false

const noFollow = 0

func version(info fs.FileInfo) string {
	return fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
}

// tryLock does nothing here: two processes of Habeas must not serve one directory.
func tryLock(*os.File) bool { return true }

func writable(string) bool { return true }

func likeOwner(*os.File, fs.FileInfo) error { return nil }

func readAttributes(*os.File) (map[string]string, error) { return nil, nil }

func writeAttributes(_ *os.File, change map[string]*string) error {
	if len(change) == 0 {
		return nil
	}
	return errors.ErrUnsupported
}
