package draw

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"habeas/models/datamap"
)

// vertex is a box of the picture, or a point that a long line passes through.
type vertex struct {
	node  *datamap.Node // nil for an identity and a point
	kind  string        // of an identity
	lines []string
	layer int
	x, y  float64 // upper left corner
	w, h  float64
	near  []*vertex // in other layers, to which lines lead
}

func (v *vertex) point() bool { return v.node == nil && v.kind == "" }

func (v *vertex) middle() float64 { return v.y + v.h/2 }

// wire is a line between two boxes, by way of points, from the layer further left.
type wire struct {
	via     []*vertex // at least the two boxes
	forward bool      // may be walked to the right
	back    bool      // may be walked to the left
	mention bool
	label   string
	title   string
}

// layout places identities at the left, and each collection as many layers to the right as references are needed to reach it.
type layout struct {
	graph         *datamap.Graph
	layers        [][]*vertex
	wires         []*wire
	width, height float64
}

// Sizes in pixels.
const (
	lineHeight = 16.0
	charWidth  = 7.0
	padding    = 10.0
	gapX       = 110.0
	gapY       = 22.0
	margin     = 24.0
	maxLabel   = 18 // characters
)

func newLayout(g *datamap.Graph, wanted []string) *layout {
	l := &layout{graph: g}
	boxes := l.place(wanted)
	l.connect(boxes)
	l.order()
	l.setX()
	l.setY()
	return l
}

func (l *layout) add(v *vertex, layer int) *vertex {
	for len(l.layers) <= layer {
		l.layers = append(l.layers, nil)
	}
	v.layer = layer
	l.layers[layer] = append(l.layers[layer], v)
	return v
}

// place makes the boxes, breadth first.
func (l *layout) place(wanted []string) map[*datamap.Node]*vertex {
	boxes := map[*datamap.Node]*vertex{}
	var queue []*vertex
	for _, kind := range wanted {
		chip := l.add(&vertex{kind: kind, lines: []string{kind}}, 0)
		chip.size()
		for _, n := range l.graph.Nodes {
			for _, id := range n.Identities {
				if id.Kind != kind {
					continue
				}
				if boxes[n] == nil {
					boxes[n] = l.add(l.box(n), 1)
					queue = append(queue, boxes[n])
				}
				l.wires = append(l.wires, &wire{via: []*vertex{chip, boxes[n]}, forward: true, title: kind + " in " + n.Address.String() + "." + id.Field, label: id.Field})
			}
		}
	}
	for i := 0; i < len(queue); i++ {
		for _, e := range queue[i].node.Out {
			if boxes[e.To] == nil {
				boxes[e.To] = l.add(l.box(e.To), queue[i].layer+1)
				queue = append(queue, boxes[e.To])
			}
		}
	}
	return boxes
}

func (l *layout) box(n *datamap.Node) *vertex {
	v := &vertex{node: n, lines: []string{short(l.graph, n), fate(n)}}
	for _, m := range marks(n) {
		if m != "personal" {
			v.lines = append(v.lines, m)
		}
	}
	v.size()
	return v
}

func (v *vertex) size() {
	longest := 0
	for i, s := range v.lines {
		n := utf8.RuneCountInString(s)
		if i == 0 {
			n += n/6 + 1 // bold
		}
		longest = max(longest, n)
	}
	v.w, v.h = float64(longest)*charWidth+2*padding, float64(len(v.lines))*lineHeight+padding
}

// connect makes one wire of each reference, whatever its directions, and points where it passes a layer.
func (l *layout) connect(boxes map[*datamap.Node]*vertex) {
	done := map[*datamap.Edge]bool{}
	for _, n := range l.graph.Nodes {
		if boxes[n] == nil {
			continue
		}
		for _, e := range n.Out {
			if done[e] {
				continue
			}
			done[e] = true
			both := false
			for _, o := range e.To.Out {
				if reverse(o, e) && o != e {
					both, done[o] = true, true
				}
			}
			l.wire(boxes[n], boxes[e.To], e, both)
		}
	}
	for _, w := range l.wires {
		for i := 1; i < len(w.via); i++ {
			a, b := w.via[i-1], w.via[i]
			if a.layer != b.layer {
				a.near, b.near = append(a.near, b), append(b.near, a)
			}
		}
	}
}

