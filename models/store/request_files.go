package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/store/vault"
	"habeas/models/task"
)

// The limits of what is uploaded to a task.
const (
	MaxTaskFile  = 25_000_000 // bytes of one file
	MaxTaskFiles = 20
)

// TaskFile is a file that was uploaded to a task. Name is personal: people name files after people.
type TaskFile struct {
	ID    models.ID
	Name  models.Personal // empty once the request's key is destroyed
	Media string          // sniffed
	Size  int64
	At    time.Time
}

type requestFileRow struct {
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	TaskID       models.ID
	Part         string
	NameSealed   []byte
	Media        string
	Size         int64
	Rows         int64
	Chunks       *int
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	CreatedBy    models.ID
}

func (requestFileRow) TableName() string { return "request_files" }

// The places of what is sealed of a file.
func filePlace(id models.ID) string     { return "request_files/" + id.String() }
func fileNamePlace(id models.ID) string { return "request_files.name/" + id.String() }

// AddTaskFile takes a file in for an open task inside the scope, sealed as it comes; it holds about two chunks in memory. It fails with not_found,
// key_destroyed, task_not_open, too_many_files, file_empty or file_too_large.
func (s *Store) AddTaskFile(ctx context.Context, scope models.Scope, taskID models.ID, by models.Actor, name models.Personal, content io.Reader) (models.ID, error) {
	t, err := s.openTask(ctx, scope, taskID)
	if err != nil {
		return models.ID{}, err
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(content, head)
	if n == 0 || err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return models.ID{}, emptyFile(err)
	}
	row := requestFileRow{
		ID: newID(), RequestID: t.RequestID, TaskID: t.ID, Media: http.DetectContentType(head[:n]), CreatedAt: s.now(), CreatedBy: by.ID,
	}
	whole := io.LimitReader(io.MultiReader(bytes.NewReader(head[:n]), content), MaxTaskFile+1)
	err = s.writeFile(ctx, row, name, func(w io.Writer) (int64, error) {
		size, err := io.Copy(w, whole)
		if err == nil && size > MaxTaskFile {
			err = models.Errorf(models.Invalid, "file_too_large", "A file may have 25 MB.").At("/file")
		}
		return 0, err
	}, func(tx *gorm.DB, r requestRow, row requestFileRow) error {
		var now taskRow
		if err := tx.Where("id = ?", taskID).Take(&now).Error; err != nil {
			return missing(err, "task")
		}
		if now.State != task.Open { // it was done meanwhile
			return taskNotOpen()
		}
		return s.record(tx, r, by, "task.file_added", taskData(now, map[string]any{"file_id": row.ID, "size": row.Size, "media": row.Media}))
	})
	return row.ID, err
}

func emptyFile(err error) error {
	return models.Errorf(models.Invalid, "file_empty", "Choose a file that is not empty.").At("/file").Because(err)
}

func taskNotOpen() error {
	return models.Errorf(models.Conflict, "task_not_open", "This task has been done already.")
}

// openTask is a task that can take one more file.
func (s *Store) openTask(ctx context.Context, scope models.Scope, id models.ID) (task.Task, error) {
	t, err := s.Task(ctx, scope, id)
	if err != nil {
		return t, err
	}
	if t.State != task.Open {
		return t, taskNotOpen()
	}
	files, err := countFiles(s.read(ctx), id)
	if err == nil && files >= MaxTaskFiles {
		err = models.Errorf(models.Conflict, "too_many_files", "A task may have %d files.", MaxTaskFiles)
	}
	return t, err
}

func countFiles(tx *gorm.DB, taskID models.ID) (int, error) {
	var n int64
	err := tx.Model(&requestFileRow{}).Where("task_id = ? AND chunks IS NOT NULL", taskID).Count(&n).Error
	return int(n), unavailable(err)
}

// RemoveTaskFile deletes a file of an open task inside the scope. It fails with not_found or task_not_open.
func (s *Store) RemoveTaskFile(ctx context.Context, scope models.Scope, taskID, id models.ID, by models.Actor) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, t, err := lockTask(tx, scope, taskID)
		if err != nil {
			return err
		}
		if t.State != task.Open {
			return taskNotOpen()
		}
		done := tx.Where("id = ? AND task_id = ? AND chunks IS NOT NULL", id, taskID).Delete(&requestFileRow{})
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return missing(gorm.ErrRecordNotFound, "file")
		}
		return s.record(tx, r, by, "task.file_removed", taskData(t, map[string]any{"file_id": id}))
	})
}

