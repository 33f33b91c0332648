package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/release"
	"github.com/kista-go/kista/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a shop that runs.
type running struct {
	t       *testing.T
	url     string
	signals chan os.Signal
	code    chan int
	logs    chan map[string]any
}

func begin(t *testing.T, args ...string) *running {
	t.Helper()
	s := &running{t: t, signals: make(chan os.Signal, 1), code: make(chan int, 1), logs: make(chan map[string]any, 1000)}
	read, write := io.Pipe()
	go func() {
		defer close(s.logs)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			var rec map[string]any
			if json.Unmarshal(lines.Bytes(), &rec) == nil {
				s.logs <- rec
			}
		}
	}()
	args = append([]string{"run", "--shop.listen=127.0.0.1:0", "--release.log.format=json"}, args...)
	go func() {
		s.code <- release.Run(context.Background(), shopRelease, release.Invocation{Args: args, Stderr: write, Signals: s.signals})
		_ = write.Close()
	}()
	s.url = "http://" + s.logged("shop: listening")["addr"].(string)
	s.logged("release: running")
	return s
}

func (s *running) logged(msg string) map[string]any {
	s.t.Helper()
	for {
		if rec := assert.Within(s.t, time.Minute, s.logs); rec["msg"] == msg {
			return rec
		}
	}
}

func (s *running) do(method, path string, header ...string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	assert.NoError(s.t, err)
	if len(header) > 0 {
		req.Header.Set(header[0], header[1])
	}
	res, err := http.DefaultClient.Do(req)
	assert.NoError(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	assert.NoError(s.t, err)
	http.DefaultClient.CloseIdleConnections()
	return res.StatusCode, strings.TrimSpace(string(body))
}

func (s *running) buy(item string) string {
	code, body := s.do("POST", "/buy/"+item)
	return fmt.Sprint(code, " ", body)
}

// stop stops the shop and returns the applications in the order of their end.
func (s *running) stop() (ended []string) {
	s.t.Helper()
	s.signals <- syscall.SIGTERM
	assert.Equal(s.t, assert.Within(s.t, time.Minute, s.code), 0)
	for rec := range s.logs {
		if rec["msg"] == "application: ended" {
			ended = append(ended, rec["application"].(string))
		}
	}
	return ended
}

func TestShop(t *testing.T) {
	s := begin(t, "--stock.items.pear=2", "--shop.price=3", "--shop.token=open sesame")
	assert.Equal(t, s.buy("pear"), `200 {"item":"pear","cost":3,"left":1}`)
	assert.Equal(t, s.buy("pear"), `200 {"item":"pear","cost":3,"left":0}`)
	assert.Equal(t, s.buy("pear"), "409 sold out")
	assert.Equal(t, s.buy("apple"), `200 {"item":"apple","cost":3,"left":4}`) // the default is still there

	code, _ := s.do("GET", "/takings")
	assert.Equal(t, code, 403)
	code, body := s.do("GET", "/takings", "Token", "open sesame")
	assert.Equal(t, fmt.Sprint(code, " ", body), "200 9")

	assert.Equal(t, s.stop(), []string{"shop", "stock", "release"})
}

// A new price counts from the reload on; the till keeps what is in it.
func TestPriceChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shop.json")
	assert.NoError(t, os.WriteFile(file, []byte(`{"shop": {"price": 2, "token": "t"}}`), 0o600))
	s := begin(t, "--config", file)
	assert.Equal(t, s.buy("apple"), `200 {"item":"apple","cost":2,"left":4}`)
	assert.NoError(t, os.WriteFile(file, []byte(`{"shop": {"price": 5, "token": "t"}}`), 0o600))
	s.signals <- syscall.SIGHUP
	s.logged("release: configuration read")
	assert.Equal(t, s.buy("apple"), `200 {"item":"apple","cost":5,"left":3}`)
	_, body := s.do("GET", "/takings", "Token", "t")
	assert.Equal(t, body, "7")
	s.stop()
}

// Customers who are inside when the shop is told to stop are served; others are
// sent away.
func TestLastCustomers(t *testing.T) {
	ctx := t.Context()
	n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, n.Stop(context.WithoutCancel(ctx))) }()
	ctl, err := app.StartController(ctx, n, app.Opts{Config: app.Sources{Flags: []string{"--shop.listen=127.0.0.1:0"}}})
	assert.NoError(t, err)
	assert.NoError(t, app.Load(ctx, ctl, shopApp, stockApp))
	_, err = app.EnsureAllStarted(ctx, ctl, app.Permanent, "shop")
	assert.NoError(t, err)

	door := n.Name("door")
	for range 2 {
		_, err := server.Call(ctx, door, enter{})
		assert.NoError(t, err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- app.Stop(ctx, ctl, "shop") }()
	for err == nil { // until the door closes
		if _, err = server.Call(ctx, door, enter{}); err == nil {
			assert.NoError(t, server.Cast(door, leave{}))
		}
	}
	assert.ErrorIs(t, err, errClosed)
	for range 2 {
		assert.Silent(t, stopped)
		assert.NoError(t, server.Cast(door, leave{}))
	}
	assert.NoError(t, assert.Within(t, time.Minute, stopped))
	assert.NoError(t, app.Start(ctx, ctl, "shop", app.Permanent)) // and it opens again
	_, err = server.Call(ctx, door, enter{})
	assert.NoError(t, err)
	assert.NoError(t, server.Cast(door, leave{}))
}

func TestMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"--shop.price=0":        `shop: shop.price: "0" from --shop.price: nothing is free here`,
		"--stock.items.pear=-1": `shop: stock.items: "-1" from --stock.items.pear: pear: there cannot be -1`,
		"--shop.listen=here":    `shop: shop.listen: "here" from --shop.listen: `,
	} {
		var out strings.Builder
		code := release.Run(t.Context(), shopRelease, release.Invocation{Args: []string{args}, Stderr: &out})
		assert.Equal(t, code, 2)
		assert.True(t, slices.ContainsFunc(strings.Split(out.String(), "\n"), func(l string) bool { return strings.HasPrefix(l, want) }),
			"got %q, want %q", out.String(), want)
	}
}
