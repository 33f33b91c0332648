// Package guard reads Kista's own source tree and checks the rules that no
// compiler knows: who may import whom, that every exported name is documented,
// that no library ends its host program, that tests do not sleep, that the
// pages' links and commands lead somewhere. The tests of this package and
// floors_test.go in the module's root apply it; nothing else imports it.
//
// Three words:
//
//   - A [Tree] is the text of the module as it lies on disk: every file, and
//     its Go files parsed. Nothing is compiled and no tool is started, so the
//     rules see files for every platform and build tag, and they still answer
//     while a package does not build.
//   - A [Rule] is a name, the reason why it exists, and a function from a tree
//     to the problems in it. Each rule has a test with a small tree that breaks
//     it, so that none can go blind unnoticed.
//   - A [Problem] is one violation: where, what, and what to do about it. A
//     warning is a problem that is logged and fails nothing.
//
// A rule that stands in the way of a good change is changed in the same
// commit, with its reason. Do not widen an exception merely to make a build
// pass: the rule is the design, and the exception list is where it erodes.
package guard
