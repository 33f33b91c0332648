package parent_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista/heart/internal/parent"
	"github.com/kista-go/kista/heart/internal/wire"
	"github.com/kista-go/kista/internal/assert"
)

func TestHistory(t *testing.T) {
	cfg := parent.Default()
	cfg.Restarts, cfg.Period, cfg.Pause, cfg.MaxPause, cfg.Same, cfg.Bare = 5, time.Minute, time.Second, 3*time.Second, 2, 3
	now := time.Unix(0, 0)
	death := func(kind, text, subtree string) wire.Death {
		now = now.Add(time.Second)
		return wire.Death{Kind: kind, Status: 3, Text: text, Subtree: subtree, At: now}
	}
	h := parent.NewHistory(cfg)
	assert.Equal(t, h.Next(death("fatal", "map at 0x12", ""), nil), parent.Verdict{Same: 1})
	assert.Equal(t, h.Next(death("fatal", "map at 0x13", ""), nil), parent.Verdict{Same: 2, Pause: time.Second}) // addresses do not count
	assert.Equal(t, h.Next(death("fatal", "map at 0x14", ""), nil), parent.Verdict{Same: 3, Pause: 2 * time.Second, Bare: true})
	assert.Equal(t, h.Next(death("exit", "", "shop"), nil), parent.Verdict{Same: 1, Pause: 3 * time.Second})
	assert.Equal(t, h.Next(death("exit", "", "shop"), nil), parent.Verdict{Same: 2, Pause: 3 * time.Second, Away: "shop"})
	assert.Equal(t, h.Without(), map[string]int{"shop": 1})
	assert.Equal(t, h.Next(death("exit", "", ""), nil), parent.Verdict{End: true, GiveUp: true})
	now = now.Add(2 * time.Minute) // they do not count any more
	assert.Equal(t, h.Next(death("exit", "", ""), nil), parent.Verdict{Same: 1})
	h.Restore("shop")
	assert.Equal(t, len(h.Without()), 0)
	renewed := wire.Death{Kind: "renewed", Without: []string{"a", "b", strings.Repeat("x", 1000)}, At: now}
	assert.Equal(t, h.Next(renewed, nil), parent.Verdict{Same: 1, Pause: time.Second})
	assert.Equal(t, h.Without(), map[string]int{"a": 1, "b": 1})
	h.RestoreAll()
	assert.Equal(t, len(h.Without()), 0)
	assert.True(t, h.Next(death("stopped", "", ""), nil).End, "stopped, and begins again")
	d := death("ended", "", "")
	d.Status = 0
	assert.True(t, h.Next(d, nil).End, "done, and begins again")
	d.Status = 1
	assert.True(t, !h.Next(d, nil).End, "it failed, and does not begin again")
}

func TestRead(t *testing.T) {
	r := parent.Read(`fatal error: concurrent map writes

goroutine 18 gp=0x1 m=0 labels:{"kista_kind": "server", "kista_name": "joe \"x\""} [running]:
internal/runtime/maps.fatal({0x4a1, 0x15})
	/usr/local/go/src/runtime/panic.go:1058 +0x18
main.(*shop).sell(0xc000, 0x1)
	/src/shop.go:12 +0x65
created by main.main in goroutine 1
	/src/main.go:9 +0x20

goroutine 1 [running]:
main.other()
`)
	assert.Equal(t, r.Text, "fatal error: concurrent map writes")
	assert.Equal(t, r.Frames, []string{"main.(*shop).sell", "main.main"})
	assert.Equal(t, r.Labels, map[string]string{"kista_kind": "server", "kista_name": `joe "x"`})
	assert.Equal(t, parent.Read("").Text, "")
	long := parent.Read("panic: " + strings.Repeat("x", 1<<20))
	assert.True(t, len(long.Text) < 400 && len(long.Head) < 3<<10, "%d, %d", len(long.Text), len(long.Head))
}

func FuzzRead(f *testing.F) {
	f.Add("panic: x\n\ngoroutine 1 [running]:\nmain.f()\n\t/x.go:1\n")
	f.Add("goroutine 1 labels:{\"a\": \"b\", ")
	f.Fuzz(func(t *testing.T, text string) {
		if r := parent.Read(text); len(r.Frames) > 8 || len(r.Labels) > 32 || len(r.Head) > 8<<10 {
			t.Errorf("%+v", r)
		}
	})
}

func TestConfig(t *testing.T) {
	c := parent.Default()
	c.Path, c.Args, c.Restarts = "/bin/x", []string{"--a", "b"}, 3
	assert.NoError(t, c.Validate())
	for _, change := range []func(c *parent.Config){
		func(c *parent.Config) { c.Path = "" }, func(c *parent.Config) { c.Same = 0 }, func(c *parent.Config) { c.Restarts = -2 },
		func(c *parent.Config) { c.Period = 0 }, func(c *parent.Config) { c.State = 1 }, func(c *parent.Config) { c.Report = 0 },
		func(c *parent.Config) { c.LogFormat = "xml" }, func(c *parent.Config) { c.Silence = 1 }, func(c *parent.Config) { c.Memory = -1 },
	} {
		bad := c
		change(&bad)
		assert.True(t, bad.Validate() != nil, "%+v is taken", bad)
	}
}
