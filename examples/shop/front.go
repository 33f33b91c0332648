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

// front is the process that listens. It is up once it has its port, and ends with
// its context: who is inside has left by then (see the application's PrepStop).
func front(cfg shopConfig) kista.Body {
	return func(self *kista.Self) error {
		l, err := net.Listen("tcp", cfg.Listen.String())
		if err != nil {
			return err
		}
		h := &http.Server{
			Handler:           http.TimeoutHandler(counter(self.Node(), cfg), cfg.Patient, "too slow\n"),
			ReadHeaderTimeout: cfg.Patient,
		}
		defer context.AfterFunc(self, func() { _ = h.Close() })() // when we are told to end
		self.Logger().Info("shop: listening", "addr", l.Addr().String())
		if err := self.Started(); err != nil {
			return err
		}
		return h.Serve(l)
	}
}

// counter answers customers.
func counter(node *kista.Node, cfg shopConfig) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /buy/{item}", func(w http.ResponseWriter, r *http.Request) {
		bought, err := server.Call(r.Context(), node.Name("till"), sell{Item: r.PathValue("item")})
		if failed(w, err) {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(bought)
	})
	m.HandleFunc("GET /takings", func(w http.ResponseWriter, r *http.Request) {
		token := cfg.Token.Reveal()
		if token == "" || subtle.ConstantTimeCompare([]byte(r.Header.Get("Token")), []byte(token)) == 0 {
			http.Error(w, "not for you", http.StatusForbidden)
			return
		}
		if sum, err := server.Call(r.Context(), node.Name("till"), takings{}); !failed(w, err) {
			fmt.Fprintln(w, sum)
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := server.Call(r.Context(), node.Name("door"), enter{}); failed(w, err) {
			return
		}
		defer func() { _ = server.Cast(node.Name("door"), leave{}) }()
		m.ServeHTTP(w, r)
	})
}

// failed tells the customer what went wrong, if something did.
func failed(w http.ResponseWriter, err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, errSoldOut):
		http.Error(w, "sold out", http.StatusConflict)
	default:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
	return true
}
