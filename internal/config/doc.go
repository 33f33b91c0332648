// Package config reads configuration into a struct of the user's, and can say of each value where it comes from. Packages
// app and release show it to their users.
//
// Words:
//
//   - A section is the configuration of one application: a struct, whose fields are named by keys, such as db.timeout. With
//     the application's name in front it is a full key: shop.db.timeout.
//   - A source is where values come from. There are four, and a later one wins over an earlier one: the struct's own values
//     (the defaults), a file, the environment, flags. A source that says something that makes no sense is reported even if a
//     later one wins.
//   - A [Schema] is a struct's type, looked at once: its keys, their types, which of them are secret or required.
//   - An [Input] is what the sources say, before anybody knows what keys there are.
//
// [Input.Resolve] brings them together. It calls code of the user's (UnmarshalText, Validate), so whoever calls it must be
// ready for a panic. Every mistake is found at once, not only the first: see [Errors].
package config
