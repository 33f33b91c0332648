package ubf

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/supervisor"
)

// Defaults of a [Spec]'s zero values.
const (
	DefaultSessions   = 10_000
	DefaultViolations = 1000
	DefaultTimeout    = 10 * time.Second // see Spec.Handshake and Spec.Write
)

// Spec says what a server offers, and how. Services is required; the zero value of everything else works.
type Spec struct {
	// Address is where it listens, as for net.Listen("tcp", ...). Empty: any free port of the loopback interface. A restart of the
	// listener keeps the port.
	Address string
	// Listen, if not nil, opens the listener instead, also after a restart.
	Listen func(ctx context.Context) (net.Listener, error)
	// TLS, if not nil, is what connections have to speak. For certificates of clients see tls.Config.ClientAuth.
	TLS *tls.Config
	// Transport is how messages stand on the wire. Zero: UBF(A).
	Transport Transport

	// Services are what there is.
	Services []Service
	// Begin names the service that a connection begins with. Empty: the meta service.
	Begin string
	// Name is the server's, in the greeting. Empty: that of Begin, or "meta_server".
	Name string
	// Quiet leaves the greeting out.
	Quiet bool
	// Texts are what people are told.
	Texts Texts
	// AllowRestart lets every client restart a service's manager. It ends no session, but whoever may connect may do it.
	AllowRestart bool
	// SimpleRPC leaves the state out of replies, for clients that expect it so.
	SimpleRPC bool

	// MaxSessions is how many connections there may be. At the limit, the listener waits. Zero: 10000.
	MaxSessions int
	// MaxViolations is how often a client may break its contract in one connection, with a request or an event; then it is
	// closed. Zero: 1000. Negative: as often as it likes.
	MaxViolations int
	// Idle is how long a connection may be silent, both ways, while no call runs; then it is closed. Zero: for ever.
	Idle time.Duration
	// Call is how long a plugin may take for a call or an event; then the session ends. Zero: five seconds. Negative: for ever.
	Call time.Duration
	// Handshake is how long TLS may take, and Write how long a client may leave what it is sent unread. Zero: ten seconds.
	Handshake, Write time.Duration
	// Limits bound what a client may send.
	Limits Limits
	// Gap is the least time between two messages to a client. Clients of UBF 2.x in Erlang lose one of two that arrive together; 50 ms
	// are enough in a network that does not collect packets. Zero: none.
	Gap time.Duration

	// Compat brings back what UBF 2.x does and should not: its replies to info and description of the meta service break
	// their own contract; a server that breaks its contract gets the state that it wanted, and goes on; events from clients
	// are checked as EVENT =>; the state stop does not close the connection, and the next request ends it without an
	// answer; Idle counts while a call runs.
	Compat bool
}

// SpecError is a mistake in a [Spec].
type SpecError struct{ Field, Why string }

func (e *SpecError) Error() string { return "ubf: Spec." + e.Field + ": " + e.Why }

// Server is a server of services. Make one with [NewServer], and start it with [Server.Program] under a supervisor, or with
// [Server.Start].
type Server struct {
	spec     Spec
	services map[string]*service
	names    []string // sorted
	begin    *service // nil: the meta service
	meta     *contract.Checker
	texts    Texts
	prefix   string
	pool     *supervisor.Pool[net.Conn]
	door     *door
	served   atomic.Int64
}

// service is a Service made ready.
type service struct {
	Service
	checker *contract.Checker
}

// servers tells servers apart: their processes have names.
var servers atomic.Int64

