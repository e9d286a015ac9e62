package v1

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"
	nethttpmiddleware "github.com/oapi-codegen/nethttp-middleware"

	"habeas/api/problem"
	"habeas/models"
)

// Read reads the document. It fails when that is not right.
func Read(document []byte) (*openapi3.T, error) {
	spec, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, err
	}
	return spec, spec.Validate(context.Background())
}

// Validator refuses calls that do not follow the document, with codes of our own: the library's messages may quote what was sent.
func Validator(document *openapi3.T, fail func(http.ResponseWriter, *http.Request, error)) func(http.Handler) http.Handler {
	own := *document // the library writes to it
	return nethttpmiddleware.OapiRequestValidatorWithOptions(&own, &nethttpmiddleware.Options{
		DoNotValidateServers: true,
		Options: openapi3filter.Options{
			MultiError:              true,
			AuthenticationFunc:      openapi3filter.NoopAuthenticationFunc, // the access table has seen to it
			SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.DisableSchemaErrorDetails()},
		},
		ErrorHandlerWithOpts: func(_ context.Context, err error, w http.ResponseWriter, r *http.Request, o nethttpmiddleware.ErrorHandlerOpts) {
			switch {
			case errors.Is(err, routers.ErrMethodNotAllowed):
				err = echo.ErrMethodNotAllowed
			case o.MatchedRoute == nil:
				err = echo.ErrNotFound
			default:
				err = told(err)
			}
			fail(w, r, err)
		},
	})
}

// told turns the library's errors into ours.
func told(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	var faults problem.Faults
	collect(err, "", &faults)
	if len(faults) == 0 {
		return models.Errorf(models.Invalid, "bad_request", "The call cannot be read.")
	}
	return faults
}

// collect walks the tree of errors; parameter is the one that a schema error is about, empty for the body.
func collect(err error, parameter string, out *problem.Faults) {
	switch e := err.(type) { //nolint:errorlint // the tree is walked by hand, since errors.As would stop at its first leaf
	case openapi3.MultiError:
		for _, inner := range e {
			collect(inner, parameter, out)
		}
	case *openapi3filter.RequestError:
		if e.Parameter != nil {
			parameter = e.Parameter.Name
		}
		if e.Err == nil || !nested(e.Err) {
			*out = append(*out, unreadable(e, parameter))
			return
		}
		collect(e.Err, parameter, out)
	case *openapi3.SchemaError:
		if e.Origin != nil && nested(e.Origin) {
			collect(e.Origin, parameter, out)
			return
		}
		*out = append(*out, schemaFault(e, parameter))
	}
}

func nested(err error) bool {
	switch err.(type) { //nolint:errorlint // as above
	case openapi3.MultiError, *openapi3.SchemaError, *openapi3filter.RequestError:
		return true
	}
	return false
}

func unreadable(e *openapi3filter.RequestError, parameter string) *models.Error {
	switch {
	case parameter != "":
		return models.Errorf(models.Invalid, "bad_parameter", "A parameter is not of the form that it must have.").At(parameter)
	case strings.Contains(e.Reason, "Content-Type"):
		return models.Errorf(models.Invalid, "unsupported_media_type", "Send the body as application/json.")
	case errors.Is(e.Err, openapi3filter.ErrInvalidRequired):
		return models.Errorf(models.Invalid, "missing_body", "Send a JSON body.")
	}
	return models.Errorf(models.Invalid, "bad_json", "The body is not JSON of the form that it must have.")
}

// schemaCodes are our codes by the keyword of the schema that was broken.
var schemaCodes = map[string]string{
	"required": "missing_field", "properties": "unknown_field", "additionalProperties": "unknown_field", "type": "wrong_type",
	"maxLength": "too_long", "minLength": "too_short", "maxItems": "too_many_items", "maxProperties": "too_many_items",
	"maximum": "out_of_range", "minimum": "out_of_range",
}

func schemaFault(e *openapi3.SchemaError, parameter string) *models.Error {
	code := schemaCodes[e.SchemaField]
	if code == "" {
		code = "bad_value"
	}
	at := parameter
	if at == "" {
		at = "/" + strings.Join(safe(e.JSONPointer(), code), "/")
	}
	switch code {
	case "missing_field":
		if at == "/email" {
			code = "bad_email"
		}
		return models.Errorf(models.Invalid, code, "A member is missing.").At(at)
	case "unknown_field":
		return models.Errorf(models.Invalid, code, "A member is not known here.").At(at)
	}
	return models.Errorf(models.Invalid, code, "A member is not of the form that it must have.").At(at)
}

// safe leaves out the last part of a pointer that names an unknown member: its name was submitted.
func safe(pointer []string, code string) []string {
	if code == "unknown_field" && len(pointer) > 0 {
		return pointer[:len(pointer)-1]
	}
	return pointer
}