// TaskFiles are the files of a task inside the scope, in the order in which they came. It fails with not_found.
func (s *Store) TaskFiles(ctx context.Context, scope models.Scope, taskID models.ID) ([]TaskFile, error) {
	t, err := s.Task(ctx, scope, taskID)
	if err != nil {
		return nil, err
	}
	tx := s.read(ctx)
	var rows []requestFileRow
	if err := tx.Where("task_id = ? AND chunks IS NOT NULL", taskID).Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	key, err := s.keyOf(tx, t.RequestID)
	if err != nil && models.CodeOf(err) != "key_destroyed" {
		return nil, err
	}
	out := make([]TaskFile, len(rows))
	for i, r := range rows {
		out[i] = TaskFile{ID: r.ID, Media: r.Media, Size: r.Size, At: r.CreatedAt.UTC()}
		if key == nil {
			continue
		}
		if out[i].Name, err = openText(key, fileNamePlace(r.ID), r.NameSealed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ViewTaskFile is TaskFile for somebody who looks at it: the ledger says who did before anything is handed out.
func (s *Store) ViewTaskFile(ctx context.Context, who models.Principal, taskID, id models.ID) (io.Reader, TaskFile, error) {
	t, err := s.Task(ctx, who.Scope, taskID)
	if err != nil {
		return nil, TaskFile{}, err
	}
	content, f, err := s.TaskFile(ctx, who.Scope, taskID, id)
	if err != nil {
		return nil, f, err
	}
	return content, f, s.Append(ctx, t.RequestID, "task.file_viewed", map[string]any{"task_id": taskID, "file_id": id, "role": who.Role, "key_id": who.ID})
}

// TaskFile opens a file of a task inside the scope for reading; what is read is personal. It fails with not_found or key_destroyed.
func (s *Store) TaskFile(ctx context.Context, scope models.Scope, taskID, id models.ID) (io.Reader, TaskFile, error) {
	files, err := s.TaskFiles(ctx, scope, taskID)
	if err != nil {
		return nil, TaskFile{}, err
	}
	for _, f := range files {
		if f.ID == id {
			r, err := s.readFile(ctx, id)
			return r, f, err
		}
	}
	return nil, TaskFile{}, missing(gorm.ErrRecordNotFound, "file")
}

// WritePart writes a part of a request's copy, sealed as it comes; write returns how many rows it wrote. One that was there is replaced when the new
// one is complete, so that a repeated step writes it anew. It fails with not_found, key_destroyed and what write fails with.
func (s *Store) WritePart(ctx context.Context, requestID models.ID, part string, write func(io.Writer) (int64, error)) error {
	row := requestFileRow{ID: newID(), RequestID: requestID, Part: part, Media: "application/octet-stream", CreatedAt: s.now()}
	return s.writeFile(ctx, row, "", write, func(tx *gorm.DB, r requestRow, row requestFileRow) error {
		return tx.Where("request_id = ? AND part = ? AND id <> ?", r.ID, part, row.ID).Delete(&requestFileRow{}).Error
	})
}

// ReadPart opens a part of a request's copy; it fails with not_found or key_destroyed.
func (s *Store) ReadPart(ctx context.Context, requestID models.ID, part string) (content io.Reader, rows int64, err error) {
	var row requestFileRow
	if err := s.read(ctx).Where("request_id = ? AND part = ? AND chunks IS NOT NULL", requestID, part).Take(&row).Error; err != nil {
		return nil, 0, missing(err, "part")
	}
	content, err = s.readFile(ctx, row.ID)
	return content, row.Rows, err
}

// DropParts deletes the parts of a request's copy, which its package holds now.
func (s *Store) DropParts(ctx context.Context, requestID models.ID) error {
	return unavailable(s.read(ctx).Where("request_id = ? AND part <> ''", requestID).Delete(&requestFileRow{}).Error)
}

// writeFile writes a file and completes it together with what then has to be recorded.
func (s *Store) writeFile(ctx context.Context, row requestFileRow, name models.Personal, write func(io.Writer) (int64, error), complete func(*gorm.DB, requestRow, requestFileRow) error) error {
	tx := s.read(ctx)
	r, err := findRequest(tx, models.ScopeOperator(), row.RequestID)
	if err != nil {
		return err
	}
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil {
		return err
	}
	row.ControllerID, row.NameSealed = r.ControllerID, sealText(key, fileNamePlace(row.ID), name)
	if err := tx.Create(&row).Error; err != nil {
		return unavailable(err)
	}
	chunks, size, err := s.writeChunks(ctx, key, row.ID, &row.Rows, write)
	if err == nil {
		row.Size, row.Chunks = size, &chunks
		err = s.completeFile(ctx, row, complete)
	}
	if err != nil {
		return errors.Join(err, s.dropFile(ctx, row.ID))
	}
	return nil
}

func (s *Store) completeFile(ctx context.Context, row requestFileRow, complete func(*gorm.DB, requestRow, requestFileRow) error) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), row.RequestID)
		if err != nil {
			return err
		}
		if err := complete(tx, r, row); err != nil {
			return err
		}
		return tx.Select("size", "rows", "chunks").Where("id = ?", row.ID).Updates(&row).Error
	})
}

