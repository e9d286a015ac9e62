package file_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(file.Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	require.NoError(t, c.AddResource("datamap.schema.json", doc))
	s, err := c.Compile("datamap.schema.json")
	require.NoError(t, err)
	return s
}

// asJSON is a YAML text as JSON would hold it.
func asJSON(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	require.NoError(t, yaml.Unmarshal(text, &v))
	b, err := json.Marshal(v)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	require.NoError(t, err)
	return doc
}

func TestThePublishedSchemaIsTheOneThatIsPrinted(t *testing.T) {
	t.Parallel()
	published, err := os.ReadFile("../../../docs/datamap.schema.json")
	require.NoError(t, err)
	require.Equal(t, string(file.Schema()), string(published), "run: habeas datamap schema > docs/datamap.schema.json")
}

// properties are the names below a path of the schema.
func properties(t *testing.T, path ...string) []string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(file.Schema(), &v))
	for _, p := range append(path, "properties") {
		m, ok := v.(map[string]any)
		require.True(t, ok, "%v", path)
		v = m[p]
	}
	m, ok := v.(map[string]any)
	require.True(t, ok, "%v", path)
	var names []string
	for name, p := range m {
		if name == "fidesops_meta" {
			continue // the older name of fides_meta
		}
		names = append(names, name)
		property, ok := p.(map[string]any)
		require.True(t, ok)
		described := property["description"] != nil || property["$ref"] != nil || property["properties"] != nil
		require.True(t, described, "%v.%s says what it is", path, name)
	}
	slices.Sort(names)
	return names
}

func TestTheSchemaHasTheKeysThatTheReaderReads(t *testing.T) {
	t.Parallel()
	for place, path := range map[file.Place][]string{
		file.InFile: {}, file.InDataset: {"$defs", "dataset"}, file.InDatasetMeta: {"$defs", "dataset", "properties", "fides_meta"},
		file.InNamespace:  {"$defs", "dataset", "properties", "fides_meta", "properties", "namespace"},
		file.InCollection: {"$defs", "collection"}, file.InCollectionMeta: {"$defs", "collectionMeta"}, file.InField: {"$defs", "field"},
		file.InFieldMeta: {"$defs", "fieldMeta"}, file.InReference: {"$defs", "fieldMeta", "properties", "references", "items"}, file.InMasking: {"$defs", "masking"},
		file.OwnDataset: {"$defs", "dataset", "properties", "habeas"}, file.OwnCollection: {"$defs", "collection", "properties", "habeas"},
		file.OwnField: {"$defs", "field", "properties", "habeas"}, file.OwnHold: {"$defs", "hold"},
		file.OwnRestrict: {"$defs", "collection", "properties", "habeas", "properties", "restrict"},
		file.OfDataset:   {"$defs", "datasetTranslation"}, file.OfCollection: {"$defs", "collectionTranslation"}, file.OfField: {"$defs", "fieldTranslation"},
	} {
		keys := file.Keys(place)
		require.NotEmpty(t, keys, place)
		slices.Sort(keys)
		require.Equal(t, keys, properties(t, path...), place)
	}
}

// words are what the schema offers at a path.
func words(t *testing.T, path ...string) []string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(file.Schema(), &v))
	for _, p := range append(path, "enum") {
		m, ok := v.(map[string]any)
		require.True(t, ok, "%v", path)
		v = m[p]
	}
	list, ok := v.([]any)
	require.True(t, ok, "%v", path)
	var names []string
	for _, w := range list {
		if text, ok := w.(string); ok && text != "" {
			names = append(names, text)
		}
	}
	return names
}

var word = regexp.MustCompile(`[a-z_]+`)

