package sys_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/sys"
)

// alarm is a handler that tells somebody of each crash.
type alarm struct{ slog.Handler }

func (alarm) Enabled(context.Context, slog.Level) bool { return true }

func (alarm) Handle(_ context.Context, rec slog.Record) error {
	fmt.Print("wake somebody up: ", rec.Message)
	rec.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "name", "reason", "last_message":
			fmt.Printf(", %s=%v", a.Key, a.Value)
		}
		return true
	})
	fmt.Println()
	return nil
}

// The node's logger writes for people; besides, every crash raises an alarm.
func Example_reports() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(sys.NewTextHandler(os.Stderr, nil))})
	detach := node.AttachReports(sys.Only(alarm{}, kista.ReportCrash))
	node.LimitReports(kista.ReportLimit{PerSecond: 10, Burst: 100}) // of each kind

	counters := new(server.Mux[int])
	server.OnCast(counters, func(_ *server.Ctx, n *int, by add) error {
		*n /= by.N
		return nil
	})
	zero := func(*server.Ctx, any) (*int, error) { return new(int), nil }
	pid, _ := server.Start(ctx, node, server.Of(counters, zero), nil, server.Opts{Name: "divider"})
	_ = server.Cast(pid, add{N: 0})
	_, _ = kista.Wait(ctx, pid)

	_ = node.Stop(ctx)
	detach()
	// Output:
	// wake somebody up: process crashed, name=divider, reason=kista: panic: runtime error: integer divide by zero, last_message=sys_test.add
}
