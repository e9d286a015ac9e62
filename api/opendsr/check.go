package opendsr

import (
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"habeas/api/intake"
	"habeas/api/problem"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/opendsr"
	"habeas/models/request"
)

// Limits of a request.
const (
	maxIdentities = 50
	maxValue      = 254
	maxCallbacks  = 5
	maxURL        = 2000
)

// clockSkew is how far ahead of ours a controller's clock may be.
const clockSkew = 24 * time.Hour

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// asked is a request that was found to be in order.
type asked struct {
	id         models.ID
	right      models.Right
	identities []request.Identity
	submitted  time.Time
	callbacks  []models.Personal
	canonical  []byte // the same for the same request, however its JSON is written
}

// checker collects what is wrong with a request, all of it at once.
type checker struct {
	*Server
	faults problem.Faults
}

func (k *checker) add(field, code, format string, args ...any) {
	k.faults = append(k.faults, models.Errorf(models.Invalid, code, format, args...).At("/"+field))
}

func (k *checker) required(field string) {
	k.add(field, "field_required", "%s field is required", field)
}

// check reads the body of a request. It fails with problem.Faults: bad_json, field_required, bad_subject_request_id, unknown_regulation,
// unknown_request_type, bad_submitted_time, unsupported_version, too_many_identities, unsupported_identity_type, unsupported_identity_format,
// bad_identity or bad_callback_url. No message holds what was sent.
func (s *Server) check(body []byte) (asked, error) {
	var r opendsr.Request
	if json.Unmarshal(body, &r) != nil {
		return asked{}, problem.Faults{models.Errorf(models.Invalid, "bad_json", "The body is not a JSON object with members of the right types.")}
	}
	k := &checker{Server: s}
	a := asked{submitted: r.Submitted.Time}
	r.ID = strings.ToLower(r.ID) // section 1.1 wants it so, and not all send it so
	k.head(r, &a)
	k.time(r)
	k.identities(r.Identities, &a)
	k.callbacks(r.Callbacks, &a)
	if len(k.faults) > 0 {
		return asked{}, k.faults
	}
	var err error
	a.canonical, err = json.Marshal(r)
	return a, err
}

func (k *checker) head(r opendsr.Request, a *asked) {
	switch {
	case r.ID == "":
		k.required("subject_request_id")
	case !uuid4.MatchString(r.ID):
		k.add("subject_request_id", "bad_subject_request_id", "subject_request_id must be a UUID of version 4")
	default:
		a.id = models.MustParseID(r.ID) // it has the form
	}
	if r.Regulation != "" && r.Regulation != opendsr.GDPR && r.Regulation != opendsr.CCPA { // the text's own example leaves it out
		k.add("regulation", "unknown_regulation", "regulation must be gdpr or ccpa")
	}
	right, ok := r.Type.Right()
	switch {
	case r.Type == "":
		k.required("subject_request_type")
	case !ok:
		k.add("subject_request_type", "unknown_request_type", "subject_request_type must be access, portability or erasure")
	}
	a.right = right
	if major, _, _ := strings.Cut(r.Version, "."); r.Version != "" && major != "1" && major != "2" {
		k.add("api_version", "unsupported_version", "api_version must be 2.0 or 1.0")
	}
}

func (k *checker) time(r opendsr.Request) {
	switch {
	case r.Submitted.IsZero():
		k.add("submitted_time", "field_required", "submitted_time field is required, as an RFC 3339 date")
	case r.Submitted.After(k.now().Add(clockSkew)), r.Submitted.Year() < 1970:
		k.add("submitted_time", "bad_submitted_time", "submitted_time must be the time of the person's request")
	}
}

func (k *checker) identities(list []opendsr.Identity, a *asked) {
	switch {
	case len(list) == 0: // this processor has no extension that could hold them instead
		k.required("subject_identities")
	case len(list) > maxIdentities:
		k.add("subject_identities", "too_many_identities", "subject_identities holds more than %d", maxIdentities)
		return
	}
	raw := map[string][]string{}
	for _, i := range list {
		if i.Format == opendsr.Raw {
			raw[i.Type] = append(raw[i.Type], datamap.Fold(k.config.Kinds[i.Type], i.Value))
		}
	}
	for _, i := range list {
		if id, ok := k.identity(i, raw[i.Type]); ok && !slices.Contains(a.identities, id) {
			a.identities = append(a.identities, id)
		}
	}
}

// identity is what the data is searched by; false for one that is refused, or that only repeats a raw one as a hash.
func (k *checker) identity(i opendsr.Identity, raw []string) (request.Identity, bool) {
	kind, known := k.config.Kinds[i.Type]
	value := strings.TrimSpace(i.Value)
	switch {
	case i.Type == "" || i.Format == "" || value == "":
		k.add("subject_identities", "field_required", "each identity needs identity_type, identity_value and identity_format")
	case !known:
		k.add("subject_identities", "unsupported_identity_type", "an identity_type is not supported; see /discovery")
	case !slices.Contains(opendsr.Formats, i.Format):
		k.add("subject_identities", "unsupported_identity_format", "identity_format must be raw, sha1, md5 or sha256")
	case i.Format != opendsr.Raw:
		if !repeats(i.Format, value, raw) {
			k.add("subject_identities", "unsupported_identity_format", "a hashed identity cannot be searched; send it raw")
		}
	case utf8.RuneCountInString(value) > maxValue || strings.ContainsFunc(value, unicode.IsControl) || kind == datamap.IdentityEmail && !isEmail(value):
		k.add("subject_identities", "bad_identity", "an identity_value is too long or not of its type")
	default:
		return request.Identity{Kind: kind, Value: models.Personal(value)}, true
	}
	return request.Identity{}, false
}

func repeats(f opendsr.Format, hash string, raw []string) bool {
	return slices.ContainsFunc(raw, func(value string) bool {
		h, ok := f.Of(value)
		return ok && strings.EqualFold(h, hash)
	})
}

func isEmail(s string) bool {
	_, ok := intake.ParseEmail(s)
	return ok
}

func (k *checker) callbacks(list []string, a *asked) {
	if len(list) > maxCallbacks {
		k.add("status_callback_urls", "bad_callback_url", "status_callback_urls holds more than %d", maxCallbacks)
		return
	}
	for _, text := range list {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.User != nil || len(text) > maxURL || u.Scheme != "https" && (u.Scheme != "http" || !slices.Contains(k.config.Private, u.Host)) {
			k.add("status_callback_urls", "bad_callback_url", "each of status_callback_urls must be an https address")
			return
		}
		if !slices.Contains(a.callbacks, models.Personal(text)) {
			a.callbacks = append(a.callbacks, models.Personal(text))
		}
	}
}

// faultsOf are the errors to tell one by one.
func faultsOf(err error) []*models.Error {
	if many, ok := errors.AsType[problem.Faults](err); ok {
		return many
	}
	if one, ok := errors.AsType[*models.Error](err); ok {
		return []*models.Error{one}
	}
	return nil
}
