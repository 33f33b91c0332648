package server_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
)

// Looking at a server neither cancels its timeout nor puts it off.
func TestS114_SystemRequestsLeaveItAlone(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var did journal
		h := &hooks{handle: func(c *server.Ctx, msg any) error {
			did.add(msg)
			if msg == "arm" {
				c.Timeout(time.Minute)
			}
			return nil
		}}
		pid := start(t, n, h.factory(), nil, server.Opts{})
		assert.NoError(t, kista.Send(pid, "arm"))
		for range 59 {
			kistatest.Pass(time.Second)
			_, err := kista.System(t.Context(), pid, kista.GetStatus{})
			assert.NoError(t, err)
		}
		assert.Equal(t, did.take(), []any{"arm"})
		kistatest.Pass(time.Second)
		assert.Equal(t, did.take(), []any{server.TimedOut{}})
	})
}

// Refusals are frozen: they answer for what they were, and share nothing.
func TestRefused(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		path := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}
		f := server.Of(on(func(*server.Ctx, string) (string, error) { return "ignored", fmt.Errorf("loading: %w", path) }), none)
		pid := start(t, n, f, nil, server.Opts{})
		got, err := server.Call(t.Context(), pid, ask{})
		assert.Equal(t, got, "")
		assert.ErrorIs(t, err, fs.ErrNotExist)
		assert.True(t, assert.ErrorAs[*fs.PathError](t, err) != path, "the server's own error came out")
		assert.Equal(t, err.Error(), "server: refused: loading: open x: file does not exist")
		var ce *kista.CallError
		assert.True(t, !errors.As(err, &ce), "a refusal is an answer")
		assert.True(t, n.Alive(pid), "the server died of a refusal")
	})
}

// A refusal that a server hands on stays what it was.
func TestRefusedThrough(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		behind := start(t, n, moody(nil), nil, server.Opts{})
		front := start(t, n, server.Of(on(func(c *server.Ctx, what string) (string, error) {
			return server.Call(c, behind, ask{What: what})
		}), none), nil, server.Opts{})
		_, err := server.Call(t.Context(), front, ask{What: "refuse"})
		assert.Equal(t, assert.ErrorAs[*server.Refused](t, err).Error(), "server: refused: boom")
		_, err = server.Call(t.Context(), front, ask{What: "panic"}) // the one behind dies, this one does not
		assert.ErrorAs[*server.Refused](t, err)
		assert.ErrorAs[*kista.CallError](t, err)
		assert.ErrorAs[*kista.PanicError](t, err)
		assert.True(t, n.Alive(front), "the server in front died")
	})
}

// Another node's servers are called like one's own.
func TestS116_OtherNodes(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, a *kista.Node, _ *kistatest.Log) {
		b, _ := kistatest.Node(t, kista.Config{Name: "b"})
		cut := kista.Pipe(a, b)
		gate := make(chan struct{})
		defer close(gate)
		start(t, b, moody(gate), nil, server.Opts{Name: "moody"})
		start(t, b, server.Of(bankMux(), newBank), nil, server.Opts{Name: "bank"})
		bank, moody := a.Remote("b", "bank"), a.Remote("b", "moody")
		kistatest.Within(t, a, func(s *kista.Self) {
			got, err := server.Call(s, bank, deposit{Who: "joe", Amount: 3})
			assert.NoError(t, err)
			assert.Equal(t, got, 3)
			_, err = server.Call(s, bank, withdraw{Who: "joe", Amount: 5})
			assert.ErrorIs(t, assert.ErrorAs[*server.Refused](t, err), errFunds)
			_, err = server.Call(s, bank, ask{})
			assert.ErrorAs[*server.UnknownError](t, err)
			assert.NoError(t, server.Cast(bank, note{"hello"}))
			last, err := server.Call(s, bank, closing{})
			assert.NoError(t, err)
			assert.Equal(t, last, map[string]int{"joe": 3})

			held := server.Begin(s, moody, ask{What: "forget"})
			busy := server.Begin(s, moody, ask{What: "wait"})
			synctest.Wait()
			cut() // S116: the node is lost
			for _, p := range []*server.Pending[string]{held, busy} {
				_, err = p.WaitFor(s, server.NoTimeout)
				assert.ErrorAs[*kista.CallError](t, err)
				assert.ErrorIs(t, err, kista.ErrNoConnection)
			}
			kistatest.Empty(t, s)
		})
	})
}

