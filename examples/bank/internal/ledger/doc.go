// Package ledger is the pure core of the bank: one account as a state machine.
// It knows no process, no clock, no file and no socket, so that everything that
// is said about money can be tested without any of them.
//
// An [Account] is asked to decide: [Account.Decide] looks at the state and at a
// [Request], changes nothing, and returns a [Decision]: the events to be stored,
// all of them in one append, and the reply to give once they are. Then
// [Account.Apply] carries each stored event out. A new incarnation applies the
// same events from the journal and arrives at the same state. Nothing else
// changes an account, so replaying is exactly living again.
//
// # Money
//
// Money is made by a [Deposited] and unmade by a [Withdrawn]; a transfer only
// moves it. Its life is in the journals of two accounts:
//
//	payer   Sent       the amount leaves the balance and stands in the outbox
//	payee   Credited   it is on the balance, and the transfer's name on a list
//	                   (or Declined, with the name on the same list)
//	payer   Settled    the client has its reply (declined: the money is back)
//	payee   Forgotten  the name is off the list
//	payer   Cleared    the transfer is out of the outbox
//
// Each step is repeated until the one behind it is known to be stored. The list
// makes the second harmless when repeated, and the order of the last two makes
// the list finite: the payer gives a name up only after the payee has. Between
// Sent and Credited the amount is on neither balance, but in the outbox.
//
// # Tags
//
// A [Tag] makes a request one that may be repeated: tag, request, reply and
// effect are one event. A tag is first kept with its reply. When it has grown
// old, or when there are too many, only its name is kept: the tag is spent, and
// a repetition is refused, never carried out. Names go when the client deletes
// the tag, or after Limits.TagRetention if that is set. When there is no room for
// names either, new tags are refused. So an unknown tag is a new one.
package ledger
