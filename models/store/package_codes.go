package store

import (
	"context"
	"crypto/subtle"
	"io"
	"strings"
	"time"

	"gorm.io/gorm"

	"habeas/models"
)

const (
	packageCodeLife   = 10 * time.Minute
	packageCodesADay  = 5
	packageCodeTries  = 5
	packageCodePeriod = 24 * time.Hour
)

// PackageCode is a one-time code that opens a package, to be mailed to the verified address.
type PackageCode struct {
	Code       string // eight digits
	To         models.Personal
	Language   string
	Controller string // its name
	Reference  string
	Right      models.Right
	RequestID  models.ID
	ExpiresAt  time.Time
}

type packageCodeRow struct {
	ID           models.ID `gorm:"primaryKey"`
	PackageID    models.ID
	CodeHash     []byte
	IssuedAt     time.Time
	ExpiresAt    time.Time
	UsedAt       *time.Time
	SupersededAt *time.Time
	Attempts     int
}

func (packageCodeRow) TableName() string { return "package_codes" }

// IssuePackageCode makes a new code for the holder of a package's link; it lives ten minutes and replaces an earlier one. It fails with
// not_found, package_expired, package_shredded or, after five codes within a day, too_many_codes.
func (s *Store) IssuePackageCode(ctx context.Context, token string) (PackageCode, error) {
	var out PackageCode
	err := s.withOpenPackage(ctx, token, func(tx *gorm.DB, r requestRow, p packageRow) error {
		now := s.now()
		var issued int64
		err := tx.Model(&packageCodeRow{}).Where("package_id = ? AND issued_at > ?", p.ID, now.Add(-packageCodePeriod)).Count(&issued).Error
		if err != nil {
			return err
		}
		if issued >= packageCodesADay {
			return models.Errorf(models.TooMany, "too_many_codes", "No more codes can be sent today. Try again tomorrow.")
		}
		err = tx.Model(&packageCodeRow{}).Where("package_id = ? AND superseded_at IS NULL", p.ID).Update("superseded_at", now).Error
		if err != nil {
			return err
		}
		id := newID()
		code := s.vault.Code("package code", id)
		row := packageCodeRow{
			ID: id, PackageID: p.ID, CodeHash: s.vault.HashCode(id, code), IssuedAt: now, ExpiresAt: now.Add(packageCodeLife),
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		subject, err := s.subject(tx, r)
		if err != nil {
			return err
		}
		c, err := controllerByID(tx, r.ControllerID)
		if err != nil {
			return err
		}
		out = PackageCode{
			Code: code, To: subject.Email, Language: r.Language, Controller: c.Name, Reference: r.Reference, Right: r.RightCode,
			RequestID: r.ID, ExpiresAt: row.ExpiresAt,
		}
		return s.record(tx, r, models.System(), "package.code_issued", map[string]any{"package_id": p.ID})
	})
	return out, err
}

// withOpenPackage runs fn with a package that can be fetched, under the lock of its request.
func (s *Store) withOpenPackage(ctx context.Context, token string, fn func(*gorm.DB, requestRow, packageRow) error) error {
	found, err := packageByToken(s.read(ctx), token)
	if err != nil {
		return err
	}
	return s.changePackage(ctx, found.ID, func(tx *gorm.DB, r requestRow, p packageRow) error {
		switch {
		case p.State == PackageShredded:
			return packageShredded()
		case s.expired(p):
			return models.Errorf(models.Conflict, "package_expired", "The package has expired.")
		}
		return fn(tx, r, p)
	})
}

// OpenPackage uses up a code and gives the plain file as a stream, with its size in bytes and a name for it. The stream is decrypted as it
// is read: an error in its middle means that the download must be aborted, never ended as if it were whole. It fails with not_found,
// package_expired, package_shredded, wrong_code, code_expired or too_many_attempts.
func (s *Store) OpenPackage(ctx context.Context, token, code string) (file io.ReadCloser, size int64, name string, err error) {
	var p packageRow
	var v PackageView
	var refused error // a wrong attempt must be counted, so it may not undo the transaction
	err = s.withOpenPackage(ctx, token, func(tx *gorm.DB, r requestRow, found packageRow) error {
		p = found
		var err error
		if refused, err = s.usePackageCode(tx, p, code); err != nil || refused != nil {
			return err
		}
		if v, err = s.packageView(tx, p); err != nil {
			return err
		}
		return s.record(tx, r, models.Actor{Role: models.RoleSubject}, "package.opened", map[string]any{"package_id": p.ID})
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, 0, "", err
	}
	file, err = s.readPackage(ctx, p)
	return file, p.Size, v.Name, err
}

// usePackageCode consumes the latest code of a locked package.
func (s *Store) usePackageCode(tx *gorm.DB, p packageRow, code string) (refused, err error) {
	var last []packageCodeRow
	err = tx.Where("package_id = ? AND superseded_at IS NULL", p.ID).Order("issued_at DESC, id").Limit(1).Find(&last).Error
	if err != nil {
		return nil, err
	}
	if len(last) == 0 || last[0].UsedAt != nil || !s.now().Before(last[0].ExpiresAt) {
		return models.Errorf(models.Conflict, "code_expired", "There is no code that is valid now. Ask for a new one.").At("/code"), nil
	}
	c := last[0]
	if c.Attempts >= packageCodeTries {
		return tooManyAttempts(), nil
	}
	digits := strings.NewReplacer("-", "", " ", "").Replace(code)
	if subtle.ConstantTimeCompare(c.CodeHash, s.vault.HashCode(c.ID, digits)) == 1 {
		return nil, tx.Model(&packageCodeRow{}).Where("id = ?", c.ID).Update("used_at", s.now()).Error
	}
	c.Attempts++
	err = tx.Model(&packageCodeRow{}).Where("id = ?", c.ID).Update("attempts", c.Attempts).Error
	if c.Attempts >= packageCodeTries {
		return tooManyAttempts(), err
	}
	return wrongCode(packageCodeTries - c.Attempts), err
}

func (s *Store) readPackage(ctx context.Context, p packageRow) (io.ReadCloser, error) {
	key, err := s.keyOf(s.read(ctx), p.RequestID)
	if err != nil {
		return nil, err
	}
	chunks := &chunkReader{ctx: ctx, s: s, id: p.ID, writing: p.Writing, chunks: *p.Chunks}
	plain, err := key.Reader(chunks, packagePlace(p.ID))
	if err != nil {
		return nil, err
	}
	return io.NopCloser(plain), nil
}
