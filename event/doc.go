// Package event is OTP's gen_event: one process in which any number of handlers
// listen to the same events. Alarms, metrics, an audit trail, what a user is
// shown: whoever has news notifies the manager and knows nothing of who listens;
// whoever listens comes and goes while the program runs, and one that fails takes
// nobody along.
//
// # Words
//
// A *manager* ([Start], [Child]) is the process. A *handler* is code with a state
// of its own in it. It is named by a [HandlerID], described by a [Spec] and made
// in the manager's process by a [Factory] from *arguments*; so each start begins
// with a fresh one. A [Handler] is the primitive, as in net/http; a [Mux] picks a
// function by the type of what came in, and is shared by all handlers of a kind.
//
// An *event* ([Notify], [SyncNotify]) goes to every handler, the newest first. A
// *call* ([Call]) goes to one of them and is answered; the reply's type travels
// with the request. Anything else that reaches the manager is *info*.
//
//	type Alarm struct{ Room string }
//	type Count struct{ event.Replies[int] }
//
//	tallies := new(event.Mux[Tally])
//	event.OnEvent(tallies, func(c *event.Ctx, t *Tally, a Alarm) error {
//		t.N++
//		return nil
//	})
//	event.OnCall(tallies, func(c *event.Ctx, t *Tally, q Count) (int, error) {
//		return t.N, nil
//	})
//	open := func(c *event.Ctx, from int) (*Tally, error) { return &Tally{from}, nil }
//
//	tally := event.HandlerID{Module: "tally"}
//	alarms, err := event.Start(ctx, node, event.Opts{Name: "alarms"})
//	err = event.Add(ctx, alarms, event.New(tally, event.Of(tallies, open), 0))
//	err = event.Notify(alarms, Alarm{Room: "kitchen"})
//	n, err := event.Call(ctx, alarms, tally, Count{})
//
// # How a handler goes
//
// It is deleted ([Delete]) or swapped for another one, which inherits what its
// Terminate returns ([Swap]); it decides so itself ([Remove], [SwapFor]); the
// manager stops; its *owner* ends, the process that added it with [AddSup]; or it
// fails. Whatever the cause, its Terminate runs ([Leaving] says why), and its
// owner, if it has one, receives a [HandlerExited].
//
// A handler fails if a function panics, calls runtime.Goexit, returns an error
// that is no decision, or answers with what is not data. It is removed and
// reported; the manager and the other handlers go on with the same event. An
// error that a call's function returns is not a failure but the answer
// ([*Refused]).
//
// # Rules
//
// Events, requests, replies and arguments are data: they are copied on their way,
// and each handler gets a copy of its own. What a handler leaves to its successor
// stays in the process and is not copied.
//
// Handlers run one after another in one process: one that blocks, blocks the
// manager and all the others, as in OTP, and nobody else. Notify goes on
// filling the mailbox meanwhile, up to its limit. Work that may take long belongs
// in a process of its own, which the handler sends what it needs. A manager that
// does not come back is killed by its supervisor when the time to stop is over;
// code that watches [kista.Self.Stopping] can come back before.
//
// A handler must not call its own manager; it may notify it.
//
// A manager that is restarted has the handlers that it was described with
// ([Child]). What others have added is gone; an owner hears of that by its link
// and adds its handler again.
//
// # For those who know OTP
//
//	init/1, with {Args, Term}       the factory, with Ctx.Handover or Inherit
//	handle_event, _call, _info      OnEvent, OnCall, OnInfo
//	remove_handler                  Remove, also beside a reply
//	{swap_handler, ...}             SwapFor, also beside a reply
//	terminate/2                     OnTerminate; its Args are a Leaving
//	format_status                   OnReport
//	add_sup_handler, gen_event_EXIT AddSup, HandlerExited
//	Module, {Module, Id}            HandlerID
//	gen_event:stop                  Shutdown
//	sys:get_state, suspend          kista.System
//
// # When not to use one
//
// A manager is a queue in front of handlers that trust each other with their
// time. Listeners that wait for something, or that must not be slowed down by
// others, are processes: send to them.
package event
