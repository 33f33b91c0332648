//go:build !linux

package heart

import (
	"net"
	"sync"

	"github.com/kista-go/kista/heart/internal/slab"
	"github.com/kista-go/kista/heart/internal/wire"
)

// client is the way to the heart, which is never there.
type client struct{ welcome wire.Welcome }

func theHeart() *client { return nil }

func (*client) listen(string, string) (net.Listener, error) { return nil, ErrNoHeart }
func (*client) unlisten(string, string) error               { return ErrNoHeart }
func (*client) keep(string, net.Conn, string) error         { return ErrNoHeart }
func (*client) drop(string) error                           { return ErrNoHeart }
func (*client) kept() ([]Conn, error)                       { return nil, ErrNoHeart }
func (*client) restore(string) error                        { return ErrNoHeart }
func (*client) renew(string, []string) error                { return ErrNoHeart }

func await(net.Conn) error { return nil }

var memory = sync.OnceValues(func() (*slab.Slab, error) { return slab.New(make([]byte, 16<<20)) })
