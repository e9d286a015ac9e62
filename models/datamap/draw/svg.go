package draw

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"habeas/models/datamap"
)

// SVG draws the graph as a picture: identities at the left, collections as boxes in the colour of their system, an arrow in each
// direction in which a reference may be walked, dashed where it only mentions somebody. It says everything in words too, and follows
// the reader's choice of a light or dark screen.
func SVG(g *datamap.Graph, identities ...string) string {
	wanted := kinds(g, identities)
	s := &svg{graph: g, systems: g.Systems()}
	var l *layout
	if len(wanted) > 0 {
		l = newLayout(g, wanted)
	} else {
		l = &layout{graph: g, width: 2 * margin, height: margin}
	}
	foot := s.foot(identities)
	width := max(l.width, 640)
	s.open(width, l.height+float64(len(foot))*20+margin+24, wanted)
	for _, w := range l.wires {
		s.wire(w, len(l.wires) <= 30)
	}
	for _, layer := range l.layers {
		for _, v := range layer {
			s.box(v)
		}
	}
	s.legend(l.height, foot)
	s.print("</svg>\n")
	return s.String()
}

type svg struct {
	strings.Builder
	graph   *datamap.Graph
	systems []string
}

func (s *svg) print(format string, args ...any) { fmt.Fprintf(s, format, args...) }

func esc(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		panic(err) // a Builder takes everything
	}
	return b.String()
}

// colours of systems: of a box in the light, its border, and of a box in the dark.
var colours = []struct{ light, line, dark string }{
	{"#e6f0fb", "#2f6fb3", "#1c3048"},
	{"#e8f5ea", "#2e7d46", "#1b3623"},
	{"#fdf1e0", "#b26a00", "#402d12"},
	{"#f3e9fa", "#7b3fa6", "#332042"},
	{"#fbe9ec", "#b3314a", "#431d25"},
	{"#e4f4f5", "#1f7a80", "#17363a"},
	{"#f5f2e0", "#7d6b14", "#36300f"},
	{"#ececf1", "#55566b", "#2b2c36"},
}

func (s *svg) open(width, height float64, wanted []string) {
	s.print(`<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="12">`+"\n", width, height, width, height)
	s.print("<title id=\"title\">Data map: what is reachable from %s</title>\n", esc(strings.Join(wanted, ", ")))
	s.print("<desc id=\"desc\">%s</desc>\n", esc(Text(s.graph, wanted...)))
	s.print("<style>\n.page{fill:#ffffff}.ink{fill:#1b1b1f}.soft{fill:#5a5b66}.line{stroke:#70717d;fill:none;stroke-width:1.3}.head{fill:#70717d}.mention{stroke-dasharray:5 4}.aside{stroke-dasharray:4 3}\n")
	s.print(".chip{fill:#1b1b1f}.chiptext{fill:#ffffff}.delete{fill:#a3202f}.mask{fill:#8a5200}.keep{fill:#4c4d57}.name{font-weight:600}.halo{stroke:#ffffff;stroke-width:3;paint-order:stroke}\n")
	for i, c := range colours {
		s.print(".s%d{fill:%s;stroke:%s}", i, c.light, c.line)
	}
	s.print("\n@media (prefers-color-scheme: dark){.page{fill:#141418}.ink{fill:#f0f0f4}.soft{fill:#b3b4c0}.line{stroke:#9a9ba8}.head{fill:#9a9ba8}.chip{fill:#f0f0f4}.chiptext{fill:#141418}.delete{fill:#ff8f9b}.mask{fill:#ffc66b}.keep{fill:#c6c7d2}.halo{stroke:#141418}\n")
	for i, c := range colours {
		s.print(".s%d{fill:%s}", i, c.dark)
	}
	s.print("}\n</style>\n<rect class=\"page\" width=\"100%%\" height=\"100%%\"/>\n")
}

func (s *svg) colour(system string) int {
	return max(slices.Index(s.systems, system), 0) % len(colours)
}

func (s *svg) box(v *vertex) {
	switch {
	case v.point():
		return
	case v.node == nil:
		s.print("<g><rect class=\"chip\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%.1f\"/>", v.x, v.y, v.w, v.h, v.h/2)
		s.print("<text class=\"chiptext name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text></g>\n", v.x+v.w/2, v.middle()+4, esc(v.kind))
		return
	}
	n := v.node
	s.print("<g><title>%s</title><rect class=\"s%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"5\" stroke-width=\"1.3\"/>",
		esc(n.Address.String()+" in the system "+n.System+": "+strings.Join(append([]string{fate(n)}, marks(n)...), "; ")), s.colour(n.System), v.x, v.y, v.w, v.h)
	for i, text := range v.lines {
		class := "soft"
		switch i {
		case 0:
			class = "ink name"
		case 1:
			class, _, _ = strings.Cut(text, " ")
		}
		s.print("<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>", class, v.x+padding, v.y+float64(i+1)*lineHeight+1, esc(text))
	}
	s.print("</g>\n")
}

