package bank

// Point is a place in the code of the bank's processes at which Config.Fault is
// called.
type Point string

// The points, and what who is there.
const (
	// BeforeAppend: an account has decided a request and stored nothing. Its key.
	BeforeAppend Point = "account.before_append"
	// AfterAppend: the events are stored, the reply is not given. Its key.
	AfterAppend Point = "account.after_append"
	// BeforeCredit, AfterCredit: the process that carries a transfer from payer to
	// payee, before it asks the payee and after it has the answer, which the payer
	// has not. The payer's key.
	BeforeCredit Point = "transfer.before_credit"
	AfterCredit  Point = "transfer.after_credit"
	// InRequest: a connection has read a request and not asked an account. The
	// client's address.
	InRequest Point = "connection.request"
	// InStore: the store process looks after the journals, once a second. Empty.
	InStore Point = "store.check"
	// InAccept: a listener has accepted a connection and started no process for it.
	// "counter" or "robust".
	InAccept Point = "listener.accept"
)

// fault calls the hook, in the process that gets to the point.
func (b *Bank) fault(p Point, who string) {
	if b.cfg.Fault != nil {
		b.cfg.Fault(p, who)
	}
}
