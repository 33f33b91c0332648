package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

type (
	// open lets customers in; until then they wait at the door.
	open struct{}
	// shut is a call: nobody comes in any more, and the answer comes when those
	// who are in have left.
	shut struct{ server.Replies[bool] }
	// hired tells the front that its HTTP server has ended.
	hired struct{ Err error }
)

// front is the process that listens. It is up once it has its port.
func front(cfg shopConfig) kista.Body {
	return func(self *kista.Self) error {
		l, err := net.Listen("tcp", cfg.Listen.String())
		if err != nil {
			return err
		}
		defer func() { _ = l.Close() }()
		self.Logger().Info("shop: listening", "addr", l.Addr().String())
		if err := self.Started(); err != nil {
			return err
		}
		if _, err := kista.Receive[open](self); err != nil {
			return err
		}
		node := self.Node()
		h := &http.Server{Handler: http.TimeoutHandler(counter(node, cfg), cfg.Patient, "too slow\n"), ReadHeaderTimeout: cfg.Patient}
		defer func() { _ = h.Close() }()
		me := self.PID()
		self.SpawnLink(func(*kista.Self) error {
			_ = kista.Send(me, hired{h.Serve(l)})
			return nil
		})
		return attend(self, h, cfg)
	}
}

// attend waits for what becomes of the HTTP server, and closes it when asked to.
func attend(self *kista.Self, h *http.Server, cfg shopConfig) error {
	for closed := false; ; {
		msg, err := self.Receive()
		if err != nil {
			return err // told to stop
		}
		switch m := msg.(type) {
		case kista.Request:
			ctx, cancel := context.WithTimeout(self, cfg.Patient)
			closed = true
			left := h.Shutdown(ctx) == nil
			cancel()
			_ = m.From.Reply(left)
		case hired:
			if !closed {
				return m.Err // nobody asked for that
			}
		}
	}
}

// closeFront closes the door, and waits until the last customer has left.
func closeFront(ctx context.Context, door kista.Addr) error {
	_, err := server.Call(ctx, door, shut{})
	if errors.Is(err, kista.ErrNoProcess) {
		return nil // the tree has ended by itself
	}
	return err
}

// counter answers customers.
func counter(node *kista.Node, cfg shopConfig) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /buy/{item}", func(w http.ResponseWriter, r *http.Request) {
		bought, err := server.Call(r.Context(), node.Name("till"), sell{Item: r.PathValue("item")})
		switch {
		case errors.Is(err, errSoldOut):
			http.Error(w, "sold out", http.StatusConflict)
		case err != nil:
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(bought)
		}
	})
	m.HandleFunc("GET /takings", func(w http.ResponseWriter, r *http.Request) {
		token := cfg.Token.Reveal()
		if token == "" || subtle.ConstantTimeCompare([]byte(r.Header.Get("Token")), []byte(token)) == 0 {
			http.Error(w, "not for you", http.StatusForbidden)
			return
		}
		sum, err := server.Call(r.Context(), node.Name("till"), takings{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, sum)
	})
	return m
}
