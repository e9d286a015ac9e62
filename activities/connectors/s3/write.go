package s3

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/tags"

	"habeas/activities/connectors/blobs"
	"habeas/models"
)

// Versions counts what is left of an object. A list may lag behind, so the object itself is asked too.
func (s *Store) Versions(ctx context.Context, path string) (int, error) {
	t, err := s.traits(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	if t.versions {
		list, err := s.versions(ctx, path)
		if err != nil {
			return 0, err
		}
		n = len(list)
	}
	if n > 0 {
		return n, nil
	}
	_, err = s.client.StatObject(ctx, s.bucket, path, minio.StatObjectOptions{})
	if isGone(err) {
		return 0, nil
	}
	return 1, s.wrap(err)
}

// Remove removes each version, after it has made sure that none is held.
func (s *Store) Remove(ctx context.Context, path string) (bool, error) {
	t, err := s.traits(ctx)
	if err != nil {
		return false, err
	}
	list := []minio.ObjectInfo{{Key: path}}
	if t.versions {
		if list, err = s.versions(ctx, path); err != nil {
			return false, err
		}
	}
	if len(list) == 0 || !t.versions {
		if _, err := s.client.StatObject(ctx, s.bucket, path, minio.StatObjectOptions{}); err != nil {
			if isGone(err) {
				return false, nil
			}
			return false, s.wrap(err)
		}
		list = []minio.ObjectInfo{{Key: path}}
	}
	return true, s.removeAll(ctx, t, list)
}

// Purge removes the versions that are not the newest.
func (s *Store) Purge(ctx context.Context, path string) error {
	t, err := s.traits(ctx)
	if err != nil || !t.versions {
		return err
	}
	list, err := s.versions(ctx, path)
	if err != nil || len(list) < 2 {
		return err
	}
	return s.removeAll(ctx, t, list[1:])
}

func (s *Store) removeAll(ctx context.Context, t traits, list []minio.ObjectInfo) error {
	if err := s.free(ctx, t, list); err != nil {
		return err
	}
	for i := len(list) - 1; i >= 0; i-- { // the oldest first: what is left when it breaks off is what people see
		err := s.client.RemoveObject(ctx, s.bucket, list[i].Key, minio.RemoveObjectOptions{VersionID: list[i].VersionID})
		if err != nil && !isGone(err) {
			return s.wrap(err)
		}
	}
	return nil
}

// free fails with CodeHeld when the store must keep one of the versions.
func (s *Store) free(ctx context.Context, t traits, list []minio.ObjectInfo) error {
	if !t.locks {
		return nil
	}
	for _, v := range list {
		if v.IsDeleteMarker {
			continue
		}
		held, err := s.held(ctx, v)
		if err != nil && !isGone(err) && !lacks(err) {
			return s.wrap(err)
		}
		if held {
			return models.Errorf(models.Conflict, blobs.CodeHeld, "The system %s keeps an object by a retention period or legal hold; it was left whole.", s.name)
		}
	}
	return nil
}

// held asks for the version's hold and retention. A retention in a form that the client cannot read counts, unless the object's own
// headers say that it has ended.
func (s *Store) held(ctx context.Context, v minio.ObjectInfo) (bool, error) {
	hold, err := s.client.GetObjectLegalHold(ctx, s.bucket, v.Key, minio.GetObjectLegalHoldOptions{VersionID: v.VersionID})
	if err == nil && hold != nil && *hold == minio.LegalHoldEnabled {
		return true, nil
	}
	if err != nil && !isGone(err) && !lacks(err) {
		return false, err
	}
	_, until, err := s.client.GetObjectRetention(ctx, s.bucket, v.Key, v.VersionID)
	var form xml.UnmarshalError
	if !errors.As(err, &form) {
		return err == nil && until != nil && until.After(time.Now()), err
	}
	info, err := s.client.StatObject(ctx, s.bucket, v.Key, minio.StatObjectOptions{VersionID: v.VersionID})
	if err != nil {
		return false, err
	}
	end, err := time.Parse(time.RFC3339, info.Metadata.Get("X-Amz-Object-Lock-Retain-Until-Date"))
	return err != nil || end.After(time.Now()), nil
}

// Replace writes a new content, or copies the object onto itself with other metadata, each on condition that it is still the one that
// was read. Then the versions before it are removed.
func (s *Store) Replace(ctx context.Context, was blobs.Object, change blobs.Change) error {
	t, err := s.traits(ctx)
	if err != nil {
		return err
	}
	if was.Deleted {
		return blobs.Gone(s.name)
	}
	rewrites := change.Body != nil || len(change.Metadata) > 0
	if t.locks && rewrites {
		list, err := s.versions(ctx, was.Path)
		if err != nil {
			return err
		}
		if err := s.free(ctx, t, list); err != nil {
			return err
		}
	}
	switch {
	case change.Body != nil:
		err = s.put(ctx, was, change)
	case len(change.Metadata) > 0:
		err = s.copy(ctx, was, change)
	}
	if err == nil && len(change.Tags) > 0 && change.Body == nil {
		err = s.putTags(ctx, was.Path, change.Tags)
	}
	if err != nil || !rewrites {
		return s.wrap(err)
	}
	return s.Purge(ctx, was.Path)
}

func (s *Store) putTags(ctx context.Context, path string, change map[string]*string) error {
	now, err := s.tags(ctx, path, "")
	if err != nil {
		return err
	}
	all, err := tags.MapToObjectTags(merge(now, change))
	if err != nil {
		return blobs.Mismatch("The system %s cannot hold such a tag.", s.name)
	}
	return s.client.PutObjectTagging(ctx, s.bucket, path, all, minio.PutObjectTaggingOptions{})
}

func merge(now map[string]string, change map[string]*string) map[string]string {
	all := maps.Clone(now)
	if all == nil {
		all = map[string]string{}
	}
	for name, value := range change {
		delete(all, name)
		if value != nil {
			all[name] = *value
		}
	}
	return all
}

// metadata is what an object is to have, in the form of headers, which hold printable ASCII only.
func metadata(info minio.ObjectInfo, change map[string]*string) map[string]string {
	now := map[string]string{}
	for name, value := range info.UserMetadata {
		now[strings.ToLower(name)] = value
	}
	all := merge(now, change)
	for name, value := range all {
		if strings.TrimSpace(value) != value || strings.HasPrefix(value, "=?") || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			all[name] = encoded(value)
		}
	}
	return all
}

