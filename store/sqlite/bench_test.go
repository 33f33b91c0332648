package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/sqlite"
)

// BenchmarkAppend measures appends of 100 bytes against the least that any
// store must do, a write to a file and a sync, in the same run: x/raw is how
// many appends it makes in the time of one raw one.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 200} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			raw := rawAppend(b)
			j := open(b, sqlite.Config{})
			var left atomic.Int64
			left.Store(int64(b.N))
			var ready, wg sync.WaitGroup
			start := make(chan struct{})
			ready.Add(writers)
			for w := range writers {
				wg.Go(func() {
					id := store.PersistenceID(fmt.Sprint(w))
					token, last, err := j.Acquire(b.Context(), id, store.NextToken)
					ready.Done()
					<-start
					for err == nil && left.Add(-1) >= 0 {
						last, err = j.Append(b.Context(), id, token, last, store.Event{Manifest: "bench@1", Payload: make([]byte, 100)})
					}
					if err != nil {
						b.Error(err)
					}
				})
			}
			ready.Wait()
			before := j.Stats().Commits
			b.ResetTimer()
			close(start)
			wg.Wait()
			b.StopTimer()
			per := b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(float64(raw)/float64(max(per, 1)), "x/raw")
			b.ReportMetric(float64(b.N)/float64(max(1, j.Stats().Commits-before)), "appends/sync")
		})
	}
}

// rawAppend returns the time of one append to a file with a sync.
func rawAppend(b *testing.B) time.Duration {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	assert.NoError(b, err)
	defer f.Close()
	const n = 200
	start := time.Now()
	for range n {
		_, err := f.Write(make([]byte, 100))
		assert.NoError(b, err)
		assert.NoError(b, f.Sync())
	}
	return time.Since(start) / n
}
