// Package checked puts a contract between two processes of a node, without a network: a checked address.
//
// [Start] returns a PID that stands for the box behind it. Who has it sends, calls, links, monitors and exits as ever; who is
// behind it hears of all that, from one client, as ever. In between, every message is checked against the contract, in the state
// of the conversation, by processes that are neither's. What breaks the contract does not pass: a request that is not
// allowed is answered with the *[contract.Violation], and the box never sees it; a box that answers what it may not is ended,
// with the violation as the reason.
//
//	client  ->  gate (the address)  ->  back  ->  box
//	client  <-  gate                <-  back  <-  box
//
// The gate has the contract. The back is who the box sees: its calls come from there, and what it sends there is an event for
// the client ([Spec.Client]). Each hands on to the next in the order in which things came, so that there is one stream each
// way, signals included:
//
//   - A link with the address, or a signal of [kista.Exit] to it, is the box's matter: what comes to the address goes on to
//     the box, from the back, with its reason. Kill kills the box.
//   - The address ends when the box has, with its reason, after everything that the box sent before has been handed on. So
//     links and monitors tell of the box, and calls that have no answer yet fail with that reason.
//
// # Messages
//
// A call is a request, and any other message, sent or cast, an event. Contracts speak of terms, so Go values are checked as what they are
// as terms ([Spec.Terms]); what is handed on is the value itself. A request waits until the one before it has been answered, as
// what may be asked depends on the state, and later events wait behind it. Exit signals do not wait, as they do not in a
// mailbox.
//
// A box that was not written for this answers with what it answers; where the contract leaves more than one state open then, the
// conversation may be in any of them until what follows tells. A box that knows better answers with a [Reply], which names the state.
// An error that a box answers with is no message of the contract: it goes to the caller, and the state stays.
package checked