func (l *layout) wire(from, to *vertex, e *datamap.Edge, both bool) {
	w := &wire{forward: true, back: both, mention: e.Mention, label: by(e), title: e.Name()}
	if from.layer > to.layer {
		from, to = to, from
		w.forward, w.back = both, true
	}
	for _, o := range l.wires { // two references between the same boxes are one line
		if o.via[0] == from && o.via[len(o.via)-1] == to && o.forward == w.forward && o.back == w.back && o.mention == w.mention {
			o.title += "; " + w.title
			if o.label += ", " + w.label; utf8.RuneCountInString(o.label) > maxLabel {
				o.label = "several"
			}
			return
		}
	}
	w.via = append(w.via, from)
	for layer := from.layer + 1; layer < to.layer; layer++ {
		w.via = append(w.via, l.add(&vertex{h: 4}, layer))
	}
	w.via = append(w.via, to)
	l.wires = append(l.wires, w)
}

// order sorts each layer so that lines cross little: by the mean place of what each box is connected with.
func (l *layout) order() {
	place := map[*vertex]float64{}
	number := func(layer []*vertex) {
		for i, v := range layer {
			place[v] = (float64(i) + 0.5) / float64(len(layer))
		}
	}
	for _, layer := range l.layers {
		number(layer)
	}
	sweep := func(layer []*vertex) {
		mean := map[*vertex]float64{}
		for _, v := range layer {
			sum := place[v]
			for _, o := range v.near {
				sum += 3 * place[o]
			}
			mean[v] = sum / float64(1+3*len(v.near))
		}
		slices.SortStableFunc(layer, func(a, b *vertex) int { return cmp.Compare(mean[a], mean[b]) })
		number(layer)
	}
	for range 12 {
		for i := range l.layers {
			sweep(l.layers[i])
		}
		for i := len(l.layers) - 1; i >= 0; i-- {
			sweep(l.layers[i])
		}
	}
}

// setX gives each layer the width of its widest box.
func (l *layout) setX() {
	x := margin
	for _, layer := range l.layers {
		widest := 0.0
		for _, v := range layer {
			widest = max(widest, v.w)
		}
		for _, v := range layer {
			v.x = x
			if v.point() {
				v.w = widest
			}
		}
		x += widest + gapX
	}
	l.width = x - gapX + margin
}

// setY stacks the boxes, then moves each towards those that it is connected with, as far as the others leave room.
func (l *layout) setY() {
	for _, layer := range l.layers {
		y := margin
		for _, v := range layer {
			v.y = y
			y += v.h + gapY
		}
	}
	for range 30 {
		for _, layer := range l.layers {
			settle(layer)
		}
		for i := len(l.layers) - 1; i >= 0; i-- {
			settle(l.layers[i])
		}
	}
	l.compact()
}

// settle moves the boxes of a layer as near as they can to the middle of what they are connected with, in their order.
func settle(layer []*vertex) {
	wish := make([]float64, len(layer))
	for i, v := range layer {
		wish[i] = v.y
		if len(v.near) > 0 {
			sum := 0.0
			for _, o := range v.near {
				sum += o.middle()
			}
			wish[i] = sum/float64(len(v.near)) - v.h/2
		}
	}
	offset := make([]float64, len(layer))
	for i := 1; i < len(layer); i++ {
		offset[i] = offset[i-1] + layer[i-1].h + gapY
	}
	// Boxes whose wishes collide form a block, which goes to the mean of their wishes.
	type block struct {
		sum   float64
		count int
	}
	var blocks []block
	for i := range layer {
		blocks = append(blocks, block{wish[i] - offset[i], 1})
		for n := len(blocks); n > 1 && blocks[n-2].sum/float64(blocks[n-2].count) > blocks[n-1].sum/float64(blocks[n-1].count); n-- {
			blocks[n-2].sum += blocks[n-1].sum
			blocks[n-2].count += blocks[n-1].count
			blocks = blocks[:n-1]
		}
	}
	i := 0
	for _, b := range blocks {
		for range b.count {
			layer[i].y = b.sum/float64(b.count) + offset[i]
			i++
		}
	}
}

// compact takes out what is empty in all layers.
func (l *layout) compact() {
	all := slices.Concat(l.layers...)
	slices.SortStableFunc(all, func(a, b *vertex) int { return cmp.Compare(a.y, b.y) })
	bottom, shift := all[0].y, all[0].y-margin
	for _, v := range all {
		if gap := v.y - bottom; gap > 2*gapY {
			shift += gap - 2*gapY
		}
		bottom = max(bottom, v.y+v.h)
		v.y -= shift
		l.height = max(l.height, v.y+v.h+margin)
	}
}
