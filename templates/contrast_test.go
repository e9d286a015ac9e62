package templates_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	tokens = regexp.MustCompile(`(?s):root\s*\{(.*?)\}`)
	token  = regexp.MustCompile(`--([a-z-]+):\s*#([0-9a-f]{3,6})`)
)

// TestColoursCanBeTold holds every pair of colours that the style sheet puts together to WCAG 2.2: 4.5:1 for text, 3:1 for the edges of fields.
func TestColoursCanBeTold(t *testing.T) {
	t.Parallel()
	css, err := os.ReadFile("static/style.css")
	require.NoError(t, err)
	blocks := tokens.FindAllStringSubmatch(string(css), -1)
	require.Len(t, blocks, 2, "light and dark")
	for i, scheme := range []string{"light", "dark"} {
		colours := map[string]string{}
		for _, m := range token.FindAllStringSubmatch(blocks[i][1], -1) {
			colours[m[1]] = m[2]
		}
		for _, pair := range [][2]string{
			{"ink", "paper"},
			{"ink", "card"},
			{"ink", "grey-soft"},
			{"muted", "paper"},
			{"muted", "card"},
			{"muted", "grey-soft"},
			{"link", "paper"},
			{"link", "card"},
			{"link", "grey-soft"},
			{"accent", "paper"},
			{"accent", "card"},
			{"accent-ink", "accent"},
			{"band-ink", "band"},
			{"bad", "paper"},
			{"bad", "bad-soft"},
			{"card", "bad"},
			{"warn", "warn-soft"},
			{"good", "good-soft"},
			{"cool", "cool-soft"},
			{"ink", "cool-soft"},
			{"ink", "bad-soft"},
			{"focus-ink", "focus"},
		} {
			require.GreaterOrEqual(t, contrast(t, colours, pair), 4.5, "%s: %s on %s", scheme, pair[0], pair[1])
		}
		for _, pair := range [][2]string{{"muted", "card"}, {"bad", "card"}, {"accent", "card"}} {
			require.GreaterOrEqual(t, contrast(t, colours, pair), 3.0, "%s: edge %s on %s", scheme, pair[0], pair[1])
		}
	}
}

func contrast(t *testing.T, colours map[string]string, pair [2]string) float64 {
	t.Helper()
	a, b := luminance(t, colours[pair[0]]), luminance(t, colours[pair[1]])
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// luminance is the relative luminance of a hex colour, as WCAG defines it.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = strings.Repeat(hex[0:1], 2) + strings.Repeat(hex[1:2], 2) + strings.Repeat(hex[2:3], 2)
	}
	require.Len(t, hex, 6)
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		require.NoError(t, err)
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
