package store

import (
	"context"
	"math"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store/vault"
)

// PackageState is how far a package has got.
type PackageState string

const (
	PackageBuilding PackageState = "building"
	PackageReady    PackageState = "ready"
	PackageFetched  PackageState = "fetched"
	PackageShredded PackageState = "shredded"
	PackageExpired  PackageState = "expired" // ready or fetched, past its date; never stored
)

// PackageView is what is known of a package without opening it.
type PackageView struct {
	ID         models.ID
	RequestID  models.ID
	Reference  string
	Right      models.Right
	Controller string // its name
	Language   string
	State      PackageState
	Size       int64 // of the plain file, in bytes; 0 while building
	Digest     string
	Name       string // of the file, for the download
	ExpiresAt  time.Time
	FetchedAt  time.Time // zero until fetched
}

type packageRow struct {
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	State        PackageState
	TokenHash    []byte
	Writing      int
	Chunks       *int
	Digest       string
	Size         int64
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	ReadyAt      *time.Time
	ExpiresAt    *time.Time
	FetchedAt    *time.Time
	ShreddedAt   *time.Time
}

func (packageRow) TableName() string { return "packages" }

const packageToken = "package" // purpose of a package's token

func packagePlace(id models.ID) string { return "package_chunks/" + id.String() }

// CreatePackage begins the package of a request and returns its ID; a request has one at a time, so that the one that is not shredded
// yet is returned again. One that was finished is open for writing again while the request is still being executed, since its link was
// not sent yet: a step that is repeated writes the package anew. It fails with not_found or key_destroyed.
func (s *Store) CreatePackage(ctx context.Context, requestID models.ID) (models.ID, error) {
	var id models.ID
	err := s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		if _, err := s.vault.Unwrap(r.ID, r.WrappedKey); err != nil {
			return err
		}
		var live []packageRow
		err = tx.Where("request_id = ? AND state <> ?", requestID, PackageShredded).Limit(1).Find(&live).Error
		if err != nil {
			return err
		}
		if len(live) > 0 {
			id = live[0].ID
			return s.reopenPackage(tx, r, live[0])
		}
		id = newID()
		row := packageRow{
			ID: id, RequestID: r.ID, ControllerID: r.ControllerID, State: PackageBuilding,
			TokenHash: vault.HashToken(s.vault.Token(packageToken, id)), CreatedAt: s.now(),
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.record(tx, r, models.System(), "package.created", map[string]any{"package_id": id})
	})
	return id, err
}

// reopenPackage takes back that a package is finished, unless its link may be out.
func (s *Store) reopenPackage(tx *gorm.DB, r requestRow, p packageRow) error {
	if p.State != PackageReady || r.State != models.Executing {
		return nil
	}
	err := tx.Model(&packageRow{}).Where("id = ?", p.ID).Updates(map[string]any{
		"state": PackageBuilding, "chunks": nil, "ready_at": nil, "expires_at": nil, "digest": "", "size": 0,
	}).Error
	if err != nil {
		return err
	}
	return s.record(tx, r, models.System(), "package.reopened", map[string]any{"package_id": p.ID})
}

// FinishPackage makes a package whose writer was closed ready to be fetched until expiresAt, and returns the token of its link. digest
// (SHA-256, hex) and size are of the plain file. Called again, it returns the same token and changes nothing. It fails with not_found,
// package_incomplete or package_shredded.
func (s *Store) FinishPackage(ctx context.Context, id models.ID, digest string, size int64, expiresAt time.Time) (token string, err error) {
	err = s.changePackage(ctx, id, func(tx *gorm.DB, r requestRow, p packageRow) error {
		switch {
		case p.State == PackageShredded:
			return packageShredded()
		case p.State != PackageBuilding:
			return nil
		case p.Chunks == nil:
			return models.Errorf(models.Conflict, "package_incomplete", "The package was not written to its end.")
		}
		err := tx.Model(&packageRow{}).Where("id = ?", id).Updates(map[string]any{
			"state": PackageReady, "digest": digest, "size": size, "ready_at": s.now(), "expires_at": expiresAt.UTC(),
		}).Error
		if err != nil {
			return err
		}
		data := map[string]any{"package_id": id, "size": size, "expires_at": expiresAt.UTC(), "digest": digest}
		if err := s.record(tx, r, models.System(), "package.ready", data); err != nil {
			return err
		}
		return s.tellDRP(tx, r.ID)
	})
	return s.vault.Token(packageToken, id), err
}

// changePackage reads a package under the lock of its request and changes it.
func (s *Store) changePackage(ctx context.Context, id models.ID, change func(*gorm.DB, requestRow, packageRow) error) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var p packageRow
		if err := tx.Select("request_id").Where("id = ?", id).Take(&p).Error; err != nil {
			return missing(err, "package")
		}
		r, err := lockRequest(tx, models.ScopeOperator(), p.RequestID)
		if err != nil {
			return err
		}
		p = packageRow{}
		lock := clause.Locking{Strength: clause.LockingStrengthUpdate} // against a writer, which does not lock the request
		if err := tx.Clauses(lock).Where("id = ?", id).Take(&p).Error; err != nil {
			return missing(err, "package")
		}
		return change(tx, r, p)
	})
}

// Package is one package inside the scope; it fails with not_found.
func (s *Store) Package(ctx context.Context, scope models.Scope, id models.ID) (PackageView, error) {
	tx := s.read(ctx)
	var p packageRow
	if err := scoped(tx, scope).Where("id = ?", id).Take(&p).Error; err != nil {
		return PackageView{}, missing(err, "package")
	}
	return s.packageView(tx, p)
}

