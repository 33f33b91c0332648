package copier_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"iter"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
	"weak"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/copier"
)

type (
	job struct {
		ID   int
		Done chan int
	}
	order struct {
		Items []job
		Next  *order
	}
	guarded struct {
		sync.Mutex
		n int
	}
	counter  struct{ atomic.Int64 }
	envelope struct {
		Meta map[string]any
		Body any
		keep [2]any
	}
	// left and right are bad through each other, whichever is sent first.
	left struct {
		R *right
		N int
	}
	right struct {
		L *left
		C chan int
	}
	keyed  struct{ C *job }
	loop   struct{ Next any }
	ctxOwn struct{ context.Context }
	pipe   struct{ net.Conn }
)

func TestRefusedByType(t *testing.T) {
	n := 1
	// By type: nothing in these values is set.
	for _, c := range []struct {
		v         any
		path, typ string
	}{
		{job{}, "job.Done", "chan int"},
		{&job{}, "job.Done", "chan int"},
		{order{}, "order.Items[].Done", "chan int"},
		{[]order(nil), "message[].Items[].Done", "chan int"},
		{map[string]job{}, "message[].Done", "chan int"},
		{map[keyed]int{}, "message[key].C.Done", "chan int"},
		{[2]job{}, "message[].Done", "chan int"},
		{box[func()]{}, "box[func()].V", "func()"},
		{make(chan int), "message", "chan int"},
		{(<-chan int)(nil), "message", "<-chan int"},
		{func() {}, "message", "func()"},
		{iter.Seq[int](nil), "Seq[int]", "iter.Seq[int]"},
		{unsafe.Pointer(nil), "Pointer", "unsafe.Pointer"},
		{guarded{}, "guarded.Mutex", "sync.Mutex"},
		{&guarded{}, "guarded.Mutex", "sync.Mutex"},
		{counter{}, "counter.Int64", "atomic.Int64"},
		{&sync.WaitGroup{}, "WaitGroup", "sync.WaitGroup"},
		{&sync.Map{}, "Map", "sync.Map"},
		{&atomic.Value{}, "Value", "atomic.Value"},
		{&atomic.Pointer[int]{}, "Pointer[int]", "atomic.Pointer[int]"},
		{weak.Make(&n), "Pointer[int]", "weak.Pointer[int]"},
		{ctxOwn{}, "ctxOwn", "copier_test.ctxOwn"},
		{struct{ C context.Context }{}, "message.C", "context.Context"},
		{context.Background(), "backgroundCtx", "context.backgroundCtx"},
		{struct{ C net.Conn }{}, "message.C", "net.Conn"},
		{struct{ C net.PacketConn }{}, "message.C", "net.PacketConn"},
		{pipe{}, "pipe", "copier_test.pipe"},
		{&net.TCPConn{}, "TCPConn", "*net.TCPConn"},
		{&net.UDPConn{}, "UDPConn", "*net.UDPConn"},
		{(*os.File)(nil), "File", "*os.File"},
		{&os.Process{}, "Process", "os.Process"},
		{&exec.Cmd{}, "Cmd", "exec.Cmd"},
		{slog.Default(), "Logger", "slog.Logger"},
		{log.Default(), "Logger", "log.Logger"},
		{slog.StringValue("a"), "Value", "slog.Value"},
		{slog.Record{}, "Record.front[].Value", "slog.Value"},
		{t, "T", "testing.T"},
		{reflect.ValueOf(1), "Value", "reflect.Value"},
		{bufio.NewReader(nil), "Reader", "bufio.Reader"},
		{bufio.NewWriter(nil), "Writer", "bufio.Writer"},
		{&bufio.ReadWriter{}, "ReadWriter.Reader", "bufio.Reader"},
		{bufio.NewScanner(nil), "Scanner.split", "bufio.SplitFunc"},
		{&strings.Builder{}, "Builder", "strings.Builder"},
		{&time.Timer{}, "Timer.C", "<-chan time.Time"},
		{&http.Client{}, "Client.CheckRedirect", "func(*http.Request, []*http.Request) error"},
		{&http.Request{}, "Request.GetBody", "func() (io.ReadCloser, error)"},
		{right{}, "right.C", "chan int"},
		{left{}, "left.R.C", "chan int"},
	} {
		e := refusal(t, plain, c.v)
		assert.Equal(t, e.Path, c.path)
		assert.Equal(t, e.Type.String(), c.typ)
		assert.True(t, !e.Limit && e.Why != "", "%v: Limit %v, Why %q", c.v, e.Limit, e.Why)
		// What the type alone decides, Check knows.
		err := plain.Check(reflect.TypeOf(c.v))
		assert.Equal(t, assert.ErrorAs[*copier.Error](t, err).Path, c.path)
	}
}

