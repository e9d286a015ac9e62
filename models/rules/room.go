package rules

import "sync"

// room is where the inputs of a case are read, a request's with its pause and extension, and after them those of the next case.
type room struct {
	inputs [3]input
	taken  int
}

var rooms = sync.Pool{New: func() any { return new(room) }}

func (r *room) input() *input {
	if r.taken == len(r.inputs) {
		return new(input)
	}
	r.taken++
	return &r.inputs[r.taken-1]
}

// leave forgets the case.
func (r *room) leave() {
	clear(r.inputs[:r.taken])
	r.taken = 0
	rooms.Put(r)
}
