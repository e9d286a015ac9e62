// Command testreport reads the events of `go test -json` and prints what a person wants to see of them: failures in full,
// each skipped test with its reason, a line for each package, and last go test's own closing lines. Of these, those of
// packages that failed come at the very end, after the names of the tests that did. It exits with status 1 if anything failed.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is one line of go doc test2json.
type event struct {
	Action, Package, Test, Output, FailedBuild string
	Elapsed                                    float64
}

// run is what is known of one package so far.
type run struct {
	order   []string
	output  map[string]*strings.Builder // of the tests that have not ended; "" is the package's own
	closing []string
	passed  int
	skipped int
	failed  int
}

// report collects the packages' closing lines and what failed.
type report struct {
	out      *bufio.Writer
	runs     map[string]*run
	closing  []string
	failures []string // the names of tests, and after them the closing line of their package
	failed   bool
}

func main() {
	failed, err := summarise(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "testreport: %v\n", err)
	}
	if failed || err != nil {
		os.Exit(1)
	}
}

// summarise prints events as a report; it copies lines that are no events, such as messages of the go command itself.
func summarise(in io.Reader, out io.Writer) (failed bool, err error) {
	r := &report{out: bufio.NewWriter(out), runs: make(map[string]*run)}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case len(bytes.TrimSpace(line)) == 0:
		case line[0] != '{' || json.Unmarshal(line, &e) != nil:
			fmt.Fprintf(r.out, "%s\n", bytes.TrimRight(line, "\n"))
		default:
			r.take(e)
		}
		if lines.Buffered() == 0 {
			if err := r.out.Flush(); err != nil {
				return r.failed, err
			}
		}
		if err == io.EOF {
			return r.end()
		}
		if err != nil {
			return r.failed, err
		}
	}
}

func (r *report) take(e event) {
	if e.Action == "build-output" {
		fmt.Fprint(r.out, e.Output)
		return
	}
	if e.Action == "build-fail" {
		r.failed = true
		return
	}
	p := r.runs[e.Package]
	if p == nil {
		p = &run{output: make(map[string]*strings.Builder)}
		r.runs[e.Package] = p
	}
	switch e.Action {
	case "output":
		p.add(e.Test, e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e, p)
		} else {
			r.endTest(e, p)
		}
	}
}

func (p *run) add(test, text string) {
	if test == "" && isClosing(text) {
		p.closing = append(p.closing, text)
		return
	}
	if isNoise(text) {
		return
	}
	if p.output[test] == nil {
		p.output[test] = new(strings.Builder)
		p.order = append(p.order, test)
	}
	p.output[test].WriteString(text)
}

func (r *report) endTest(e event, p *run) {
	text := ""
	if buffer := p.output[e.Test]; buffer != nil {
		text = buffer.String()
	}
	delete(p.output, e.Test)
	switch e.Action {
	case "pass":
		p.passed++
	case "fail":
		p.failed++
		r.failures = append(r.failures, fmt.Sprintf("failed: %s %s\n", e.Package, e.Test))
		fmt.Fprintf(r.out, "%s %s\n%s", e.Package, e.Test, text)
	case "skip":
		p.skipped++
		fmt.Fprintf(r.out, "skipped %s %s: %s\n", e.Package, e.Test, reason(text))
	}
}

// endPackage also prints the output of tests that never ended, because of a panic or a timeout.
func (r *report) endPackage(e event, p *run) {
	if e.Action == "fail" {
		r.failed = true
		for _, test := range p.order {
			if buffer := p.output[test]; buffer != nil {
				fmt.Fprintf(r.out, "%s %s\n%s", e.Package, test, buffer)
			}
		}
	}
	if p.passed+p.failed+p.skipped > 0 || e.Action == "fail" {
		fmt.Fprintf(r.out, "%s: %s in %.1f s: %d passed, %d failed, %d skipped\n", e.Action, e.Package, e.Elapsed, p.passed, p.failed, p.skipped)
	}
	if e.Action == "fail" {
		r.failures = append(r.failures, p.closing...)
	} else {
		r.closing = append(r.closing, p.closing...)
	}
	delete(r.runs, e.Package)
}

// end prints the closing lines. A package that never ended has failed, whatever the reason.
func (r *report) end() (bool, error) {
	for name := range r.runs {
		r.failed = true
		fmt.Fprintf(r.out, "%s: its tests did not end\n", name)
	}
	fmt.Fprintln(r.out)
	for _, line := range append(r.closing, r.failures...) {
		fmt.Fprint(r.out, line)
	}
	if r.failed {
		fmt.Fprintln(r.out, "FAIL")
	}
	return r.failed, r.out.Flush()
}

// isClosing: the line of a package that go test prints without -json too.
func isClosing(text string) bool {
	return strings.HasPrefix(text, "ok  \t") || strings.HasPrefix(text, "FAIL\t") || strings.HasPrefix(text, "?   \t")
}

// isNoise: lines that only say that a test goes on.
func isNoise(text string) bool {
	for _, prefix := range []string{"=== RUN", "=== PAUSE", "=== CONT", "=== NAME"} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return text == "PASS\n" || text == "FAIL\n"
}

// reason is what the test said when it skipped, on one line.
func reason(text string) string {
	var said []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "--- SKIP") {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}
