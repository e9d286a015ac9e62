package file

import (
	"fmt"
	"os"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"habeas/models/datamap"
)

// Load reads the files, in their order. What cannot be read as a data map is among the problems, the rest is returned none the
// less; an error is only a file that cannot be opened.
func Load(paths ...string) ([]datamap.Dataset, []datamap.Problem, error) {
	var datasets []datamap.Dataset
	var problems []datamap.Problem
	for _, path := range paths {
		data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			return nil, nil, fmt.Errorf("read data map: %w", err)
		}
		d, p := Parse(path, data)
		datasets = append(datasets, d...)
		problems = append(problems, p...)
	}
	return datasets, problems, nil
}

// Parse reads one file, whose name is used in problems only.
func Parse(name string, data []byte) ([]datamap.Dataset, []datamap.Problem) {
	r := &reader{file: name}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		r.problems = append(r.problems, datamap.Problem{
			Severity: datamap.Fault, Code: "bad_yaml", File: name, Line: lineOf(err), Column: 1, Where: "file",
			Message: "The file is not YAML.", Advice: "Correct the syntax near this line.",
		})
		return nil, r.problems
	}
	if doc.Kind == 0 || len(doc.Content) == 0 {
		r.bad(&yaml.Node{Line: 1, Column: 1}, "file", "The file is empty.", "Write a dataset: list.")
		return nil, r.problems
	}
	root := r.object(doc.Content[0], "file")
	list, ok := root["dataset"]
	if !ok {
		r.bad(doc.Content[0], "file", "The file has no dataset: list.", "Write dataset: with a list of datasets.")
		return nil, r.problems
	}
	var datasets []datamap.Dataset
	for _, n := range r.list(list, "dataset") {
		datasets = append(datasets, r.dataset(n))
	}
	return datasets, r.problems
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

func lineOf(err error) int {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return 1
	}
	n, _ := strconv.Atoi(m[1]) //nolint:errcheck // the pattern matched digits
	return n
}
