package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/minio/minio-go/v7"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/models"
)

// response is the store's own answer, the zero value when there was none.
func response(err error) minio.ErrorResponse {
	var r minio.ErrorResponse
	errors.As(err, &r)
	return r
}

// wrap says what a failure means. The store's message and the key that it names are dropped.
func (s *Store) wrap(err error) error {
	var known *models.Error
	if err == nil || errors.Is(err, io.EOF) || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	r := response(err)
	kind, code, text := meaning(r)
	switch code {
	case blobs.CodeGone:
		return blobs.Gone(s.name)
	case blobs.CodeChanged:
		return blobs.Changed(s.name)
	}
	e := models.Errorf(kind, code, "The system %s %s.", s.name, text)
	if r.Code != "" {
		return e.Because(fmt.Errorf("S3 %d %s", r.StatusCode, r.Code))
	}
	return e
}

func meaning(r minio.ErrorResponse) (models.Kind, string, string) {
	switch r.Code {
	case minio.NoSuchKey, minio.NoSuchVersion:
		return models.NotFound, blobs.CodeGone, ""
	case minio.NoSuchBucket:
		return models.Invalid, connectors.CodeMismatch, "has no such bucket"
	case minio.PreconditionFailed, "ConditionalRequestConflict":
		return models.Conflict, blobs.CodeChanged, ""
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AuthorizationHeaderMalformed", "InvalidTokenId":
		return models.Forbidden, connectors.CodeCredentials, "does not accept the credentials"
	case "SlowDown", "SlowDownRead", "SlowDownWrite", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests", "RequestTimeout":
		return models.Unavailable, connectors.CodeBusy, "asks for fewer requests; nothing was changed"
	case "RequestTimeTooSkewed":
		return models.Unavailable, connectors.CodeUnavailable, "has another time than this machine"
	case "InvalidTag", "InvalidTagKey", "InvalidTagValue", "MetadataTooLarge", "BadRequest":
		return models.Invalid, connectors.CodeMismatch, "cannot hold such metadata or tags"
	case "KeyTooLongError", "InvalidObjectName":
		return models.Invalid, connectors.CodeMismatch, "does not allow such a name"
	}
	switch r.StatusCode {
	case http.StatusForbidden, http.StatusUnauthorized:
		return models.Forbidden, connectors.CodeRefused, "refuses the rights that are needed"
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return models.Unavailable, connectors.CodeBusy, "asks for fewer requests; nothing was changed"
	case 0, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return models.Unavailable, connectors.CodeUnavailable, "does not answer"
	}
	return models.Unavailable, connectors.CodeFailed, "failed"
}

// lacks reports whether the store says that it does not know a feature, or that a bucket does not use it.
func lacks(err error) bool {
	switch response(err).Code {
	case "NotImplemented", "ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration", "MethodNotAllowed", "InvalidBucketState", "InvalidRequest":
		return true
	}
	return false
}

// isGone reports whether the store says that there is no such object.
func isGone(err error) bool {
	r := response(err)
	return r.Code == minio.NoSuchKey || r.Code == minio.NoSuchVersion || r.Code != minio.NoSuchBucket && r.StatusCode == http.StatusNotFound ||
		r.StatusCode == http.StatusMethodNotAllowed // a mark of deletion
}