// NewServer makes a server. The error is a [*SpecError].
func NewServer(spec Spec) (*Server, error) {
	if spec.Call == 0 {
		spec.Call = kista.DefaultCallTimeout
	}
	def(&spec.MaxSessions, DefaultSessions)
	def(&spec.MaxViolations, DefaultViolations)
	def(&spec.Handshake, DefaultTimeout)
	def(&spec.Write, DefaultTimeout)
	spec.Transport = spec.Transport.or()
	sv := &Server{spec: spec, services: map[string]*service{}, meta: meta(), prefix: fmt.Sprintf("ubf.%d.", servers.Add(1))}
	if spec.Compat {
		sv.meta = compatMeta()
	}
	for i, s := range spec.Services {
		field := fmt.Sprintf("Services[%d]", i)
		if s.Contract == nil || s.Plugin == nil {
			return nil, &SpecError{field, "it needs a Contract and a Plugin"}
		}
		k, err := contract.Compile(s.Contract)
		if err != nil {
			return nil, &SpecError{field, err.Error()}
		}
		name := s.Contract.Name
		if sv.services[name] != nil {
			return nil, &SpecError{field, fmt.Sprintf("there are two services %q", name)}
		}
		sv.services[name] = &service{s, k}
		sv.names = append(sv.names, name)
	}
	slices.Sort(sv.names)
	switch {
	case len(spec.Services) == 0:
		return nil, &SpecError{"Services", "there are none"}
	case spec.Begin != "" && sv.services[spec.Begin] == nil:
		return nil, &SpecError{"Begin", fmt.Sprintf("there is no service %q", spec.Begin)}
	case spec.MaxSessions < 0 || spec.Idle < 0 || spec.Handshake < 0 || spec.Write < 0 || spec.Gap < 0:
		return nil, &SpecError{"MaxSessions, Idle, Handshake, Write, Gap", "one is negative"}
	}
	sv.begin = sv.services[spec.Begin]
	sv.texts = spec.Texts.withDefaults(sv.names)
	sv.pool = &supervisor.Pool[net.Conn]{
		Restart: supervisor.Temporary,
		Child: func(conn net.Conn) kista.Program {
			o := kista.SpawnOpts{Label: "ubf session of " + conn.RemoteAddr().String(), Grace: kista.DefaultGrace}
			return kista.BodyProgram(o, true, func(self *kista.Self) error { return sv.drive(self, conn) })
		},
	}
	sv.door = &door{
		address: spec.Address, open: spec.Listen, tls: spec.TLS, pool: sv.pool, sessions: sv.prefix + "sessions",
		full: func() bool { return sv.served.Load() >= int64(spec.MaxSessions) },
	}
	return sv, nil
}

func def[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// Program describes the server for a supervisor: a supervisor itself, of managers, sessions and the listener. It is up once
// it listens. Two of one Server must not be there at once.
func (sv *Server) Program(o supervisor.Opts) kista.Program {
	services := supervisor.Spec{Intensity: 10, Period: time.Second}
	for _, name := range sv.names {
		if m := sv.services[name].Manager; !m.IsZero() {
			services.Children = append(services.Children, supervisor.Child{ID: name, Start: m})
		}
	}
	return supervisor.Program(supervisor.Spec{
		Strategy: supervisor.RestForOne, Intensity: 5, Period: 10 * time.Second,
		Children: []supervisor.Child{
			{ID: "services", Start: supervisor.Program(services, supervisor.Opts{Name: sv.prefix + "services"})},
			{ID: "sessions", Start: sv.pool.Program(supervisor.Opts{Name: sv.prefix + "sessions"})},
			{ID: "listener", Start: sv.door.program()},
		},
	}, o)
}

// Start starts the server on a node, from outside, and waits until it listens. The error is that of [supervisor.Start].
func (sv *Server) Start(ctx context.Context, n *kista.Node, o supervisor.Opts) (kista.PID, error) {
	return n.Start(ctx, sv.Program(o))
}

// Addr returns where the server listens, once it has; nil before, and with a listener that is not TCP.
func (sv *Server) Addr() net.Addr { return sv.door.addr() }

// Sessions returns how many connections there are.
func (sv *Server) Sessions(ctx context.Context, n *kista.Node) (int, error) {
	counts, err := supervisor.CountChildren(ctx, n.Name(sv.prefix+"sessions"))
	return counts.Active, err
}
