package bundle

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"time"
)

// ManifestName is the file in the archive that lists all others.
const ManifestName = "manifest.json"

// File is one file of the archive as the manifest lists it.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // hex
	Rows   int64  `json:"rows,omitempty"`
	What   string `json:"-"` // one sentence for the README
	// Attached is a content that the system holds as it is, and no file of rows.
	Attached bool `json:"-"`
}

// Archive writes a zip file by file. It is for one goroutine; only one file is open at a time.
type Archive struct {
	zip   *zip.Writer
	at    time.Time
	files []File
	open  *entry
	whole hash.Hash
	size  int64
	taken map[string]bool // names of attachments, in lower case
}

// NewArchive writes a zip to w; at is the time given to every file in it.
func NewArchive(w io.Writer, at time.Time) *Archive {
	a := &Archive{at: at.UTC(), whole: sha256.New(), taken: map[string]bool{}}
	a.zip = zip.NewWriter(writerFunc(func(p []byte) (int, error) {
		n, err := w.Write(p)
		a.whole.Write(p[:n])
		a.size += int64(n)
		return n, err
	}))
	return a
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

type entry struct {
	file File
	out  io.Writer
	hash hash.Hash
}

// Write writes to the open file.
func (e *entry) Write(p []byte) (int, error) {
	n, err := e.out.Write(p)
	e.hash.Write(p[:n])
	e.file.Size += int64(n)
	return n, err
}

// Create ends the file before and begins another.
func (a *Archive) Create(name, what string) (io.Writer, error) {
	a.end(0)
	out, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.at})
	a.open = &entry{file: File{Name: name, What: what}, out: out, hash: sha256.New()}
	return a.open, err
}

// Rows notes how many rows the open file holds and ends it.
func (a *Archive) Rows(n int64) { a.end(n) }

func (a *Archive) end(rows int64) {
	if a.open == nil {
		return
	}
	f := a.open.file
	f.SHA256, f.Rows = hex.EncodeToString(a.open.hash.Sum(nil)), rows
	a.files = append(a.files, f)
	a.open = nil
}

// Files are the files written so far.
func (a *Archive) Files() []File {
	a.end(0)
	return a.files
}

// Close writes the manifest and the zip's directory; it returns the digest (SHA-256, hex) and size in bytes of the whole.
func (a *Archive) Close(reference string) (digest string, size int64, err error) {
	manifest := struct {
		Reference  string    `json:"reference"`
		PreparedAt time.Time `json:"prepared_at"`
		Files      []File    `json:"files"`
	}{reference, a.at, a.Files()}
	out, err := a.zip.CreateHeader(&zip.FileHeader{Name: ManifestName, Method: zip.Deflate, Modified: a.at})
	if err != nil {
		return "", 0, err
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	if err := enc.Encode(manifest); err != nil {
		return "", 0, err
	}
	err = a.zip.Close()
	return hex.EncodeToString(a.whole.Sum(nil)), a.size, err
}
