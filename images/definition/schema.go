package definition

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Schema is the JSON Schema of a file, for editors.
func Schema() ([]byte, error) {
	rows := newSchema()
	defs := map[string]any{}
	for _, t := range []table{oneImage, overlay, project, user, repository, oneFile, oneRun, onePackage, oneOrigin} {
		defs[t.slug()] = rows.of(t)
	}
	top := rows.of(topLevel)
	top["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	top["title"] = "pbrx-go.toml, or tool.pbrx-go of pyproject.toml"
	top["$defs"] = defs
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(top); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// slug is the name of a kind of table without what is not a word.
func (t table) slug() string {
	word, _, _ := strings.Cut(string(t), ".")
	return word[strings.LastIndexByte(word, ' ')+1:]
}

func (s schema) of(t table) map[string]any {
	properties := map[string]any{}
	for key, r := range s[t] {
		property := r.typ.schema(r.of)
		property["description"] = r.meaning
		properties[key] = property
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
}

// schema is that of a value; of is the kind of the tables in it.
func (t valueType) schema(of table) map[string]any {
	text := map[string]any{"type": "string"}
	table := map[string]any{"$ref": "#/$defs/" + of.slug()}
	list := func(of any) map[string]any { return map[string]any{"type": "array", "items": of} }
	named := func(of any) map[string]any { return map[string]any{"type": "object", "additionalProperties": of} }
	either := func(of ...any) map[string]any { return map[string]any{"anyOf": of} }
	switch t {
	case aBool:
		return map[string]any{"type": "boolean"}
	case aNumber:
		return map[string]any{"type": "integer", "minimum": 0}
	case someStrings, anArgv:
		return list(text)
	case someArgvs:
		return list(list(text))
	case aTable:
		return named(text)
	case aDigest:
		return either(text, named(text))
	case someEntries:
		return list(either(text, table))
	case aPlace:
		return either(table)
	case aSource:
		return either(text, table)
	case somePaths:
		return either(text, list(text))
	case namedTables:
		return named(table)
	case tableList:
		return list(table)
	default:
		return text
	}
}