// PackageToken is the token of a package's link, the same each time.
func (s *Store) PackageToken(id models.ID) string { return s.vault.Token(packageToken, id) }

// PackageByToken shows a package to the holder of its link and changes nothing. It fails with not_found.
func (s *Store) PackageByToken(ctx context.Context, token string) (PackageView, error) {
	tx := s.read(ctx)
	p, err := packageByToken(tx, token)
	if err != nil {
		return PackageView{}, err
	}
	return s.packageView(tx, p)
}

// packageByToken finds a package that was finished at some time; before that, its link is unknown to everyone.
func packageByToken(tx *gorm.DB, token string) (packageRow, error) {
	var p packageRow
	err := tx.Where("token_hash = ? AND ready_at IS NOT NULL", vault.HashToken(token)).Take(&p).Error
	return p, missing(err, "package")
}

func (s *Store) packageView(tx *gorm.DB, p packageRow) (PackageView, error) {
	r, err := findRequest(tx, models.ScopeOperator(), p.RequestID)
	if err != nil {
		return PackageView{}, err
	}
	c, err := controllerByID(tx, r.ControllerID)
	if err != nil {
		return PackageView{}, err
	}
	v := PackageView{
		ID: p.ID, RequestID: r.ID, Reference: r.Reference, Right: r.RightCode, Controller: c.Name, Language: r.Language, State: p.State,
		Size: p.Size, Digest: p.Digest, Name: string(r.RightCode) + "-" + r.Reference + ".zip", ExpiresAt: instant(p.ExpiresAt),
		FetchedAt: instant(p.FetchedAt),
	}
	if s.expired(p) {
		v.State = PackageExpired
	}
	return v, nil
}

func (s *Store) expired(p packageRow) bool {
	return (p.State == PackageReady || p.State == PackageFetched) && !s.now().Before(instant(p.ExpiresAt))
}

// packageReady reports whether a package of the request waits to be fetched.
func (s *Store) packageReady(tx *gorm.DB, requestID models.ID) (bool, error) {
	p, err := s.readyPackage(tx, requestID)
	return p != nil, err
}

// readyPackage is the package of a request that waits to be fetched; nil when there is none.
func (s *Store) readyPackage(tx *gorm.DB, requestID models.ID) (*packageRow, error) {
	var rows []packageRow
	err := tx.Where("request_id = ? AND state = ? AND expires_at > ?", requestID, PackageReady, s.now()).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, unavailable(err)
	}
	return &rows[0], nil
}

// PackageCollected records that the person has the package, together with the decision that the workflow waits for; call it when the
// download has ended well. Called again, it changes nothing. It fails with not_found, package_shredded or decision_not_open.
func (s *Store) PackageCollected(ctx context.Context, token string) error {
	found, err := packageByToken(s.read(ctx), token)
	if err != nil {
		return err
	}
	actor := models.Actor{Role: models.RoleSubject}
	return s.collected(ctx, found.ID, actor, func(tx *gorm.DB, r requestRow) error {
		_, err := s.decide(tx, r, request.Decision{RequestID: r.ID, Kind: request.Collect, Actor: actor})
		return err
	})
}

// collected notes that a package was fetched, and then decides.
func (s *Store) collected(ctx context.Context, id models.ID, by models.Actor, decide func(*gorm.DB, requestRow) error) error {
	return s.changePackage(ctx, id, func(tx *gorm.DB, r requestRow, p packageRow) error {
		switch p.State {
		case PackageFetched:
			return nil
		case PackageShredded:
			return packageShredded()
		case PackageBuilding, PackageReady, PackageExpired:
		}
		err := tx.Model(&packageRow{}).Where("id = ?", p.ID).Updates(map[string]any{"state": PackageFetched, "fetched_at": s.now()}).Error
		if err != nil {
			return err
		}
		if err := s.record(tx, r, by, "package.fetched", map[string]any{"package_id": p.ID}); err != nil {
			return err
		}
		if err := s.wakeContractEnd(tx, r); err != nil {
			return err
		}
		return decide(tx, r)
	})
}

// ShredPackage deletes what a package holds; one that is shredded already is fine. It fails with not_found.
func (s *Store) ShredPackage(ctx context.Context, id models.ID) error {
	// Most of it goes in batches before the transaction, which then finds only what a writer that is still at work has added.
	if err := s.deleteChunks(ctx, id, math.MaxInt32); err != nil {
		return err
	}
	return s.changePackage(ctx, id, func(tx *gorm.DB, r requestRow, p packageRow) error {
		if p.State == PackageShredded {
			return nil
		}
		for _, sql := range []string{"DELETE FROM package_chunks WHERE package_id = ?", "DELETE FROM package_codes WHERE package_id = ?"} {
			if err := tx.Exec(sql, id).Error; err != nil {
				return err
			}
		}
		err := tx.Model(&packageRow{}).Where("id = ?", id).Updates(map[string]any{"state": PackageShredded, "shredded_at": s.now()}).Error
		if err != nil {
			return err
		}
		return s.record(tx, r, models.System(), "package.shredded", map[string]any{"package_id": id, "fetched": p.FetchedAt != nil})
	})
}

// ExpiredPackages are at most limit packages that are past their date and not shredded yet, the oldest first.
func (s *Store) ExpiredPackages(ctx context.Context, limit int) ([]models.ID, error) {
	var ids []models.ID
	err := s.read(ctx).Model(&packageRow{}).Where("state <> ? AND expires_at <= ?", PackageShredded, s.now()).
		Order("expires_at, id").Limit(limit).Pluck("id", &ids).Error
	return ids, unavailable(err)
}

func packageShredded() error {
	return models.Errorf(models.Conflict, "package_shredded", "The package has been deleted.")
}
