package ldap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// errReferred stands for entries that are on another server.
var errReferred = errors.New("referred to another server")

// failed maps an error of the system; the caller's own comes back as it is, and ErrStop as none.
func (s *System) failed(ctx context.Context, err error, node *datamap.Node) error {
	if errors.Is(err, connectors.ErrStop) {
		return nil
	}
	if y, ok := errors.AsType[connectors.YieldError](err); ok {
		return y.Err
	}
	return s.wrap(ctx, err, node.Address.String())
}

// wrap says what a failure means, in the words of the map. The server's own message is dropped, since it may quote a value.
func (s *System) wrap(ctx context.Context, err error, where string) error {
	var known *models.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	if where != "" {
		where = " at " + where
	}
	if cause := ctx.Err(); errors.Is(cause, context.Canceled) {
		return cause
	}
	kind, code, text := models.Unavailable, connectors.CodeUnavailable, "does not answer"
	cause := errors.New("no result code")
	var result *driver.Error
	switch {
	case untrusted(err):
		text = "does not prove who it is by a certificate that is trusted"
	case errors.Is(err, context.DeadlineExceeded):
		code, text = connectors.CodeBusy, "is too slow"
	case errors.Is(err, errReferred):
		kind, code, text = models.Invalid, connectors.CodeMismatch, "refers to another server for a part of the entries, which would be left out"
	case errors.As(err, &result):
		kind, code, text = meaning(result)
		cause = fmt.Errorf("LDAP result %d %s", result.ResultCode, driver.LDAPResultCodeMap[result.ResultCode])
	}
	return models.Errorf(kind, code, "The system %s %s%s.", s.name, text, where).Because(cause)
}

func meaning(e *driver.Error) (models.Kind, string, string) {
	switch e.ResultCode {
	case driver.ErrorNetwork:
		if e.Err != nil && strings.Contains(e.Err.Error(), "timed out") {
			return models.Unavailable, connectors.CodeBusy, "is too slow"
		}
		return models.Unavailable, connectors.CodeUnavailable, "does not answer"
	case driver.LDAPResultInvalidCredentials, driver.LDAPResultInappropriateAuthentication, driver.LDAPResultStrongAuthRequired,
		driver.LDAPResultConfidentialityRequired, driver.LDAPResultAuthMethodNotSupported, driver.LDAPResultInvalidDNSyntax:
		return models.Forbidden, connectors.CodeCredentials, "does not accept the account or its password"
	case driver.LDAPResultInsufficientAccessRights:
		return models.Forbidden, connectors.CodeRefused, "refuses the rights that are needed"
	case driver.LDAPResultSizeLimitExceeded, driver.LDAPResultAdminLimitExceeded:
		return models.Forbidden, connectors.CodeRefused, "cuts results short by a limit for this account, so that nobody could tell what is missing"
	case driver.LDAPResultTimeLimitExceeded, driver.LDAPResultBusy:
		return models.Unavailable, connectors.CodeBusy, "is busy"
	case driver.LDAPResultUnavailable, driver.LDAPResultServerDown:
		return models.Unavailable, connectors.CodeUnavailable, "does not answer"
	case driver.LDAPResultUnwillingToPerform, driver.LDAPResultReferral:
		if readOnly(e) {
			return models.Conflict, connectors.CodeReadOnly, "is read-only; nothing was changed"
		}
		return models.Unavailable, connectors.CodeFailed, "is unwilling"
	case driver.LDAPResultNoSuchObject, driver.LDAPResultNoSuchAttribute, driver.LDAPResultUndefinedAttributeType,
		driver.LDAPResultInvalidAttributeSyntax, driver.LDAPResultInappropriateMatching:
		return models.Invalid, connectors.CodeMismatch, "does not fit the data map"
	default:
		return models.Unavailable, connectors.CodeFailed, "failed"
	}
}

// readOnly tells a copy, or a database that takes no changes: both answer in fixed words, or name the server that does take them.
func readOnly(e *driver.Error) bool {
	if e.ResultCode == driver.LDAPResultReferral {
		return true
	}
	if e.ResultCode != driver.LDAPResultUnwillingToPerform || e.Err == nil {
		return false
	}
	text := e.Err.Error()
	return strings.Contains(text, "operation restricted") || strings.Contains(text, "shadow context")
}

// blocked is the code for a refusal that belongs to a single entry, "" for any other error.
func blocked(err error) (code, detail string) {
	var e *driver.Error
	if !errors.As(err, &e) || readOnly(e) {
		return "", ""
	}
	detail = driver.LDAPResultCodeMap[e.ResultCode]
	switch e.ResultCode {
	case driver.LDAPResultNotAllowedOnNonLeaf:
		return connectors.BlockedReferenced, detail
	case driver.LDAPResultConstraintViolation:
		if e.Err != nil && strings.Contains(e.Err.Error(), "unique") {
			return connectors.BlockedUnique, detail
		}
		return connectors.BlockedRefused, detail
	case driver.LDAPResultInsufficientAccessRights, driver.LDAPResultObjectClassViolation, driver.LDAPResultNotAllowedOnRDN,
		driver.LDAPResultNamingViolation, driver.LDAPResultUnwillingToPerform, driver.LDAPResultObjectClassModsProhibited:
		return connectors.BlockedRefused, detail
	}
	return "", ""
}

func mismatch(format string, args ...any) error {
	return models.Errorf(models.Invalid, connectors.CodeMismatch, format, args...)
}
