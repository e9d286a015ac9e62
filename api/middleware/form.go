package middleware

import (
	"errors"
	"net/http"
	"net/url"

	"habeas/api/problem"
	"habeas/models"
)

// Form reads a posted form; a body that is too large is told as such.
func Form(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, problem.TooLarge()
		}
		return nil, models.Errorf(models.Invalid, "bad_form", "The form cannot be read.")
	}
	for _, values := range r.PostForm {
		for _, v := range values {
			if !Readable(v) {
				return nil, BadText()
			}
		}
	}
	return r.PostForm, nil
}
