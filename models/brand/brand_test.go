package brand_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/brand"
)

func TestABrandThatSomePeopleCannotReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, good := range []brand.Brand{{}, {Band: "#ffe000", Accent: "#1d6b63", Host: "privacy.example.com"}, {Band: "#000000"}, {Accent: "#7a0019"}} {
		require.NoError(t, good.Check(), good)
	}
	for code, bad := range map[string]brand.Brand{"low_contrast": {Accent: "#ff8800"}, "bad_colour": {Band: "red"}, "bad_host": {Host: "privacy.example.com:8443"}} {
		require.Equal(t, code, models.CodeOf(bad.Check()))
	}
	for _, colour := range []string{"#FFFFFF", "#fff", "ffffff", "#12345", "#gggggg", "#1d6b63;}body{display:none"} {
		require.Equal(t, "bad_colour", models.CodeOf(brand.Brand{Accent: colour}.Check()), colour)
	}
	for _, host := range []string{"localhost", "a..b", "-a.example", "privacy.example.com/", "127.0.0.1"} {
		require.Equal(t, "bad_host", models.CodeOf(brand.Brand{Host: host}.Check()), host)
	}
}

func TestAColourThatIsTooLightComesWithOneThatIsNot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := brand.Brand{Accent: "#" + rapid.StringMatching(`[0-9a-f]{6}`).Draw(t, "colour")}
		err := b.Check()
		if err == nil {
			return
		}
		require.Equal(t, "low_contrast", models.CodeOf(err))
		shade := regexp.MustCompile(`such as (#[0-9a-f]{6})\.`).FindStringSubmatch(err.Error())
		require.Len(t, shade, 2, err.Error())
		require.NoError(t, brand.Brand{Accent: shade[1]}.Check())
	})
}

func TestContrastIsThatOfWCAG(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 21, brand.Contrast("#000000", "#ffffff"), 0.001)
	require.InDelta(t, 4.54, brand.Contrast("#767676", "#ffffff"), 0.01)
}

func TestTextOnAnyBandCanBeRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := brand.Brand{Band: "#" + rapid.StringMatching(`[0-9a-f]{6}`).Draw(t, "colour")}
		require.NoError(t, b.Check())
		require.GreaterOrEqual(t, brand.Contrast(b.Band, b.BandInk()), 4.5)
	})
}

func picture(t *testing.T, width, height int, noise bool) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		if noise {
			m.Pix[i] = byte(rand.Uint32())
		}
	}
	m.Set(0, 0, color.NRGBA{R: 200, A: 255})
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, m))
	return out.Bytes()
}

func TestALogoKeepsItsPixelsAndNothingElse(t *testing.T) {
	t.Parallel()
	raw := picture(t, 120, 40, false)
	clean, err := brand.Clean(append(bytes.Clone(raw), []byte("<script>hidden</script>")...))
	require.NoError(t, err)
	require.NotContains(t, string(clean), "hidden")
	got, err := png.Decode(bytes.NewReader(clean))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 120, 40), got.Bounds())
	for name, bad := range map[string][]byte{
		"no picture": []byte("<svg onload='x'/>"), "empty": nil, "cut off": raw[:len(raw)/2], "too wide": picture(t, 1025, 1, false), "too heavy": picture(t, 300, 300, true),
		"too long": make([]byte, brand.MaxLogo+1),
	} {
		_, err := brand.Clean(bad)
		require.Equal(t, "bad_logo", models.CodeOf(err), name)
	}
}