// The advice for a word that nobody knows lists the ones that are known.
func TestTheSchemaOffersTheWordsThatTheCheckTakes(t *testing.T) {
	t.Parallel()
	collection := []string{"$defs", "collection", "properties", "habeas", "properties"}
	field := []string{"$defs", "field", "properties", "habeas", "properties"}
	for name, c := range map[string]struct {
		path []string
		text string // of a map with a word in it
	}{
		"legal basis": {
			[]string{"$defs", "dataset", "properties", "habeas", "properties", "legal_basis"},
			"dataset: [{fides_key: a, habeas: {legal_basis: WORD}}]",
		},
		"erasure of a row":   {append(slices.Clone(collection), "erase"), "dataset: [{fides_key: a, collections: [{name: c, habeas: {erase: WORD}}]}]"},
		"sharing":            {append(slices.Clone(collection), "shared"), "dataset: [{fides_key: a, collections: [{name: c, habeas: {shared: WORD}}]}]"},
		"erasure of a field": {append(slices.Clone(field), "erase"), `dataset: [{fides_key: a, collections: [{name: c, fields: [{name: f, habeas: {erase: "WORD"}}]}]}]`},
		"direction": {
			[]string{"$defs", "fieldMeta", "properties", "references", "items", "properties", "direction"},
			"dataset: [{fides_key: a, collections: [{name: c, fields: [{name: f, fides_meta: {references: [{dataset: a, field: c.f, direction: WORD}]}}]}]}]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problem := func(word string) *datamap.Problem {
				datasets, problems := file.Parse("map.yml", []byte(strings.Replace(c.text, "WORD", word, 1)))
				problems = append(problems, datamap.Check(datasets, nil)...)
				i := slices.IndexFunc(problems, func(p datamap.Problem) bool { return p.Code == "bad_value" || p.Code == "bad_direction" })
				if i < 0 {
					return nil
				}
				return &problems[i]
			}
			unknown := problem("nonsense")
			require.NotNil(t, unknown)
			advised := slices.DeleteFunc(word.FindAllString(unknown.Advice, -1), func(w string) bool {
				return slices.Contains([]string{"rite", "one", "of", "or", "nothing", "for", "both"}, w)
			})
			offered := words(t, c.path...)
			require.NotEmpty(t, offered)
			require.ElementsMatch(t, advised, offered)
			for _, w := range offered {
				require.Nil(t, problem(w), w)
			}
		})
	}
}

func TestEveryMapOfTheProjectAndOfFidesFitsTheSchema(t *testing.T) {
	t.Parallel()
	var paths []string
	for _, pattern := range []string{"../../../cmd/internal/devserver/sample/maps/*.yml", "../../../activities/testdata/*.yml", fixtures + "/*.yml"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		paths = append(paths, found...)
	}
	require.Greater(t, len(paths), 8)
	schema := compiled(t)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, schema.Validate(asJSON(t, text)), path)
	}
	require.NoError(t, schema.Validate(asJSON(t, []byte(everyKey))), "every key that there is")
}

func TestWhatTheReaderRefusesForItsShapeTheSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	collection := func(inner string) string {
		return "dataset: [{fides_key: a, collections: [{name: c, " + inner + "}]}]"
	}
	field := func(inner string) string { return collection("fields: [{name: f, " + inner + "}]") }
	for _, text := range []string{
		"datasets: []", "- dataset", "dataset: [crm]", "dataset: {a: b}", "dataset: [{fides_key: [a]}]",
		"dataset: [{fides_key: a, habeas: {sytem: b}}]", "dataset: [{fides_key: a, collections: none}]", "dataset: [{fides_key: a, habeas: text}]",
		collection("fields: none"), collection("habeas: {holds: [{anchors: {a: b}}]}"), collection("habeas: {holds: [{rule: r, from: x}]}"),
		collection("habeas: {restrict: {colunm: x}}"), collection("habeas: {composite: text}"), collection("fides_meta: text"),
		collection("habeas: {portable: perhaps}"), collection("fides_meta: {skip_processing: maybe}"),
		field("fides_meta: {primary_key: maybe}"), field("fides_meta: {length: ten}"), field("fides_meta: {length: -1}"),
		field("fides_meta: {references: [{dataset: a, field: x}]}"), field("fides_meta: {references: {dataset: a}}"),
		field("habeas: {shared: refer}"), field("habeas: {erased: null}"), field("fides_meta: {masking_strategy_override: text}"),
		field("data_categories: {a: b}"),
	} {
		_, problems := file.Parse("map.yml", []byte(text))
		require.NotEmpty(t, problems, "the reader accepts %s", text)
		require.Error(t, schema.Validate(asJSON(t, []byte(text))), "the schema accepts %s", text)
	}
}