func (s *svg) wire(w *wire, labels bool) {
	class := "line"
	if w.mention {
		class += " mention"
	}
	path, label := w.path()
	s.print("<g><title>%s</title><path class=\"%s\" d=\"%s\"/>", esc(w.title), class, path)
	a, b := w.via[0], w.via[len(w.via)-1]
	sameLayer := a.layer == b.layer
	if w.forward {
		s.head(headAt(b, sameLayer))
	}
	if w.back {
		s.head(a.x+a.w, a.port(sameLayer, 0), -1)
	}
	if labels {
		s.print("<text class=\"soft halo\" font-size=\"10\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%s</text>", label.x, label.y-3, esc(w.label))
	}
	s.print("</g>\n")
}

func headAt(b *vertex, sameLayer bool) (x, y, direction float64) {
	if sameLayer {
		return b.x + b.w, b.port(true, 6), -1
	}
	return b.x, b.middle(), 1
}

// head is an arrow's head that points right (1) or left (-1).
func (s *svg) head(x, y, direction float64) {
	s.print("<path class=\"head\" d=\"M%.1f %.1f l%.1f -4 v8 z\"/>", x, y, -8*direction)
}

type spot struct{ x, y float64 }

// port is where a line leaves a box: lines within a layer beside the others.
func (v *vertex) port(sameLayer bool, shift float64) float64 {
	if sameLayer {
		return v.y + v.h - 9 + shift - 3
	}
	return v.middle()
}

// path goes from box to box in smooth curves, and returns where a label has room.
func (w *wire) path() (string, spot) {
	a, b := w.via[0], w.via[len(w.via)-1]
	if a.layer == b.layer {
		x1, y1, x2, y2 := a.x+a.w, a.port(true, 0), b.x+b.w, b.port(true, 6)
		out := max(x1, x2) + 26
		if a == b {
			y1 -= 10
		}
		return fmt.Sprintf("M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f", x1, y1, out+14, y1, out+14, y2, x2, y2), spot{out + 30, (y1+y2)/2 + 3}
	}
	var p strings.Builder
	x, y := a.x+a.w, a.middle()
	fmt.Fprintf(&p, "M%.1f %.1f", x, y)
	label := spot{}
	for _, v := range w.via[1:] {
		bend := (v.x - x) / 2
		fmt.Fprintf(&p, " C%.1f %.1f %.1f %.1f %.1f %.1f", x+bend, y, v.x-bend, v.middle(), v.x, v.middle())
		label = spot{(x + v.x) / 2, (y + v.middle()) / 2}
		x, y = v.x, v.middle()
		if v.point() {
			x = v.x + v.w
			fmt.Fprintf(&p, " H%.1f", x)
		}
	}
	return p.String(), label
}

// foot is what stands below the picture.
func (s *svg) foot(identities []string) []string {
	var list []string
	personal, plain, skipped := aside(s.graph, identities)
	for _, n := range personal {
		list = append(list, "No identity leads to "+n.Address.String()+": "+acknowledgement(n))
	}
	names := skipped
	for _, n := range plain {
		names = append(names, n.Address.String())
	}
	for len(names) > 0 {
		n := min(6, len(names))
		list = append(list, "Not walked: "+strings.Join(names[:n], ", "))
		names = names[n:]
	}
	return list
}

func (s *svg) legend(y float64, foot []string) {
	x := margin
	for i, name := range s.systems {
		s.print("<rect class=\"s%d\" x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" rx=\"2\"/><text class=\"soft\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", i%len(colours), x, y, x+17, y+10, esc(name))
		x += 17 + float64(len(name))*charWidth + 18
	}
	s.print("<path class=\"line mention\" d=\"M%.1f %.1f h34\"/><text class=\"soft\" x=\"%.1f\" y=\"%.1f\">only mentions somebody</text>\n", x, y+6, x+40, y+10)
	for i, text := range foot {
		s.print("<text class=\"soft\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", margin, y+34+float64(i)*20, esc(text))
	}
}
