package wire_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kista-go/kista/heart/internal/wire"
	"github.com/kista-go/kista/internal/assert"
)

func TestMessagesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := wire.Message{
			Op:  wire.Op(rapid.IntRange(1, int(wire.Failed)).Draw(t, "op")),
			Seq: rapid.Uint32().Draw(t, "seq"), N: rapid.Uint64().Draw(t, "n"),
			Key:   string(rapid.SliceOfN(rapid.Byte(), 0, wire.MaxKey).Draw(t, "key")),
			Data:  rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "data"),
			Names: rapid.SliceOfN(rapid.StringN(0, 100, wire.MaxNote), 0, 20).Draw(t, "names"),
		}
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		got, err := wire.Decode(m.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Data) == 0 {
			m.Data = nil
		}
		if len(m.Names) == 0 {
			m.Names = nil
		}
		if d := cmp.Diff(m, got); d != "" {
			t.Fatal(d)
		}
	})
}

func TestLimits(t *testing.T) {
	for name, m := range map[string]wire.Message{
		"no operation": {},
		"unknown":      {Op: math.MaxUint8},
		"long key":     {Op: wire.Keep, Key: strings.Repeat("k", wire.MaxKey+1)},
		"many names":   {Op: wire.Renew, Names: make([]string, wire.MaxNames+1)},
		"long name":    {Op: wire.Renew, Names: []string{strings.Repeat("n", wire.MaxNote+1)}},
		"long":         {Op: wire.Answer, Data: make([]byte, wire.MaxPacket)},
	} {
		t.Run(name, func(t *testing.T) { assert.True(t, m.Check() != nil, "it passes") })
	}
	most := wire.Message{Op: wire.Answer}
	most.Data = make([]byte, wire.MaxPacket-len(most.Append(nil)))
	assert.NoError(t, most.Check())
	_, err := wire.Decode(most.Append(nil))
	assert.NoError(t, err)
	_, err = wire.Decode(append(most.Append(nil), 0))
	assert.ErrorIs(t, err, wire.ErrMalformed)
}

// Whatever comes, Decode says what it is or that it is nothing; and what it takes
// is what Append makes.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add((&wire.Message{Op: wire.Hello}).Append(nil))
	f.Add((&wire.Message{Op: wire.Keep, Seq: 7, N: 9, Key: "a", Data: []byte("note")}).Append(nil))
	f.Add((&wire.Message{Op: wire.Renew, Data: []byte("why"), Names: []string{"a", "", "c"}}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := wire.Decode(b)
		if err != nil {
			assert.ErrorIs(t, err, wire.ErrMalformed)
			assert.Equal(t, m, wire.Message{})
			return
		}
		assert.NoError(t, m.Check())
		assert.True(t, bytes.Equal(m.Append(nil), b), "%q becomes %q", b, m.Append(nil))
	})
}
