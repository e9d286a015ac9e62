package brand

import (
	"bytes"
	"encoding/hex"
	"image"
	"image/png"
	"math"
	"regexp"
	"strings"

	"habeas/models"
)

// Brand is the look of a controller's pages. What is empty is as it is without a brand.
type Brand struct {
	Band   string // colour behind the name at the top, "#12352f"
	Accent string // colour of buttons in light pages
	Logo   []byte // PNG as Clean gives it
	Host   string // own domain, "privacy.example.com", without a port
}

// Limits of a logo as it is handed in, and as it is served.
const (
	MaxLogo   = 512 << 10
	maxServed = 40 << 10
	maxSide   = 1024 // pixels
)

// The colours of the style sheet that a brand's stand beside.
const (
	paper = "#f7f6f2"
	white = "#ffffff"
	black = "#000000"
)

// readable is the least contrast of text by WCAG 2.2, success criterion 1.4.3.
const readable = 4.5

var host = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)

// Check refuses a brand that some people could not read, with low_contrast, and one that is not well formed, with bad_colour or bad_host.
func (b Brand) Check() error {
	for _, part := range []struct{ field, colour string }{{"band", b.Band}, {"accent", b.Accent}} {
		if _, ok := parse(part.colour); part.colour != "" && !ok {
			return models.Errorf(models.Invalid, "bad_colour", "The colour of the %s is not written like #12352f: # and six digits or small letters a to f.", part.field).At("/brand/" + part.field)
		}
	}
	if b.Accent != "" && !legible(b.Accent) {
		return models.Errorf(models.Invalid, "low_contrast", "The accent is too light to be read on white: its contrast is %.1f to 1 and must be at least 4.5. Choose a darker one, such as %s.",
			min(Contrast(b.Accent, white), Contrast(b.Accent, paper)), darker(b.Accent)).At("/brand/accent")
	}
	if b.Host != "" && (!host.MatchString(b.Host) || len(b.Host) > 253) {
		return models.Errorf(models.Invalid, "bad_host", "An own domain is written like privacy.example.com.").At("/brand/host")
	}
	return nil
}

func legible(accent string) bool {
	return Contrast(accent, white) >= readable && Contrast(accent, paper) >= readable
}

// darker is the lightest shade of a colour that can be read on white.
func darker(colour string) string {
	raw, err := hex.DecodeString(strings.TrimPrefix(colour, "#"))
	if err != nil || len(raw) != 3 {
		return black
	}
	for share := 99; share > 0; share-- {
		shade := "#" + hex.EncodeToString([]byte{scaled(raw[0], share), scaled(raw[1], share), scaled(raw[2], share)})
		if legible(shade) {
			return shade
		}
	}
	return black
}

func scaled(part byte, share int) byte { return byte(int(part) * share / 100) }

// BandInk is the colour of text on the band: white or black, whichever can be read better. One of them always can.
func (b Brand) BandInk() string {
	if Contrast(b.Band, white) >= Contrast(b.Band, black) {
		return white
	}
	return black
}

// Contrast is the ratio of two colours by WCAG, from 1 to 21; 0 when one is none.
func Contrast(a, b string) float64 {
	x, okX := parse(a)
	y, okY := parse(b)
	if !okX || !okY {
		return 0
	}
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// parse is the relative luminance of a colour.
func parse(colour string) (luminance float64, ok bool) {
	digits, found := strings.CutPrefix(colour, "#")
	raw, err := hex.DecodeString(digits)
	if !found || err != nil || len(raw) != 3 || digits != strings.ToLower(digits) {
		return 0, false
	}
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(raw[i]) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		luminance += weight * c
	}
	return luminance, true
}

// Clean is a logo written anew from its pixels, so that nothing else of the file is served. It fails with bad_logo for what is no PNG of at most
// 1024 pixels a side, or is larger than a page may carry.
func Clean(logo []byte) ([]byte, error) {
	refused := models.Errorf(models.Invalid, "bad_logo", "A logo is a PNG of at most 1024 pixels a side, and of at most 40 kB when it is packed well: make it smaller, or give it fewer colours.").At("/brand/logo")
	if len(logo) > MaxLogo {
		return nil, refused
	}
	size, err := png.DecodeConfig(bytes.NewReader(logo))
	if err != nil || size.Width > maxSide || size.Height > maxSide || size.Width == 0 || size.Height == 0 {
		return nil, refused
	}
	picture, err := png.Decode(bytes.NewReader(logo))
	if err != nil {
		return nil, refused
	}
	clean := image.NewNRGBA(picture.Bounds())
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			clean.Set(x, y, picture.At(x, y))
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, clean); err != nil || out.Len() > maxServed {
		return nil, refused
	}
	return out.Bytes(), nil
}
