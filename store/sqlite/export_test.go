package sqlite

import (
	"context"
	"strconv"
)

// OpenHooked is [Open] with a function that the writer calls before each stage
// of a transaction: "begin", the name of each request's operation, "purge" and
// "commit". Its error or panic takes the place of the stage.
func OpenHooked(path string, cfg Config, hook func(stage string) error) (*Journal, error) {
	return open(path, cfg, hook)
}

// MaxPages bounds the database to n pages more than it has, by SQLite's own
// means: beyond that the disk is full.
func (j *Journal) MaxPages(n int) error {
	var have int
	if err := j.writer.conn.QueryRowContext(context.Background(), "pragma page_count").Scan(&have); err != nil {
		return err
	}
	return j.writer.conn.QueryRowContext(context.Background(),
		"pragma max_page_count = "+strconv.Itoa(have+n)).Scan(&have)
}

// Lengths returns how many requests stand in line, not yet taken.
func (j *Journal) Lengths() (items, waiting int) {
	j.queue.mu.Lock()
	defer j.queue.mu.Unlock()
	return len(j.queue.items), len(j.queue.waiting)
}

var Checksum = checksum
