package kista_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// A Self goes anywhere as a context: into goroutines, an HTTP client, a
// database. Whatever uses it there gets clear errors, also after the process's
// death, and is never ended with it.

func TestForeignGoroutinesUseASelf(t *testing.T) {
	hang := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}
	}))
	defer web.Close()
	defer close(hang)
	db := sql.OpenDB(slowDB{})
	defer func() { assert.NoError(t, db.Close()) }()

	n := node(t)
	other := serve(t, n, counter{})
	for range 30 {
		var wg sync.WaitGroup
		var started sync.WaitGroup
		leak := make(chan *kista.Self, 1)
		uses := []func(s *kista.Self) error{
			func(s *kista.Self) error { // an HTTP request that never ends by itself
				req, err := http.NewRequestWithContext(s, http.MethodGet, web.URL+"/hang", http.NoBody)
				if err != nil {
					return err
				}
				resp, err := web.Client().Do(req)
				if err == nil {
					err = errors.Join(resp.Body.Close(), io.ErrUnexpectedEOF)
				}
				return err
			},
			func(s *kista.Self) error { // nor a query
				rows, err := db.QueryContext(s, "hang")
				if err == nil {
					err = errors.Join(rows.Err(), rows.Close())
				}
				return err
			},
			func(s *kista.Self) error { <-s.Done(); return context.Cause(s) },
			func(s *kista.Self) error { return repeat(func() error { return s.Send(other, 1) }) },
			func(s *kista.Self) error {
				return repeat(func() error { _, err := kista.Call(s, other, 1); return err })
			},
			func(s *kista.Self) error { return repeat(func() error { return s.Link(other) }) },
			func(s *kista.Self) error {
				return repeat(func() error {
					_, err := s.MonitorWith(other, kista.MonitorOpts{})
					return err
				})
			},
			func(s *kista.Self) error {
				return repeat(func() error {
					_, err := s.Receive()
					if errors.Is(err, kista.ErrBusy) {
						return nil
					}
					return err
				})
			},
			func(s *kista.Self) error {
				return repeat(func() error {
					_, _, err := s.SpawnWith(kista.SpawnOpts{}, ends(nil))
					return err
				})
			},
		}
		started.Add(2 * len(uses))
		pid, err := n.SpawnWith(kista.SpawnOpts{TrapExits: true}, func(s *kista.Self) error {
			for _, use := range uses {
				for range 2 {
					wg.Go(func() {
						started.Done()
						ended := true
						defer func() {
							if ended {
								t.Error("a foreign goroutine was ended")
							}
						}()
						if err := use(s); err == nil {
							t.Error("no error after the death")
						}
						for range 3 { // and after it
							_ = s.Send(other, 1)
						}
						ended = false
					})
				}
			}
			leak <- s
			for {
				if _, err := s.Receive(); err != nil && !errors.Is(err, kista.ErrBusy) {
					return err
				}
			}
		})
		assert.NoError(t, err)
		s := <-leak
		started.Wait()
		_ = kista.Exit(pid, kista.Kill)
		wg.Wait()
		assert.ErrorIs(t, s.Send(other, 1), kista.ErrKilled)
		assert.True(t, s.Monitor(other).IsZero() && s.Spawn(idle).IsZero(), "a dead process acts")
		_, err = kista.Call(s, other, 1)
		assert.ErrorIs(t, err, kista.ErrKilled)
		if !n.Alive(other) { // it was linked
			other = serve(t, n, counter{})
		}
	}
	info, _ := n.Info(other)
	assert.Equal(t, len(info.MonitoredBy), 0)
}

// repeat does it until it fails.
func repeat(do func() error) error {
	for {
		if err := do(); err != nil && !errors.As(err, new(*kista.MailboxFullError)) {
			return err
		}
	}
}

// slowDB is a database whose queries end with their context only.
type slowDB struct{}

func (slowDB) Connect(context.Context) (driver.Conn, error) { return slowDB{}, nil }
func (slowDB) Driver() driver.Driver                        { return nil }
func (slowDB) Close() error                                 { return nil }
func (slowDB) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (slowDB) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }

func (slowDB) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