func TestRefusedTogether(t *testing.T) {
	for _, first := range []any{left{}, right{}} {
		c := copier.New(copier.Options{})
		refusal(t, c, first)
		assert.Equal(t, refusal(t, c, left{}).Path, "left.R.C")
		assert.Equal(t, refusal(t, c, &right{}).Path, "right.C")
	}
}

func TestRefusedInInterface(t *testing.T) {
	ctx := t.Context()
	_, client := net.Pipe()
	for _, c := range []struct {
		v    any
		path string
	}{
		{envelope{Meta: map[string]any{"k": make(chan int)}}, `envelope.Meta["k"]`},
		{envelope{Meta: map[string]any{"k": []any{1, job{}}}}, `envelope.Meta["k"][1].Done`},
		{envelope{Body: &order{}}, `envelope.Body.Items[].Done`},
		{envelope{keep: [2]any{1, ctx}}, `envelope.keep[1]`},
		{&envelope{Body: []envelope{{}, {Body: func() {}}}}, `envelope.Body[1].Body`},
		{map[int]any{-3: os.Stdout}, `message[-3]`},
		{map[uint8]any{3: client}, `message[3]`},
		{map[float64]any{0.5: &sync.Mutex{}}, `message[0.5]`},
		{map[bool]any{true: &sync.Mutex{}}, `message[true]`},
		{map[point]any{{1, 2}: &sync.Mutex{}}, `message[copier_test.point]`},
		{map[any]any{"a\n": &sync.Mutex{}}, `message["a\n"]`},
		{map[any]int{make(chan int): 1}, `message[key]`},
		{map[any]int{struct{ C any }{make(chan int)}: 1}, `message[key].C`},
		{map[string]any{strings.Repeat("x", 100): func() {}}, `message["` + strings.Repeat("x", 40) + `..."]`},
		{[]io.Reader{bytes.NewReader(nil), os.Stdin}, `message[1]`},
		{struct{ P *any }{new(any(func() {}))}, `message.P`},
		{[]any{struct{ P *[]any }{&[]any{1, func() {}}}}, `message[0].P[1]`},
		{[]any{map[string][]any{"a": {func() {}}}}, `message[0]["a"][0]`},
	} {
		assert.NoError(t, plain.Check(reflect.TypeOf(c.v)))
		assert.Equal(t, refusal(t, plain, c.v).Path, c.path)
		// The deep walk tells the same path.
		deep := &loop{}
		deep.Next = []any{deep, c.v}
		want := "loop.Next[1]" + strings.TrimPrefix(strings.TrimPrefix(c.path, "message"), "envelope")
		assert.Equal(t, refusal(t, plain, deep).Path, want)
	}
}

func TestErrorText(t *testing.T) {
	assert.Equal(t, refusal(t, plain, envelope{Meta: map[string]any{"k": job{}}}).Error(),
		`copier: cannot send envelope.Meta["k"].Done (chan int): a channel is shared between its users; send a PID to answer to, or the data itself`)
	long := any(make(chan int))
	for range 30 {
		long = []any{long}
	}
	assert.Equal(t, refusal(t, plain, long).Path, "message"+strings.Repeat("[0]", 8)+"..."+strings.Repeat("[0]", 8))
}
