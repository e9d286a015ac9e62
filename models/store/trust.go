package store

import (
	"context"
	"crypto/sha256"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/trust"
)

// trustLock is the advisory lock under which the content of the public page grows.
const trustLock = 0x7472_7573_74 // "trust"

// maxTrustItems bounds what the public page holds.
const maxTrustItems = 300

type trustEntryRow struct {
	No        int64 `gorm:"primaryKey;autoIncrement:false"`
	Item      models.ID
	Kind      trust.Kind
	At        time.Time
	ActorRole models.Role
	ActorID   models.ID
	Facts     trust.Facts `gorm:"serializer:json"`
	FileID    models.ID
	Removed   bool
}

func (trustEntryRow) TableName() string { return "trust_entries" }

type trustReleaseRow struct {
	No        int `gorm:"primaryKey;autoIncrement:false"`
	UpTo      int64
	At        time.Time
	ActorRole models.Role
	ActorID   models.ID
}

func (trustReleaseRow) TableName() string { return "trust_releases" }

type trustFileRow struct {
	ID        models.ID `gorm:"primaryKey"`
	Name      string
	Media     string
	Size      int64
	Digest    []byte
	Content   []byte
	CreatedAt time.Time `gorm:"autoCreateTime:false"`
}

func (trustFileRow) TableName() string { return "trust_files" }

// TrustUpload is a file as it was chosen.
type TrustUpload struct {
	Name    string
	Content []byte
}

// TrustContent is all that was ever written for the public page, without what its files hold.
func (s *Store) TrustContent(ctx context.Context) (trust.Content, error) {
	return trustContent(s.read(ctx))
}

func trustContent(tx *gorm.DB) (trust.Content, error) {
	var entries []trustEntryRow
	var releases []trustReleaseRow
	var files []trustFileRow
	if err := tx.Order("no").Find(&entries).Error; err != nil {
		return trust.Content{}, unavailable(err)
	}
	if err := tx.Order("no").Find(&releases).Error; err != nil {
		return trust.Content{}, unavailable(err)
	}
	if err := tx.Omit("content", "digest").Find(&files).Error; err != nil {
		return trust.Content{}, unavailable(err)
	}
	known := map[models.ID]trust.File{}
	for _, f := range files {
		known[f.ID] = trust.File{ID: f.ID, Name: f.Name, Media: f.Media, Size: f.Size}
	}
	var out trust.Content
	for _, r := range entries {
		out.Entries = append(out.Entries, trust.Entry{
			No: r.No, Item: r.Item, Kind: r.Kind, At: r.At.UTC(), Actor: models.Actor{Role: r.ActorRole, ID: r.ActorID}, Facts: r.Facts, File: known[r.FileID], Removed: r.Removed,
		})
	}
	for _, r := range releases {
		out.Releases = append(out.Releases, trust.Release{No: r.No, UpTo: r.UpTo, At: r.At.UTC(), Actor: models.Actor{Role: r.ActorRole, ID: r.ActorID}})
	}
	return out, nil
}

// KeepTrust writes a new version of an item, or a new item when it has none yet; nobody else sees it before it is published. Without an upload the
// item keeps its file, unless the version gives a link. seen is the number of the item's last entry that whoever writes has looked at; when another
// has come since it fails with trust_changed. It also fails with not_found, page_full, or with what Entry.Check or trust.Media fails with.
func (s *Store) KeepTrust(ctx context.Context, e trust.Entry, seen int64, upload *TrustUpload) (trust.Entry, error) {
	var file trustFileRow
	if upload != nil {
		media, err := trust.Media(upload.Content)
		if err != nil {
			return e, err
		}
		sum := sha256.Sum256(upload.Content)
		file = trustFileRow{ID: newID(), Name: upload.Name, Media: media, Size: int64(len(upload.Content)), Digest: sum[:], Content: upload.Content, CreatedAt: s.now()}
	}
	err := s.tx(ctx, func(tx *gorm.DB) (err error) {
		e, err = s.keepTrust(tx, e, seen, file)
		return err
	})
	return e, err
}

