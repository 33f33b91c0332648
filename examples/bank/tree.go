package bank

import (
	"fmt"
	"net"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/supervisor"
)

// Program describes the whole bank, for a supervisor. Its root is registered
// under Config.Name.
func (b *Bank) Program() kista.Program {
	return supervisor.Program(supervisor.Spec{
		Strategy:  supervisor.RestForOne,
		Intensity: 10, Period: time.Second,
		Notify: b.cfg.Notify,
		Children: []supervisor.Child{
			{ID: "store", Start: kista.BodyProgram(b.opts("store"), true, b.keepStore)},
			{ID: "accounts", Start: b.accountsProgram()},
			{ID: "front", Start: b.front()},
		},
	}, supervisor.Opts{Name: b.cfg.Name, Label: b.cfg.Name})
}

// front describes what clients meet.
func (b *Bank) front() kista.Program {
	return supervisor.Program(supervisor.Spec{
		Intensity: 10, Period: time.Second,
		Notify: b.cfg.Notify,
		Children: []supervisor.Child{
			{ID: "counter", Start: b.port(b.counter)},
			{ID: "robust", Start: b.port(b.robust)},
		},
	}, b.opts("front"))
}

// port describes one port: its connections, then its listener, which is of no use
// without them and is stopped before them.
func (b *Bank) port(p *counter) kista.Program {
	listen := func(self *kista.Self) error { return b.listen(self, p) }
	return supervisor.Program(supervisor.Spec{
		Strategy:  supervisor.RestForOne,
		Intensity: 10, Period: time.Second,
		Notify: b.cfg.Notify,
		Children: []supervisor.Child{
			{ID: "connections", Start: p.pool.Program(b.opts(p.name + ".connections"))},
			{ID: "listener", Start: kista.BodyProgram(b.opts(p.name+".listener"), true, listen)},
		},
	}, b.opts(p.name))
}

// connections describes the processes of a port's connections. One that ends has
// no successor: its client makes another one.
func (b *Bank) connections(p *counter) *supervisor.Pool[net.Conn] {
	return &supervisor.Pool[net.Conn]{
		Child:    func(conn net.Conn) kista.Program { return b.connectionProgram(p, conn) },
		Restart:  supervisor.Temporary,
		Shutdown: b.cfg.Shutdown,
		Notify:   b.cfg.Notify,
	}
}

// opts name and label a process of the tree.
func (b *Bank) opts(role string) kista.SpawnOpts {
	return kista.SpawnOpts{Name: b.name(role), Label: b.label(role, "")}
}

func (b *Bank) name(role string) string { return b.cfg.Name + "." + role }

func (b *Bank) accountName(key string) string { return b.cfg.Name + ".account/" + key }

// label is what people see: bank account joe.
func (b *Bank) label(role, who string) string {
	if who == "" {
		return fmt.Sprintf("%s %s", b.cfg.Name, role)
	}
	return fmt.Sprintf("%s %s %s", b.cfg.Name, role, who)
}
