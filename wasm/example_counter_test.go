package wasm_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/wasm"
	"github.com/kista-go/kista/wasm/internal/wat"
)

// A guest that counts calls; what is no call sends it into an endless loop. Killing
// it, or anything else that it does, is nobody else's business.
func Example() {
	module, _ := wat.Assemble(`(module
		(import "kista_v1" "reply" (func $reply (param i64 i32 i32) (result i32)))
		(memory (export "memory") 1)
		(data (i32.const 0) "\83a\00") ;; a small integer, in Erlang's external format
		(func (export "kista_v1_handle") (param $kind i32) (param $from i64) (result i32)
			(if (i32.ne (local.get $kind) (i32.const 1)) (then loop br 0 end))
			(i32.store8 (i32.const 2) (i32.add (i32.load8_u (i32.const 2)) (i32.const 1)))
			(call $reply (local.get $from) (i32.const 0) (i32.const 3))))`)

	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)
	m, err := wasm.Load(ctx, module, wasm.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()

	pid, _ := wasm.Spawn(ctx, node, m, wasm.Opts{})
	fmt.Println(server.Call(ctx, pid, Count{}))
	fmt.Println(server.Call(ctx, pid, Count{}))

	_ = kista.Send(pid, "loop")
	_ = kista.Exit(pid, kista.Kill)
	reason, _ := kista.Wait(ctx, pid)
	fmt.Println(reason)
	// Output:
	// 1 <nil>
	// 2 <nil>
	// kista: killed
}