// dropFile deletes a file that was not written to its end, also when the call that wrote it has ended.
func (s *Store) dropFile(ctx context.Context, id models.ID) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return unavailable(s.read(ctx).Where("id = ?", id).Delete(&requestFileRow{}).Error)
}

func (s *Store) writeChunks(ctx context.Context, key *vault.Key, id models.ID, rows *int64, write func(io.Writer) (int64, error)) (chunks int, size int64, err error) {
	out := &fileWriter{ctx: ctx, s: s, id: id, buffer: make([]byte, 0, chunkSize)}
	sealing, err := key.Writer(out, filePlace(id))
	if err != nil {
		return 0, 0, err
	}
	counted := &counter{w: sealing}
	if *rows, err = write(counted); err != nil {
		return 0, 0, err
	}
	if err := sealing.Close(); err != nil {
		return 0, 0, err
	}
	err = out.flush()
	return out.no, counted.n, err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// fileWriter stores an encrypted stream in rows of chunkSize.
type fileWriter struct {
	ctx    context.Context //nolint:containedctx // io.Writer takes none
	s      *Store
	id     models.ID
	no     int
	buffer []byte
}

func (w *fileWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n := min(len(p), chunkSize-len(w.buffer))
		w.buffer = append(w.buffer, p[:n]...)
		p, written = p[n:], written+n
		if len(w.buffer) == chunkSize {
			if err := w.flush(); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

func (w *fileWriter) flush() error {
	if len(w.buffer) == 0 {
		return nil
	}
	_, err := w.s.pool.Exec(w.ctx, `INSERT INTO request_file_chunks (file_id, no, data) VALUES ($1, $2, $3)`, w.id, w.no, w.buffer)
	w.no, w.buffer = w.no+1, w.buffer[:0]
	return unavailable(err)
}

// readFile opens a file that was written to its end.
func (s *Store) readFile(ctx context.Context, id models.ID) (io.Reader, error) {
	tx := s.read(ctx)
	var row requestFileRow
	if err := tx.Where("id = ? AND chunks IS NOT NULL", id).Take(&row).Error; err != nil {
		return nil, missing(err, "file")
	}
	key, err := s.keyOf(tx, row.RequestID)
	if err != nil {
		return nil, err
	}
	return key.Reader(&fileReader{ctx: ctx, s: s, id: id, chunks: *row.Chunks}, filePlace(id))
}

// fileReader reads the rows of a file one by one. A chunk that is not there is an error, never an early end.
type fileReader struct {
	ctx    context.Context //nolint:containedctx // io.Reader takes none
	s      *Store
	id     models.ID
	chunks int
	no     int
	left   []byte
}

func (r *fileReader) Read(p []byte) (int, error) {
	for len(r.left) == 0 {
		if r.no == r.chunks {
			return 0, io.EOF
		}
		err := r.s.pool.QueryRow(r.ctx, `SELECT data FROM request_file_chunks WHERE file_id = $1 AND no = $2`, r.id, r.no).Scan(&r.left)
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, models.Errorf(models.Conflict, "file_truncated", "A part of the file is missing.")
		}
		if err != nil {
			return 0, unavailable(err)
		}
		r.no++
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}