// encoded is a text as RFC 2047 writes it into headers, in words of at most 75 characters.
func encoded(value string) string {
	const most = 42 // bytes of a word
	var words []string
	for len(value) > 0 {
		n := min(most, len(value))
		for n < len(value) && n > most-utf8.UTFMax && !utf8.RuneStart(value[n]) {
			n--
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(value[:n]))+"?=")
		value = value[n:]
	}
	return strings.Join(words, " ")
}

// copy gives the object other metadata without sending its content.
func (s *Store) copy(ctx context.Context, was blobs.Object, change blobs.Change) error {
	info, err := s.current(ctx, was)
	if err != nil {
		return err
	}
	dst := minio.CopyDestOptions{
		Bucket: s.bucket, Object: was.Path, ReplaceMetadata: true, UserMetadata: metadata(info, change.Metadata),
		ContentType: info.ContentType, ContentEncoding: info.ContentEncoding, ContentDisposition: info.Headers.Get("Content-Disposition"),
		ContentLanguage: info.Headers.Get("Content-Language"), CacheControl: info.Headers.Get("Cache-Control"), Expires: info.Expires,
	}
	if class := info.Headers.Get("X-Amz-Storage-Class"); class != "" {
		dst.UserMetadata["X-Amz-Storage-Class"] = class
	}
	src := minio.CopySrcOptions{Bucket: s.bucket, Object: was.Path, MatchETag: etagOf(was)}
	const largest = 5 << 30 // of one copy
	if info.Size > largest {
		_, err = s.client.ComposeObject(ctx, dst, src)
	} else {
		_, err = s.client.CopyObject(ctx, dst, src)
	}
	return err
}

// current is the object as it is, if it is still the one that was read.
func (s *Store) current(ctx context.Context, was blobs.Object) (minio.ObjectInfo, error) {
	info, err := s.client.StatObject(ctx, s.bucket, was.Path, minio.StatObjectOptions{})
	if err == nil && strings.Trim(info.ETag, `"`) != etagOf(was) {
		err = blobs.Changed(s.name)
	}
	return info, err
}

const (
	smallBody = 1 << 20
	partSize  = 16 << 20 // one part is in memory at a time
)

// put sends the new content while it is made. When making it fails, nothing is stored.
func (s *Store) put(ctx context.Context, was blobs.Object, change blobs.Change) error {
	info, err := s.current(ctx, was)
	if err != nil {
		return err
	}
	kept, err := s.tags(ctx, was.Path, "")
	if err != nil {
		return err
	}
	opts := minio.PutObjectOptions{
		UserMetadata: metadata(info, change.Metadata), UserTags: merge(kept, change.Tags), ContentType: info.ContentType, ContentEncoding: info.ContentEncoding,
		ContentDisposition: info.Headers.Get("Content-Disposition"), ContentLanguage: info.Headers.Get("Content-Language"),
		CacheControl: info.Headers.Get("Cache-Control"), Expires: info.Expires, StorageClass: info.Headers.Get("X-Amz-Storage-Class"),
		PartSize: partSize, NumThreads: 1,
	}
	opts.SetMatchETag(etagOf(was))
	in, out := io.Pipe()
	made := make(chan error, 1)
	go func() {
		err := change.Body(out)
		out.CloseWithError(err)
		made <- err
	}()
	head := make([]byte, smallBody)
	n, err := io.ReadFull(in, head)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		_, err = s.client.PutObject(ctx, s.bucket, was.Path, bytes.NewReader(head[:n]), int64(n), opts)
	case err == nil:
		_, err = s.client.PutObject(ctx, s.bucket, was.Path, io.MultiReader(bytes.NewReader(head), in), -1, opts)
	}
	in.CloseWithError(errStopped)
	if body := <-made; body != nil && !errors.Is(body, errStopped) {
		return body
	}
	return err
}

const errStopped = enough("stopped")
