// Package server is OTP's gen_server: processes that own some state and answer
// requests about it, one at a time. A bank account, a connection, a cache, a
// rate limiter: whatever several parts of a program would otherwise share under
// a lock lives in one server, and is reached by messages.
//
// # Words
//
// A *call* is a request that is answered; the caller waits ([Call]), or asks many
// at once and collects ([Begin], [Calls]). It is the !! of the talk in which
// Erlang's ideas were put together: send, and wait for the answer, which may be
// the news that the server has died. A *cast* is a message without an answer
// ([Cast]). Anything else that reaches a server is *info*: plain messages
// ([kista.Send]), timers, [kista.Down], [kista.Exited].
//
// A [Handler] is the code and state of one server, as in net/http. A [Mux] is
// code without state that picks a function by the type of what came in; all
// servers of a kind share one. A [Factory] makes a handler from *arguments*, in
// the new process, each time that one starts. [Of] makes it of a mux and a
// function that makes the state.
//
// The type of a reply travels with the request, so that a call needs no hint and
// a wrong use does not compile:
//
//	type Deposit struct {
//		server.Replies[int]
//		Amount int
//	}
//
//	accounts := new(server.Mux[Account])
//	server.OnCall(accounts, func(c *server.Ctx, a *Account, q Deposit) (int, error) {
//		a.Balance += q.Amount
//		return a.Balance, nil
//	})
//	open := func(c *server.Ctx, balance int) (*Account, error) {
//		return &Account{balance}, nil
//	}
//
//	joe, err := server.Start(ctx, node, server.Of(accounts, open), 100, server.Opts{Name: "joe"})
//	balance, err := server.Call(ctx, joe, Deposit{Amount: 10})
//
// # Rules
//
// Requests, casts, replies and arguments are data: they are copied on their way,
// and functions, channels and the like are refused ([kista.IsData]). State is
// made by the factory inside its process and never leaves it but as a copy.
//
// An error that a call's function returns is the answer, which the caller gets
// as [*Refused]; the server lives. An error that anything else returns is the
// exit reason, a panic always is. To end in order return [Stop].
//
// A call without a deadline waits five seconds. Why there is no answer is told
// by [*kista.CallError]; a server that dies is an answer at once.
//
// A handler may block: it delays its own server and nobody else. Two servers
// that call each other wait until their calls time out, so calls should go one
// way, and answers that take long be given later ([Later]).
//
// # For those who know OTP
//
//	init                       the factory; ignore is kista.ErrIgnore
//	handle_call                OnCall: {reply, R} is R, nil; {noreply} is Later
//	handle_cast, handle_info   OnCast, OnInfo
//	{stop, Reason, ...}        Stop with a reply, Crash without
//	{continue, X}, a timeout   Ctx.Continue and OnContinue, Ctx.Timeout and OnTimeout
//	terminate, format_status   OnTerminate, OnReport
//	gen_server:reply           ReplyTo, or From.Reply
//	send_request, multi_call   Begin, Calls
//	gen_server:stop            Shutdown
//	sys:get_state, suspend     kista.System
//
// # When not to use one
//
// A server serialises. A pure function, a value that never changes and work that
// only this caller waits for need none of it; a server for them is a queue in
// front of a function. A process with a protocol in steps is a state machine; one
// that only waits for others is a [kista.Body].
package server
