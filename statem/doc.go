// Package statem is OTP's gen_statem: processes that are state machines. A
// connection that is closed, dialling or open, an order that is placed, paid or
// sent, a lock, a circuit breaker, a protocol in steps: whatever means something
// different by what the same message does to it.
//
// # Words
//
// A machine is in one *state*, a value that == compares, and owns *data*, which
// may be anything. An *event* is what it handles: a call or a cast (of package
// server, whose Call, Begin and Cast work on machines as on servers), any other
// message (*info*), the end of a timeout, or an *internal* event that the
// machine inserted itself. The function that handles an event asks its [Ctx] for
// what is to happen next, the *actions* of OTP: another state, timeouts, inserted
// events, replies to whoever waits. They are carried out when it has returned, as
// one *transition*.
//
// An *entry call* is made when a state has been entered. To *postpone* an event
// is to keep it until the state has changed. A *timeout* is one of three sorts:
// the [StateTimeout] ends with the state, the [EventTimeout] with the next event,
// a [Named] one with nothing.
//
// # Two styles
//
// A [Mux] has functions for each state, by the type of what comes in, as
// http.ServeMux has them by path:
//
//	type ctx = statem.Ctx[State]
//
//	doors := new(statem.Mux[State, Door])
//	statem.OnCast(doors.In(Closed), func(c *ctx, d *Door, _ Push) error {
//		c.NextState(Open)
//		return nil
//	})
//	statem.OnEnter(doors.In(Open), func(c *ctx, d *Door, old State) error {
//		c.SetTimeout(statem.StateTimeout, 10*time.Second, nil)
//		return nil
//	})
//	statem.OnTimeout(doors.In(Open), statem.StateTimeout, func(c *ctx, d *Door, _ any) error {
//		c.NextState(Closed)
//		return nil
//	})
//
// A [Handler] is one function for all states, and its own data. Between the two,
// [OnEvent] gives a state one function for all its events.
//
// # What comes when
//
// A machine handles first what it inserted ([Ctx.NextInternal], [Ctx.NextEvent]);
// then, after a change of state, what was postponed, oldest first; then timeouts
// of zero; then its mailbox. Each event goes through its whole transition, with
// the entry call, before the next. A timeout that was cancelled, or that the
// change of state has cancelled, never comes, even if its time was over before.
//
// # Rules
//
// Requests, casts, replies and arguments are data, and are copied on their way.
// Data of the machine, timeouts' messages and internal events stay in the
// process, and are not. State is made by the factory inside its process and never
// leaves it but as a copy.
//
// An error that a call's function returns is the answer, which the caller gets
// as server's Refused; the machine lives. An error that anything else returns is
// the exit reason, a panic always is. What cannot be, such as going to a state
// that does not exist, is one too ([*ActionError]), and harms nobody else. To end
// in order return [Stop].
//
// # For those who know OTP
//
//	callback_mode                     Mux (state_functions), Handler (handle_event_function)
//	state_enter                       OnEnter, Enterer
//	init                              the factory: state, data, and actions asked of its Ctx
//	{next_state, S, D, Actions}       Ctx.NextState and the like, then return nil
//	keep_state, repeat_state          return nil, Ctx.RepeatState
//	postpone                          return Postpone
//	{next_event, T, C}                Ctx.NextEvent, Ctx.NextInternal
//	{state_timeout, T, C}, {timeout, T, C}, {{timeout, N}, T, C}
//	                                  Ctx.SetTimeout with StateTimeout, EventTimeout, Named(N)
//	update, cancel, {abs, true}       Ctx.UpdateTimeout, CancelTimeout, SetTimeoutAt
//	infinity                          Ctx.SetTimeout with kista.NoTimeout, Ctx.CancelTimeout
//	{reply, From, R}                  what OnCall returns, Ctx.Reply
//	stop, stop_and_reply              Crash, Stop
//	change_callback_module, push, pop Ctx.ChangeHandler, PushHandler, PopHandler
//	terminate, format_status          OnTerminate, OnReport
//	hibernate                         nothing: an idle machine owns no goroutine and no buffer
//	gen_statem:call, cast, send_request
//	                                  server.Call, server.Cast, server.Begin
//	gen_statem:stop                   Shutdown
//	sys:get_state                     kista.System with GetState: a Snapshot
//
// # When not to use one
//
// If every message means the same whenever it comes, it is a server. If there
// are two states and one bit tells them apart, an if in a server is shorter. If
// the order of steps is fixed and the process only waits for others, a
// [kista.Body] reads from top to bottom.
package statem
