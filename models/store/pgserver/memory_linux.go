package pgserver

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

const (
	// memoryFiles is where Linux offers files in memory to programs.
	memoryFiles = "/dev/shm"
	// roomInMemory is what must be free there and in the machine: far above what the clusters of several tests hold.
	roomInMemory = 2 << 30
	tmpfsMagic   = 0x01021994
)

// memory is a directory whose files are kept in memory, or empty where there is none or it has not enough room: containers often have 64 MB.
func memory() string {
	var files syscall.Statfs_t
	if syscall.Statfs(memoryFiles, &files) != nil || files.Type != tmpfsMagic || files.Bavail*uint64(files.Bsize) < roomInMemory {
		return ""
	}
	if availableMemory() < roomInMemory {
		return ""
	}
	return memoryFiles
}

// availableMemory is what the kernel says that programs can still take, in bytes; 0 where it does not say.
func availableMemory() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	_, after, found := strings.Cut(string(text), "MemAvailable:")
	fields := strings.Fields(after)
	if !found || len(fields) < 2 || fields[1] != "kB" {
		return 0
	}
	n, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}