func TestReplyOfTheWrongType(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		h := &hooks{handle: func(c *server.Ctx, msg any) error { return c.From().Reply(42) }}
		pid := start(t, n, h.factory(), nil, server.Opts{Name: "s"})
		_, err := server.Call(t.Context(), n.Name("s"), ask{})
		re := assert.ErrorAs[*server.ReplyError](t, err)
		assert.Equal(t, re.Error(), "server: s answered server_test.ask with a int, want a string")
		_, err = server.Begin(t.Context(), pid, ask{}).Wait(t.Context())
		assert.ErrorAs[*server.ReplyError](t, err)
	})
}

type askSlice struct{ server.Replies[[]int] }

func TestNilReplies(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		h := &hooks{handle: func(c *server.Ctx, msg any) error { return c.From().Reply(nil) }}
		pid := start(t, n, h.factory(), nil, server.Opts{})
		got, err := server.Call(t.Context(), pid, askSlice{})
		assert.NoError(t, err)
		assert.True(t, got == nil, "got %v", got)
		_, err = server.Call(t.Context(), pid, ask{})
		assert.Equal(t, assert.ErrorAs[*server.ReplyError](t, err).Got, "nil")
	})
}

type askAny struct{ server.Replies[any] }

func TestS123_AReplyThatIsNotData(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		m := new(server.Mux[struct{}])
		server.OnCall(m, func(c *server.Ctx, _ *struct{}, _ askAny) (any, error) { return []any{1, func() {}}, nil })
		pid := start(t, n, server.Of(m, none), nil, server.Opts{})
		_, err := server.Call(t.Context(), pid, askAny{})
		assert.ErrorAs[*server.Refused](t, err)
		assert.Equal(t, assert.ErrorAs[*kista.DataError](t, err).Path, "message[1]")
		assert.True(t, n.Alive(pid), "the server died")
		synctest.Wait()
		assert.Equal(t, log.Messages(), []string{"server: a reply is not data"})
	})
}

func TestRequestThatIsNotData(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, moody(nil), nil, server.Opts{})
		_, err := server.Call(t.Context(), pid, leaky{F: func() {}})
		assert.ErrorAs[*kista.DataError](t, err)
		assert.ErrorAs[*kista.DataError](t, server.Cast(pid, leaky{}))
	})
}

type leaky struct {
	server.Replies[int]
	F func()
}

// Replies share nothing with the state.
func TestRepliesAreCopies(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := new(server.Mux[[]int])
		server.OnCall(m, func(_ *server.Ctx, s *[]int, _ askSlice) ([]int, error) { return *s, nil })
		pid := start(t, n, server.Of(m, func(*server.Ctx, any) (*[]int, error) { return &[]int{1, 2}, nil }), nil, server.Opts{})
		for range 2 {
			got, err := server.Call(t.Context(), pid, askSlice{})
			assert.NoError(t, err)
			assert.True(t, slices.Equal(got, []int{1, 2}), "got %v", got)
			got[0] = 100
		}
	})
}

// A full mailbox is an answer, and an error of a cast.
func TestMailboxLimit(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		gate := make(chan struct{})
		pid := start(t, n, moody(gate), nil, server.Opts{Mailbox: kista.MailboxLimit{Messages: 2}})
		first := server.Begin(t.Context(), pid, ask{What: "wait"})
		synctest.Wait()
		assert.NoError(t, server.Cast(pid, 1))
		assert.NoError(t, server.Cast(pid, 2))
		assert.ErrorAs[*kista.MailboxFullError](t, server.Cast(pid, 3))
		_, err := server.Call(t.Context(), pid, ask{})
		assert.ErrorAs[*kista.MailboxFullError](t, err)
		close(gate)
		_, err = first.Wait(t.Context())
		assert.NoError(t, err)
	})
}
