package wasm

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/kista-go/kista/wasm/internal/rewrite"
)

// image is what an instance is once it has begun, to give to others instead of
// beginning: its memory, which they share until they write to it, and its globals.
type image struct {
	size    int
	globals map[string]uint64 // by the name of their export
}

// Only beginnings that take memory and time are worth an image: those of runtimes.
const leastImage = 256 << 10

// takeImage lets one instance begin and keeps what it has become, if that is worth
// it and nobody could tell: the code has no other state than memory and globals, and
// beginning does nothing that can be seen from outside. Where anything goes wrong
// there is no image, and processes begin by themselves.
func (c *code) takeImage() {
	if c.lim.NoImage || len(c.starts) == 0 || !c.info.Whole {
		return
	}
	in, err := c.retain().instantiate(nil, time.Now().Add(c.lim.Compile))
	if err != nil {
		return
	}
	defer in.close()
	mem := in.life.mod.Memory()
	if in.marked || mem.Size() < leastImage {
		return
	}
	content, ok := mem.Read(0, mem.Size())
	if !ok {
		return
	}
	im := &image{size: len(content), globals: map[string]uint64{}}
	for _, g := range c.info.Mutable {
		name := rewrite.GlobalPrefix + strconv.Itoa(g)
		im.globals[name] = in.life.mod.ExportedGlobal(name).Get()
	}
	c.memory.SetImage(slices.Clone(content))
	c.image.Store(im)
	c.info.Data = nil // nobody needs it any more
}

// put makes mod, whose memory has its content already, what the image is.
func (im *image) put(mod api.Module) error {
	mem := mod.Memory()
	if more := im.size/rewrite.PageSize - int(mem.Size())/rewrite.PageSize; more > 0 {
		if _, ok := mem.Grow(uint32(more)); !ok {
			return errors.New("its memory cannot become as large as when it begins")
		}
	}
	for name, v := range im.globals {
		mod.ExportedGlobal(name).(api.MutableGlobal).Set(v)
	}
	return nil
}
