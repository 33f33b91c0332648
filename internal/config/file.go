package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
)

// Limits of a file.
const (
	maxFile  = 16 << 20
	maxDepth = 100
)

// kind is what a node of a file is.
type kind uint8

const (
	isNull kind = iota
	isBool
	isNumber
	isString
	isList
	isObject
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// node is a value in a file, with its line; 0 where the format tells none.
type node struct {
	kind kind
	line int
	text string // of a scalar
	list []*node
	keys []string // of an object, in the file's order
	vals map[string]*node
}

// show prints a node, shortly.
func (n *node) show() string {
	switch n.kind {
	case isString:
		return quote(n.text)
	case isList:
		return fmt.Sprintf("[%d elements]", len(n.list))
	case isObject:
		return fmt.Sprintf("{%s}", strings.Join(n.keys, ", "))
	case isNull:
		return "null"
	}
	return quote(n.text)
}

// quote shows a value of a scalar.
func quote(text string) string {
	const enough = 100
	if len(text) > enough {
		text = strings.ToValidUTF8(text[:enough], "") + "..."
	}
	return fmt.Sprintf("%q", text)
}

// parseJSON reads a file in JSON, which must be one object without a key given twice.
func parseJSON(data []byte) (*node, error) {
	p := &parser{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	p.dec.UseNumber()
	n, err := p.value(0)
	if err != nil {
		return nil, p.at(err)
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return nil, p.at(fmt.Errorf("there is something after the end of the object"))
	}
	if n.kind != isObject {
		return nil, fmt.Errorf("line %d: %v, want an object whose keys are applications", n.line, n.kind)
	}
	return n, nil
}

type parser struct {
	data []byte
	dec  *json.Decoder
}

func (p *parser) line() int { return 1 + bytes.Count(p.data[:p.dec.InputOffset()], []byte("\n")) }

func (p *parser) at(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("the file ends in the middle of a value")
	}
	return fmt.Errorf("line %d: %w", p.line(), err)
}

func (p *parser) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	tok, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	n := &node{line: p.line()}
	switch v := tok.(type) {
	case nil:
	case bool:
		n.kind, n.text = isBool, fmt.Sprint(v)
	case json.Number:
		n.kind, n.text = isNumber, v.String()
	case string:
		n.kind, n.text = isString, v
	case json.Delim:
		if v == '[' {
			n.kind = isList
			return n, p.elements(n, depth)
		}
		n.kind, n.vals = isObject, map[string]*node{}
		return n, p.members(n, depth)
	}
	return n, nil
}

func (p *parser) elements(n *node, depth int) error {
	for p.dec.More() {
		e, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.list = append(n.list, e)
	}
	_, err := p.dec.Token()
	return err
}

func (p *parser) members(n *node, depth int) error {
	for p.dec.More() {
		tok, err := p.dec.Token()
		if err != nil {
			return err
		}
		key, line := tok.(string), p.line()
		if n.vals[key] != nil {
			return fmt.Errorf("the key %q is given twice, first in line %d", key, n.vals[key].line)
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		if v.kind != isObject {
			v.line = line
		}
		n.keys, n.vals[key] = append(n.keys, key), v
	}
	_, err := p.dec.Token()
	return err
}

// fromAny makes a node of what another format's library has decoded.
func fromAny(v any, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	n := &node{}
	switch v := v.(type) {
	case nil:
	case bool:
		n.kind, n.text = isBool, fmt.Sprint(v)
	case string:
		n.kind, n.text = isString, v
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, json.Number:
		n.kind, n.text = isNumber, fmt.Sprint(v)
	case []any:
		n.kind = isList
		for _, e := range v {
			c, err := fromAny(e, depth+1)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, c)
		}
	case map[string]any:
		n.kind, n.vals = isObject, map[string]*node{}
		for key, e := range v {
			c, err := fromAny(e, depth+1)
			if err != nil {
				return nil, err
			}
			n.keys, n.vals[key] = append(n.keys, key), c
		}
		sort.Strings(n.keys)
	case fmt.Stringer: // a date, for instance
		n.kind, n.text = isString, v.String()
	default:
		return nil, fmt.Errorf("a value of type %T, which no configuration has", v)
	}
	return n, nil
}
