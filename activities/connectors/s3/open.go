package s3

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/models"
)

// Kind is the name under which the connector is registered.
const Kind = "s3"

var _ connectors.Opener = Open

// Open opens the bucket that the DSN names, https://ACCESS:SECRET@host/bucket?region=eu-central-1, with the settings of blobs.Settings.
// Parameters are region (us-east-1 when left out), path_style (1: the bucket is in the path of each address; 0: in the host's name; left
// out: as the host's name suggests), session_token, and timeout, the longest wait for an answer (30s). It fails with code bad_dsn.
func Open(ctx context.Context, cfg connectors.Config) (connectors.System, error) {
	store, err := OpenStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return blobs.NewSystem(store, cfg)
}

const (
	maxRetries  = 4 // within a call; the activity tries again after that
	defaultWait = 30 * time.Second
)

// OpenStore opens the bucket as a place of files, without rows.
func OpenStore(_ context.Context, cfg connectors.Config) (blobs.Store, error) {
	bad := func(why string) error {
		return models.Errorf(models.Invalid, "bad_dsn", "The address of the system %s %s; write https://ACCESS:SECRET@host/bucket?region=…", cfg.Name, why)
	}
	u, err := url.Parse(cfg.DSN.Reveal())
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, bad("is not that of an object store")
	}
	bucket := strings.Trim(u.Path, "/")
	secret, given := u.User.Password()
	if bucket == "" || strings.Contains(bucket, "/") {
		return nil, bad("names no bucket, or more than a bucket")
	}
	if !given || u.User.Username() == "" {
		return nil, bad("has no access key and secret")
	}
	wait, lookup := defaultWait, minio.BucketLookupAuto
	q := u.Query()
	for name := range q {
		value := q.Get(name)
		switch name {
		case "region", "session_token":
		case "path_style":
			lookup = minio.BucketLookupPath
			if value == "0" || value == "false" {
				lookup = minio.BucketLookupDNS
			}
		case "timeout":
			if wait, err = time.ParseDuration(value); err != nil || wait <= 0 {
				return nil, bad("has a timeout that is no time, such as 30s")
			}
		default:
			return nil, bad("has the unknown parameter " + name)
		}
	}
	region := q.Get("region")
	if region == "" {
		region = "us-east-1"
	}
	transport := newTransport(wait)
	client, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(u.User.Username(), secret, q.Get("session_token")), Secure: u.Scheme == "https",
		Region: region, BucketLookup: lookup, Transport: transport, MaxRetries: maxRetries,
	})
	if err != nil {
		return nil, bad("cannot be used")
	}
	return &Store{name: cfg.Name, bucket: bucket, client: client, transport: transport}, nil
}

func newTransport(wait time.Duration) *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: wait, ExpectContinueTimeout: 5 * time.Second,
		MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		DisableCompression: true, // an object with Content-Encoding is given as it lies there
	}
}

// Store is a bucket as a blobs.Store. An object that was deleted in a bucket that keeps versions is there until they are gone.
type Store struct {
	name      string
	bucket    string
	client    *minio.Client
	transport *http.Transport

	mu    sync.Mutex
	known traits
	until time.Time
}

var (
	_ blobs.Store    = (*Store)(nil)
	_ blobs.Examiner = (*Store)(nil)
)

// Name is the system's name.
func (s *Store) Name() string { return s.name }

// Traits says that objects may have metadata and tags.
func (s *Store) Traits() blobs.Traits {
	return blobs.Traits{Metadata: true, Tags: true, ContentType: true}
}

// Close lets go of idle connections.
func (s *Store) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// Ping lists one object.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for o := range s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{MaxKeys: 1, Recursive: true}) {
		return s.wrap(o.Err)
	}
	return nil
}

// traits is what the bucket does with objects that are overwritten or deleted.
type traits struct {
	versions bool // it keeps, or has kept, versions
	locks    bool // it may have to keep a version
}

// rememberFor is short, since a bucket that is gone answers a question for an object as if the object were gone.
const rememberFor = 2 * time.Second

// traits asks the bucket, and remembers the answer for a moment. It fails when there is no bucket.
func (s *Store) traits(ctx context.Context) (traits, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.until) {
		return s.known, nil
	}
	var t traits
	versioning, err := s.client.GetBucketVersioning(ctx, s.bucket)
	if err != nil && !lacks(err) {
		return t, s.wrap(err)
	}
	t.versions = versioning.Status != ""
	if t.versions {
		enabled, _, _, _, err := s.client.GetObjectLockConfig(ctx, s.bucket)
		if err != nil && !lacks(err) {
			return t, s.wrap(err)
		}
		t.locks = enabled == "Enabled"
	}
	s.known, s.until = t, time.Now().Add(rememberFor)
	return t, nil
}

// Examine tells what the bucket keeps.
func (s *Store) Examine(ctx context.Context, _ string) ([]blobs.Finding, error) {
	t, err := s.traits(ctx)
	if err != nil || !t.versions {
		return nil, err
	}
	list := []blobs.Finding{{
		Severity: "warning", Code: "keeps_versions", Message: "The bucket keeps versions; an object is erased with all of them, and one that was deleted counts as there until they are gone.",
		Advice: "Give the account s3:ListBucketVersions and s3:DeleteObjectVersion.",
	}}
	if t.locks {
		list = append(list, blobs.Finding{
			Severity: "warning", Code: "object_lock", Message: "The bucket can hold objects for a time; erasing one of these is refused until then.",
			Advice: "Describe the reason as a hold of the collection, so that the erasure is planned for its end.",
		})
	}
	return list, nil
}
