package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// logo is a PNG of a size in pixels; noise cannot be packed.
func logo(t *testing.T, dir, name string, side int, noise bool) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i := range m.Pix {
		if noise {
			m.Pix[i] = byte(rand.Uint32())
		}
	}
	m.Set(0, 0, color.NRGBA{R: 120, A: 255})
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, m))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), out.Bytes(), 0o600))
	return name
}

func TestTheLookOfAControllerIsAppliedOrRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	configuration, _, _ := installation(t)
	dir := t.TempDir()
	small, heavy, wide := logo(t, dir, "small.png", 64, false), logo(t, dir, "heavy.png", 300, true), logo(t, dir, "wide.png", 1100, false)
	apply := func(name, brand string) result {
		t.Helper()
		text := "controllers: [{slug: " + name + ", name: " + strings.ToUpper(name) + ", regime: EU_GDPR, timezone: Europe/Berlin, country: DE, contact: a@b.example, brand: " + brand + "}]"
		path := filepath.Join(dir, name+".yml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return habeas(t, "--config", configuration, "apply", path)
	}
	good := apply("good", `{band: "#ffe000", accent: "#1d6b63", logo: `+small+`, host: Privacy.Good.example}`)
	require.Zero(t, good.status, good.err)
	for name, c := range map[string]struct{ brand, code, advice string }{
		"colour":   {`{band: red}`, "bad_colour", "like #12352f"},
		"contrast": {`{accent: "#ff8800"}`, "low_contrast", "Choose a darker one, such as #"},
		"heavy":    {`{logo: ` + heavy + `}`, "bad_logo", "make it smaller"},
		"wide":     {`{logo: ` + wide + `}`, "bad_logo", "1024 pixels"},
		"host":     {`{host: "https://privacy.example.com"}`, "bad_host", "like privacy.example.com"},
		"taken":    {`{host: privacy.good.example}`, "host_taken", "Another controller"},
		"missing":  {`{logo: none.png}`, "", "none.png"},
		"unknown":  {`{font: Comic Sans}`, "", "font"},
	} {
		got := apply(name, c.brand)
		require.Equal(t, 1, got.status, name)
		require.Contains(t, got.err, c.code, name)
		require.Contains(t, got.err, c.advice, name)
	}
}
