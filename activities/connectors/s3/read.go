package s3

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"habeas/activities/connectors/blobs"
)

// version is how an object is told from what takes its place: the digest of its content, and its version where the bucket has them.
func version(o minio.ObjectInfo) string { return strings.Trim(o.ETag, `"`) + "/" + o.VersionID }

func etagOf(o blobs.Object) string {
	tag, _, _ := strings.Cut(o.Version, "/")
	return tag
}

// versionID is set for an object that was deleted only, so that it is read at all.
func versionID(o blobs.Object) string {
	_, id, _ := strings.Cut(o.Version, "/")
	if !o.Deleted {
		return ""
	}
	return id
}

// List lists objects, or versions where the bucket keeps them.
func (s *Store) List(ctx context.Context, prefix string, yield func(blobs.Object) error) error {
	t, err := s.traits(ctx)
	if err != nil {
		return err
	}
	if !t.versions {
		return s.each(ctx, prefix, false, func(o minio.ObjectInfo) error {
			if isDirectory(o) {
				return nil
			}
			return yield(listed(o, false))
		})
	}
	l := lister{marks: map[string]blobs.Object{}, yield: yield}
	if err := s.each(ctx, prefix, true, l.add); err != nil {
		return err
	}
	return l.flush("")
}

// isDirectory reports whether an object only stands for a directory.
func isDirectory(o minio.ObjectInfo) bool { return strings.HasSuffix(o.Key, "/") && o.Size == 0 }

// lister makes one object of each key's versions. Versions come in the order of their keys; a page's marks of deletion may all come
// before its versions.
type lister struct {
	marks map[string]blobs.Object // of keys whose versions have not come yet
	last  string                  // the key whose versions come now
	yield func(blobs.Object) error
}

func (l *lister) add(o minio.ObjectInfo) error {
	switch {
	case isDirectory(o):
		return nil
	case o.IsDeleteMarker && o.Key != l.last:
		l.marks[o.Key] = listed(o, true)
		return nil
	case o.Key == l.last:
		return nil
	}
	l.last = o.Key
	delete(l.marks, o.Key)
	if err := l.flush(o.Key); err != nil {
		return err
	}
	return l.yield(listed(o, !o.IsLatest))
}

// flush gives the keys that have nothing but marks of deletion: those before a key, or all.
func (l *lister) flush(before string) error {
	for _, key := range slices.Sorted(maps.Keys(l.marks)) {
		if before != "" && key >= before {
			return nil
		}
		o := l.marks[key]
		delete(l.marks, key)
		if err := l.yield(o); err != nil {
			return err
		}
	}
	return nil
}

// listed is an object of a list; one without a version is a mark of deletion.
func listed(o minio.ObjectInfo, deleted bool) blobs.Object {
	if o.IsDeleteMarker {
		return blobs.Object{Path: o.Key, Modified: o.LastModified.UTC(), Deleted: true}
	}
	return blobs.Object{Path: o.Key, Size: o.Size, Modified: o.LastModified.UTC(), Version: version(o), Deleted: deleted}
}

// each lists what begins with prefix; its error is yield's or one of this package's.
func (s *Store) each(ctx context.Context, prefix string, versions bool, yield func(minio.ObjectInfo) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for o := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: versions}) {
		if o.Err != nil {
			return s.wrap(o.Err)
		}
		if err := yield(o); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// versions are all versions and marks of deletion of one object, the newest first.
func (s *Store) versions(ctx context.Context, path string) ([]minio.ObjectInfo, error) {
	var list []minio.ObjectInfo
	err := s.each(ctx, path, true, func(o minio.ObjectInfo) error {
		if o.Key == path {
			list = append(list, o)
		}
		if o.Key > path && !o.IsDeleteMarker {
			return errEnough // versions come in the order of their keys
		}
		return nil
	})
	if err == errEnough { //nolint:errorlint // it comes back as it is
		err = nil
	}
	slices.SortStableFunc(list, func(a, b minio.ObjectInfo) int {
		switch {
		case a.IsLatest == b.IsLatest:
			return b.LastModified.Compare(a.LastModified)
		case a.IsLatest:
			return -1
		}
		return 1
	})
	return list, err
}

type enough string

func (e enough) Error() string { return string(e) }

const errEnough = enough("enough")

// Stat asks for the object, and where there is none for its versions.
func (s *Store) Stat(ctx context.Context, path string, tags bool) (blobs.Object, bool, error) {
	o, err := s.head(ctx, path, "", tags)
	if err == nil {
		return o, true, nil
	}
	if !isGone(err) {
		return o, false, s.wrap(err)
	}
	t, err := s.traits(ctx)
	if err != nil || !t.versions {
		return o, false, err
	}
	list, err := s.versions(ctx, path)
	if err != nil || len(list) == 0 {
		return o, false, err
	}
	for _, v := range list {
		if v.IsDeleteMarker {
			continue
		}
		o, err := s.head(ctx, path, v.VersionID, tags)
		if isGone(err) {
			continue
		}
		o.Deleted = true
		return o, err == nil, s.wrap(err)
	}
	return blobs.Object{Path: path, Modified: list[0].LastModified.UTC(), Deleted: true}, true, nil
}

// head is the object of one version; its error is the client's.
func (s *Store) head(ctx context.Context, path, id string, tags bool) (blobs.Object, error) {
	info, err := s.client.StatObject(ctx, s.bucket, path, minio.StatObjectOptions{VersionID: id})
	if err != nil {
		return blobs.Object{}, err
	}
	o := blobs.Object{
		Path: path, Size: info.Size, Modified: info.LastModified.UTC(), ContentType: info.ContentType, Version: version(info),
		Metadata: map[string]string{},
	}
	for name, value := range info.UserMetadata {
		o.Metadata[strings.ToLower(name)] = value
	}
	if tags {
		o.Tags, err = s.tags(ctx, path, id)
	}
	return o, err
}

func (s *Store) tags(ctx context.Context, path, id string) (map[string]string, error) {
	t, err := s.client.GetObjectTagging(ctx, s.bucket, path, minio.GetObjectTaggingOptions{VersionID: id})
	if response(err).Code == "NoSuchTagSet" {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	return maps.Clone(t.ToMap()), nil
}

// Open opens the object's content as it was listed; the first read connects.
func (s *Store) Open(ctx context.Context, o blobs.Object) (blobs.Content, error) {
	if o.Version == "" && o.Deleted {
		return nil, blobs.Gone(s.name)
	}
	opts := minio.GetObjectOptions{VersionID: versionID(o)}
	if tag := etagOf(o); tag != "" {
		if err := opts.SetMatchETag(tag); err != nil {
			return nil, s.wrap(err)
		}
	}
	r, err := s.client.GetObject(ctx, s.bucket, o.Path, opts)
	if err != nil {
		return nil, s.wrap(err)
	}
	return &content{r, s}, nil
}

// content says what a failure to read means.
type content struct {
	*minio.Object
	store *Store
}

func (c *content) Read(p []byte) (int, error) {
	n, err := c.Object.Read(p)
	return n, c.store.wrapRead(err)
}

func (c *content) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Object.ReadAt(p, off)
	return n, c.store.wrapRead(err)
}

func (s *Store) wrapRead(err error) error {
	if response(err).StatusCode == http.StatusPreconditionFailed {
		return blobs.Changed(s.name)
	}
	if isGone(err) {
		return blobs.Gone(s.name)
	}
	return s.wrap(err)
}
