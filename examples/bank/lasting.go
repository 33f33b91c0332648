package bank

import (
	"net"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/heart"
)

// Under a heart, clients' connections outlive the program. One on which an answer is owed is closed by the next life: its client connects
// again at once, and repeats its request by its tag. All others go on, and their clients have noticed nothing.

// keep has the heart keep a connection; if it does not, it is as it was.
func (b *Bank) keep(self *kista.Self, p *counter, conn net.Conn) net.Conn {
	key := b.name(p.name) + " " + conn.LocalAddr().String() + " " + conn.RemoteAddr().String()
	s, err := heart.KeepSession(key, conn, b.name(p.name))
	if err != nil {
		self.Logger().Warn("bank: a connection will not outlive the program", "port", p.name, "error", err)
		return conn
	}
	return s
}

// resume takes over what the life before has left, once in a life.
func (b *Bank) resume(self *kista.Self, p *counter) {
	if p.resumed.Swap(true) {
		return
	}
	all, err := heart.Kept()
	if err != nil {
		self.Logger().Warn("bank: no connection has outlived the program", "port", p.name, "error", err)
		return
	}
	for _, c := range all {
		switch {
		case c.Note != b.name(p.name): // somebody else's
			_ = c.Conn.Close()
		case c.Owed || !b.admit(self, p, c.Conn):
			_ = heart.Drop(c.Key)
			_ = c.Conn.Close()
		}
	}
}
