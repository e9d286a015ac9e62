package actor

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// Console is somebody who has signed in to the console with a browser.
type Console struct {
	base    string
	browser *http.Client
}

// SignIn signs the client's key in.
func (c Client) SignIn(ctx context.Context) (*Console, error) {
	return c.enter(ctx, "/staff/login", url.Values{"key": {c.Key}})
}

// OpenAccount chooses the password of an account by its one-time link, and so signs in as the person.
func (c Client) OpenAccount(ctx context.Context, link, password string) (*Console, error) {
	return c.enter(ctx, link, url.Values{"password": {password}})
}

func (c Client) enter(ctx context.Context, path string, form url.Values) (*Console, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	out := &Console{base: c.Base, browser: &http.Client{Jar: jar}}
	_, err = out.Form(ctx, path, form)
	return out, err
}

// Page gets a page or a file. An answer other than 2xx, after redirects, is a *Problem.
func (c *Console) Page(ctx context.Context, path string) ([]byte, error) {
	return c.call(ctx, http.MethodGet, path, "", nil)
}

// Form sends a form.
func (c *Console) Form(ctx context.Context, path string, form url.Values) ([]byte, error) {
	return c.call(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// Upload sends a form with a file in its field "file", before the other fields.
func (c *Console) Upload(ctx context.Context, path, name string, file []byte, form url.Values) ([]byte, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		return nil, err
	}
	if _, err := part.Write(file); err != nil {
		return nil, err
	}
	for field := range form {
		if err := w.WriteField(field, form.Get(field)); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return c.call(ctx, http.MethodPost, path, w.FormDataContentType(), &body)
}

func (c *Console) call(ctx context.Context, method, path, kind string, body io.Reader) (b []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("Origin", c.base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return read(c.browser, req)
}
