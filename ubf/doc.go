// Package ubf is UBF(C): conversations between two programs, in which every message is checked against a contract.
//
// A *service* is a contract (package contract) and the code behind it. A [Server] offers services on a listener; a client that
// connects is greeted, talks to the *meta service* first, which tells what there is, and starts a *session* with one service.
// From then on each of its requests is checked against the contract in the state of the session, before the code sees it, and
// each reply, with the state that follows, before the client sees it. So whoever breaks the contract is found out at once, and
// named. A [Client] is the other side.
//
//	C  {'startSession',"account",#}$       S  {{'ok',#},'start'}$
//	C  {'open',"joe"}$                     S  {'true','ready'}$
//	C  {'open',"joe"}$                     S  {{'clientBrokeContract',{'open',"joe"},...},'ready'}$
//
// # A service
//
// The code of a service is a [Plugin]: its Start accepts a session or rejects it, its Call answers requests, each with the
// state that follows. If it also has a method Event, that gets the client's events; if it has one called Stop, that is told
// of the end, also when the client has vanished. [Ctx.Emit] sends an event to the client at any time. A service whose contract
// has no states is stateless: the state is none for ever. What sessions share, a manager, is an ordinary process: see
// [Service.Manager].
//
// # Processes
//
// A server is a supervision tree: managers, sessions, the listener. Each session is three processes, linked to each other:
//
//	driver   reads the connection, one message after the other
//	checker  has the contract and the state, and writes
//	handler  runs the plugin
//
// A crash of one ends that session, and no other, with a report. While the plugin is busy with a call or an event nothing more is
// read, which is the flow control; events of the handler wait until it has done.
//
// # Transports
//
// The same conversations go as UBF(A), as JSON (JSF), and as frames of Erlang's external format (EBF): see [Transport]. Over TLS
// they go if the listener has it ([Spec.TLS]); a plugin can read who the client is ([Ctx.TLS]).
//
// # Beside UBF 2.x
//
// Servers and clients of this package talk to those of UBF 2.x in Erlang. Where that library has defects, this one does what the
// protocol means: a server that breaks its contract keeps its old state, and its session ends; a session that has reached
// the state stop is closed; a client's events are checked as EVENT <=; the meta service answers info and description; a
// plugin hears when its client vanishes. [Spec.Compat] brings the old ways back. [Spec.Gap] and [Options.Gap] are for
// peers that lose a message when two arrive in one segment, as that library's do.
package ubf