func (s *Store) keepTrust(tx *gorm.DB, e trust.Entry, seen int64, file trustFileRow) (trust.Entry, error) {
	content, err := s.lockTrust(tx)
	if err != nil {
		return e, err
	}
	if e, err = follows(content, e, seen); err != nil {
		return e, err
	}
	if !file.ID.IsZero() && !e.Removed {
		e.File = trust.File{ID: file.ID, Name: file.Name, Media: file.Media, Size: file.Size}
	}
	e = e.OfItsKind()
	if err := e.Check(); err != nil {
		return e, err
	}
	if e.File.ID == file.ID && !file.ID.IsZero() {
		if err := tx.Create(&file).Error; err != nil {
			return e, err
		}
	}
	e.No, e.At = content.Latest()+1, s.now()
	row := trustEntryRow{No: e.No, Item: e.Item, Kind: e.Kind, At: e.At, ActorRole: e.Actor.Role, ActorID: e.Actor.ID, Facts: e.Facts, FileID: e.File.ID, Removed: e.Removed}
	if err := tx.Create(&row).Error; err != nil {
		return e, err
	}
	data := map[string]any{"item_id": e.Item, "kind": e.Kind, "no": e.No, "removed": e.Removed}
	if !e.File.ID.IsZero() {
		data["file_id"] = e.File.ID
	}
	return e, s.recordFor(tx, models.ID{}, models.ID{}, e.Actor, "trust.changed", data)
}

// lockTrust keeps others from writing until the transaction ends, and gives what there is.
func (s *Store) lockTrust(tx *gorm.DB) (trust.Content, error) {
	if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", trustLock).Error; err != nil {
		return trust.Content{}, err
	}
	return trustContent(tx)
}

// follows is an entry as the next one of its item.
func follows(content trust.Content, e trust.Entry, seen int64) (trust.Entry, error) {
	if e.Kind == trust.Page {
		e.Item = trust.PageItem
	}
	before := content.Of(e.Item)
	switch {
	case e.Item.IsZero() && len(content.Preview(time.Time{})) >= maxTrustItems:
		return e, models.Errorf(models.Conflict, "page_full", "The page may have %d items.", maxTrustItems)
	case e.Item.IsZero():
		e.Item = newID()
		return e, nil
	case len(before) == 0 && e.Kind == trust.Page && seen == 0:
		return e, nil
	case len(before) == 0:
		return e, missing(gorm.ErrRecordNotFound, "item")
	}
	last := before[len(before)-1]
	if last.Removed {
		return e, missing(gorm.ErrRecordNotFound, "item")
	}
	if last.No != seen {
		return e, models.Errorf(models.Conflict, "trust_changed", "Somebody has changed this since you looked; look again and decide then.")
	}
	e.Kind = last.Kind
	if e.Facts.Link == "" {
		e.File = last.File
	}
	if e.Removed {
		e.Facts, e.File = last.Facts, last.File
	}
	return e, nil
}

// PublishTrust makes public all that was written up to an entry, which is the last one that whoever publishes has looked at. It fails with
// trust_changed when more has been written since, and with nothing_to_publish.
func (s *Store) PublishTrust(ctx context.Context, upTo int64, by models.Actor) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		content, err := s.lockTrust(tx)
		if err != nil {
			return err
		}
		pending := content.Pending()
		switch {
		case len(pending) == 0:
			return models.Errorf(models.Conflict, "nothing_to_publish", "All that was written is public already.")
		case content.Latest() != upTo:
			return models.Errorf(models.Conflict, "trust_changed", "Somebody has changed this since you looked; look again and decide then.")
		}
		row := trustReleaseRow{No: len(content.Releases) + 1, UpTo: upTo, At: s.now(), ActorRole: by.Role, ActorID: by.ID}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		data := map[string]any{"release": row.No, "up_to": upTo, "entries": len(pending)}
		return s.recordFor(tx, models.ID{}, models.ID{}, by, "trust.published", data)
	})
}

// PublicTrustFile is a file that the public page offers, or has offered in a former version of what it still shows. It fails with not_found.
func (s *Store) PublicTrustFile(ctx context.Context, id models.ID) (trust.File, []byte, error) {
	content, err := s.TrustContent(ctx)
	if err != nil {
		return trust.File{}, nil, err
	}
	for _, f := range trust.Files(content.Public()) {
		if f.ID == id {
			return s.TrustFile(ctx, id)
		}
	}
	return trust.File{}, nil, missing(gorm.ErrRecordNotFound, "file")
}

// TrustFile is any file that was uploaded for the public page, for those who write it. It fails with not_found.
func (s *Store) TrustFile(ctx context.Context, id models.ID) (trust.File, []byte, error) {
	var row trustFileRow
	if err := s.read(ctx).Where("id = ?", id).Take(&row).Error; err != nil {
		return trust.File{}, nil, missing(err, "file")
	}
	return trust.File{ID: row.ID, Name: row.Name, Media: row.Media, Size: row.Size}, row.Content, nil
}
