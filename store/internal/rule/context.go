package rule

import (
	"context"
	"errors"
	"fmt"

	"github.com/kista-go/kista/store"
)

// Cause returns why ctx ended: an error that matches both ctx.Err() and, if
// there is another one, its cause.
func Cause(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// NotBegun returns the error of a request whose context ended before the
// request was begun, or nil if ctx has not ended.
func NotBegun(ctx context.Context, op string, id store.PersistenceID) error {
	if ctx.Err() == nil {
		return nil
	}
	return fmt.Errorf("store: journal %q: %s: %w", id, op, Cause(ctx))
}
