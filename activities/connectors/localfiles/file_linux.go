package localfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes says that files may have extended attributes.
const attributes = true

const noFollow = unix.O_NOFOLLOW | unix.O_NONBLOCK

const class = "user."

// version changes whenever the file is written or replaced.
func version(info fs.FileInfo) string {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
	}
	return fmt.Sprintf("%d-%d-%d.%09d", s.Ino, s.Size, s.Mtim.Sec, s.Mtim.Nsec)
}

// tryLock takes the lock that all processes of Habeas respect; it ends with the file. Where a file system has no such locks, changes by
// others are still noticed before a file is replaced.
func tryLock(f *os.File) bool {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	return !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR)
}

// writable reports whether entries of a directory may be made and removed.
func writable(dir string) bool { return unix.Access(dir, unix.W_OK|unix.X_OK) == nil }

// likeOwner gives the file the owner of the old one, where they differ.
func likeOwner(f *os.File, old fs.FileInfo) error {
	was, ok := old.Sys().(*syscall.Stat_t)
	now, err := f.Stat()
	if err != nil || !ok {
		return err
	}
	if is, ok := now.Sys().(*syscall.Stat_t); ok && (is.Uid != was.Uid || is.Gid != was.Gid) {
		return f.Chown(int(was.Uid), int(was.Gid))
	}
	return nil
}

// readAttributes are the attributes that a user may set; none where the file system has none.
func readAttributes(f *os.File) (map[string]string, error) {
	names, err := fill(func(b []byte) (int, error) { return unix.Flistxattr(int(f.Fd()), b) })
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	all := map[string]string{}
	for name := range strings.SplitSeq(string(names), "\x00") {
		if err != nil || !strings.HasPrefix(name, class) {
			continue
		}
		var value []byte
		value, err = fill(func(b []byte) (int, error) { return unix.Fgetxattr(int(f.Fd()), name, b) })
		all[strings.TrimPrefix(name, class)] = string(value)
	}
	return all, err
}

// fill calls read with room enough.
func fill(read func([]byte) (int, error)) ([]byte, error) {
	for room := 1 << 10; ; room *= 4 {
		b := make([]byte, room)
		n, err := read(b)
		if err == nil {
			return b[:n], nil
		}
		if !errors.Is(err, unix.ERANGE) || room > 1<<20 {
			return nil, err
		}
	}
}

func writeAttributes(f *os.File, change map[string]*string) error {
	for name, value := range change {
		var err error
		if value == nil {
			err = unix.Fremovexattr(int(f.Fd()), class+name)
		} else {
			err = unix.Fsetxattr(int(f.Fd()), class+name, []byte(*value), 0)
		}
		if err != nil && (value != nil || !errors.Is(err, unix.ENODATA)) {
			return err
		}
	}
	return nil
}
