package opendsr

import (
	"encoding/json"
	"log/slog"
	"strings"
	"time"
)

// Version is the version of the text that this package follows.
const Version = "2.0"

// VersionOld is the version before it, under its former name OpenGDPR.
const VersionOld = "1.0"

// Headers under answers and callbacks, section 8.3. The names before 2.0 must be honoured too, section 10.1.
const (
	HeaderDomain       = "X-OpenDSR-Processor-Domain"
	HeaderSignature    = "X-OpenDSR-Signature"
	HeaderDomainOld    = "X-OpenGDPR-Processor-Domain"
	HeaderSignatureOld = "X-OpenGDPR-Signature"
)

// Type is a subject_request_type, section 6.2.
type Type string

// The request types.
const (
	Access      Type = "access"
	Portability Type = "portability"
	Erasure     Type = "erasure"
)

// Regulations, section 7.1.1.
const (
	GDPR = "gdpr"
	CCPA = "ccpa"
)

// IdentityTypes are the keys of section 5.1.
var IdentityTypes = []string{
	"controller_customer_id", "android_advertising_id", "android_id", "email", "fire_advertising_id", "ios_advertising_id", "ios_vendor_id",
	"microsoft_advertising_id", "microsoft_publisher_id", "roku_publisher_id", "roku_advertising_id",
}

// Identity is an identity object, section 5.3. Its value is personal data: it prints as the type only.
type Identity struct {
	Type   string `json:"identity_type"`
	Value  string `json:"identity_value,omitempty"` // left out in a discovery
	Format Format `json:"identity_format"`
}

func (i Identity) String() string { return i.Type + "/" + string(i.Format) }

// GoString keeps the value out of %#v.
func (i Identity) GoString() string { return i.String() }

// LogValue keeps the value out of structured logs.
func (i Identity) LogValue() slog.Value { return slog.StringValue(i.String()) }

// Discovery is what a processor says of itself, section 6.3.
type Discovery struct {
	Version     string     `json:"api_version"`
	Identities  []Identity `json:"supported_identities"`
	Types       []Type     `json:"supported_subject_request_types"`
	Certificate string     `json:"processor_certificate"`
}

// Request is what a controller asks for, section 7.1.1.
type Request struct {
	Regulation string                     `json:"regulation,omitempty"` // 2.0
	ID         string                     `json:"subject_request_id"`   // UUID v4, lower case
	Type       Type                       `json:"subject_request_type"`
	Identities []Identity                 `json:"subject_identities,omitempty"`
	Submitted  Time                       `json:"submitted_time"`
	Version    string                     `json:"api_version,omitempty"`
	Callbacks  []string                   `json:"status_callback_urls,omitempty"`
	Extensions map[string]json.RawMessage `json:"extensions,omitempty"` // by a processor's domain
}

// Receipt is the answer to a Request, section 7.3. EncodedRequest holds personal data and must be neither logged nor stored.
type Receipt struct {
	Controller     string `json:"controller_id"`
	ExpectBy       Time   `json:"expected_completion_time"`
	Received       Time   `json:"received_time"`
	EncodedRequest string `json:"encoded_request,omitempty"`
	ID             string `json:"subject_request_id"`
}

// StatusReport is the answer to a question for the status, section 8.3, and with CallbackURL a callback, section 8.6.
type StatusReport struct {
	Controller  string          `json:"controller_id"`
	ExpectBy    Time            `json:"expected_completion_time"`
	CallbackURL string          `json:"status_callback_url,omitempty"`
	ID          string          `json:"subject_request_id"`
	Status      string          `json:"request_status"` // ReadStatus understands it
	Version     string          `json:"api_version,omitempty"`
	ResultsURL  string          `json:"results_url,omitempty"`
	Results     json.RawMessage `json:"results_count,omitempty"`

	Extensions map[string]json.RawMessage `json:"extensions,omitempty"` // not of the text: by a processor's domain, as in a Request
}

// Cancellation is the answer to a cancellation, section 9.2.
type Cancellation struct {
	Controller string `json:"controller_id"`
	Received   Time   `json:"received_time"`
	ID         string `json:"subject_request_id"`
	Version    string `json:"api_version,omitempty"`
}

// Failure is an error's answer, section 7.6.
type Failure struct {
	Error struct {
		Code    int      `json:"code"`
		Message string   `json:"message,omitempty"`
		Errors  []Detail `json:"errors,omitempty"`
	} `json:"error"`
}

// Detail is one error of a Failure.
type Detail struct {
	Domain  string `json:"domain"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Status is a request's status, section 8.
type Status string

// The statuses of the text, and Denied for what some processors add to them.
const (
	Pending    Status = "pending"
	InProgress Status = "in_progress"
	Completed  Status = "completed"
	Cancelled  Status = "cancelled"
	Denied     Status = "denied"
)

// spellings are the statuses without case and separators: those of the text, those of its versions before 1.0, and those seen in the
// field.
var spellings = map[string]Status{
	"pending": Pending, "received": Pending, "inprogress": InProgress, "processing": InProgress, "distributed": InProgress,
	"completed": Completed, "complete": Completed, "fulfilled": Completed, "cancelled": Cancelled, "canceled": Cancelled,
	"denied": Denied, "rejected": Denied, "refused": Denied, "skipped": Denied,
}

// ReadStatus understands a status however it is spelt; false for one that nobody knows, which must not be taken for any other.
func ReadStatus(text string) (Status, bool) {
	s, ok := spellings[strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(strings.TrimSpace(text)))]
	return s, ok
}

// Time is an instant in RFC 3339. Read, it is lenient: without a zone it is UTC, and what is no time at all is none.
type Time struct{ time.Time }

// MarshalJSON writes UTC in whole seconds, as the text's examples do.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(t.UTC().Format(time.RFC3339)) }

// UnmarshalJSON never fails.
func (t *Time) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", time.DateTime, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			t.Time = at.UTC()
			return nil
		}
	}
	return nil
}

// RequestID is an identifier in the form that section 1.1 asks for: lower case, with the version and the variant of a UUID v4. The
// same 16 bytes give the same one; those of a UUID of another version keep all their other bits.
func RequestID(id [16]byte) string {
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 36)
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, digits[b>>4], digits[b&15])
	}
	return string(out)
}
