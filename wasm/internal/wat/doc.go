// Package wat assembles WebAssembly modules from their text format, so that
// tests and examples build the guests that they need, hostile ones included,
// from source that can be read, with no tool but go test.
//
// It takes the part of the format that such tests are written in: one module
// with types, imports, functions, tables, one memory, globals, exports, a start
// function, element and data segments; instructions one behind the other, or
// folded into parentheses; names for functions, locals, globals, types and
// labels. It does not check types: what a wrong program does is for others to
// find out.
package wat
