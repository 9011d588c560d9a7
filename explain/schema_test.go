package explain_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/thumbery/thumbery/explain"
)

var update = flag.Bool("update", false, "write docs/explain.schema.json")

const schemaFile = "../docs/explain.schema.json"

// TestSchema: docs/explain.schema.json is that of the types, and real reports are valid by it.
func TestSchema(t *testing.T) {
	t.Parallel()
	want, err := json.MarshalIndent(schema(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, want) {
		t.Errorf("%s is not that of the types: go test ./explain -run Schema -update", schemaFile)
	}
	var read jsonschema.Schema
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	valid, err := read.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := newService(t, signed)
	for _, path := range paths {
		for _, r := range []explain.Report{s.ask(t, path, "image/avif,image/webp"), s.make(t, path, "")} {
			if err := valid.Validate(decoded(t, r)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	wrong := s.ask(t, "/40x/cat.jpg", "")
	wrong.Sections[0].Data = explain.TimeData{}
	if valid.Validate(decoded(t, wrong)) == nil {
		t.Error("the data of another section is valid")
	}
}

func decoded(t *testing.T, r explain.Report) (v any) {
	t.Helper()
	data, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil || len(data) > 256<<10 {
		t.Fatalf("%s: %d bytes, %v", r.URL, len(data), err)
	}
	return v
}

// schema is that of a Report, in which the name of a section tells what its Data is.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	report := of[explain.Report](t)
	report.ID = "https://thumbery.example/explain.schema.json"
	report.Schema = "https://json-schema.org/draft/2020-12/schema"
	report.Title = "Why a picture looks as it does: the answer of GET /explain/OPTIONS/KEY"
	section := report.Properties["sections"].Items
	report.Properties["sections"].Types, report.Properties["sections"].Type = nil, "array"
	section.Properties["text"].Types, section.Properties["text"].Type = nil, "array"
	section.Properties["state"].Enum = []any{explain.OK, explain.Refused, explain.Unknown, explain.Skipped}
	for _, part := range []struct {
		name string
		data *jsonschema.Schema
	}{
		{"url", of[explain.URLData](t)},
		{"signature", of[explain.SignatureData](t)},
		{"original", of[explain.OriginalData](t)},
		{"plan", of[explain.PlanData](t)},
		{"engine", of[explain.EngineData](t)},
		{"format", of[explain.FormatData](t)},
		{"quality", of[explain.QualityData](t)},
		{"file", of[explain.FileData](t)},
		{"headers", of[explain.HeadersData](t)},
		{"time", of[explain.TimeData](t)},
	} {
		name := any(part.name)
		part.data.Type, part.data.Types = "", []string{"object", "null"}
		section.OneOf = append(section.OneOf, &jsonschema.Schema{
			Properties: map[string]*jsonschema.Schema{"name": {Const: &name}, "data": part.data},
		})
	}
	return report
}

func of[T any](t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.For[T](nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
