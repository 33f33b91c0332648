package bank_test

import "log/slog"

// quiet keeps the crash reports of crashes that a test wants out of its output.
var quiet = slog.New(slog.DiscardHandler)
