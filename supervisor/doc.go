// Package supervisor starts processes, watches them, and starts them again when
// they end: OTP's supervisor, with its words and defaults.
package supervisor
