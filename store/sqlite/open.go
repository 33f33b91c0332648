package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver named "sqlite"

	"github.com/kista-go/kista/store"
)

const (
	applicationID = 0x4b737461 // "Ksta", in the header of the file
	schemaVersion = 1
)

// schema is version 1. A journal is found by its id once, and its rows by the
// short key. A head outlives its journal; see [store.Journal.Delete].
const schema = `
create table head (
	key     integer primary key,
	id      text    not null unique,
	token   integer not null, -- of the writer
	highest integer not null, -- number of the last event
	deleted integer not null, -- events up to here are deleted,
	purged  integer not null, -- and up to here their rows are gone
	listed  integer not null
) strict;
create index head_purgeable on head (key) where purged < deleted;
create table event (
	journal  integer not null, -- head.key
	seq      integer not null,
	time     integer not null, -- nanoseconds since 1970
	manifest text    not null,
	payload  blob    not null,
	sum      integer not null, -- CRC-32C of id, seq, time, manifest and payload
	primary key (journal, seq)
) strict, without rowid;
create table snapshot (
	journal  integer primary key,
	seq      integer not null,
	time     integer not null,
	manifest text    not null,
	payload  blob    not null,
	sum      integer not null
) strict;
`

// Open opens the journal file at path, or creates it and the directories that
// lead to it, readable by this user only. It takes a lock, in a file of the
// same name with ".lock" at the end, which makes this the only Journal on the
// file until Close or the end of the process. After a crash it first recovers
// what was committed.
//
// Errors: [store.ErrLocked] if another process, or this one, has the file
// open; [store.ErrVersion] if a newer version of this package wrote it;
// [store.ErrInvalid] if it is a database of something else, or cfg has a
// negative field; [store.ErrCorrupt] if it is damaged or not a database;
// and those of the file system.
func Open(path string, cfg Config) (*Journal, error) {
	return open(path, cfg, nil)
}

func open(path string, cfg Config, hook func(string) error) (_ *Journal, err error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if path, err = prepareFile(path); err != nil {
		return nil, err
	}
	j := &Journal{
		path:   path,
		limits: cfg.Limits,
		now:    cfg.Now,
		queue:  newQueue(cfg.Limits),
		idle:   make(chan struct{}),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, j.closeFiles())
		}
	}()
	if j.lock, err = acquireLock(path + ".lock"); err != nil {
		return nil, err
	}
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	ctx := context.Background()
	if err := j.openWriter(ctx, cfg, hook); err != nil {
		return nil, err
	}
	j.read, err = openDB(path, "&_pragma=query_only(1)", cfg.Readers)
	if err != nil {
		return nil, err
	}
	j.goFunc(j.writer.run)
	return j, nil
}

func (j *Journal) openWriter(ctx context.Context, cfg Config, hook func(string) error) (err error) {
	if j.write, err = openDB(j.path, "", 1); err != nil {
		return err
	}
	conn, err := j.write.Conn(ctx)
	if err != nil {
		return wrap("open "+j.path, "", err)
	}
	j.writer = &writer{queue: j.queue, max: cfg.MaxGroup, wal: j.path + "-wal", conn: conn, hook: hook, purging: true}
	if err := migrate(ctx, conn, j.path); err != nil {
		return err
	}
	// A commit is acknowledged after the log is synced; on darwin that takes
	// a stronger call than fsync.
	for _, p := range []string{"synchronous = full", "fullfsync = 1", "checkpoint_fullfsync = 1", "journal_size_limit = 16777216"} {
		if _, err := conn.ExecContext(ctx, "pragma "+p); err != nil {
			return wrap("open "+j.path, "", err)
		}
	}
	var mode string
	if err := conn.QueryRowContext(ctx, "pragma journal_mode = wal").Scan(&mode); err != nil {
		return wrap("open "+j.path, "", err)
	}
	if mode != "wal" {
		return fmt.Errorf("store: open %s: the file system does not allow a write-ahead log (mode is %q); use a local disk", j.path, mode)
	}
	if err := j.writer.stmt.prepare(ctx, conn); err != nil {
		return wrap("open "+j.path, "", err)
	}
	return nil
}

// migrate makes the schema in a new file, and refuses files it must not touch.
func migrate(ctx context.Context, conn *sql.Conn, path string) (err error) {
	defer func() {
		if err != nil && !errors.Is(err, store.ErrVersion) && !errors.Is(err, store.ErrInvalid) {
			err = wrap("open "+path, "", err)
		}
	}()
	var app, version, tables int
	for _, q := range []struct {
		to   *int
		text string
	}{
		{&app, "pragma application_id"},
		{&version, "pragma user_version"},
		{&tables, "select count(*) from sqlite_schema"},
	} {
		if err := conn.QueryRowContext(ctx, q.text).Scan(q.to); err != nil {
			return err
		}
	}
	switch {
	case app == applicationID && version > schemaVersion:
		return &store.VersionError{Path: path, Found: version, Max: schemaVersion}
	case app == applicationID && version == schemaVersion:
		return nil
	case app != 0 || version != 0 || tables != 0:
		return &store.InvalidError{Problem: fmt.Sprintf(
			"%s is a database of something else (application id %#x); choose another file", path, app)}
	}
	_, err = conn.ExecContext(ctx, fmt.Sprintf("begin immediate;%s pragma application_id = %d; pragma user_version = %d; commit",
		schema, applicationID, schemaVersion))
	return err
}

// prepareFile returns the one absolute path of the file, with symbolic links
// resolved, so that one file has one lock; and makes its directory.
func prepareFile(path string) (string, error) {
	if path == "" {
		return "", &store.InvalidError{Problem: "the path of the store is empty; name a file"}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("store: open %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return "", fmt.Errorf("store: open %s: %w", path, err)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return "", fmt.Errorf("store: open %s: %w", path, err)
	}
	return filepath.Join(dir, filepath.Base(abs)), nil
}

// createPrivate makes the file if there is none; SQLite would let every user
// read it, and gives its other files the same permissions.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return nil
	case err != nil:
		return fmt.Errorf("store: open %s: %w", path, err)
	}
	return f.Close()
}

func openDB(path, params string, conns int) (*sql.DB, error) {
	slash := filepath.ToSlash(path)
	if !strings.HasPrefix(slash, "/") {
		slash = "/" + slash // C:/...
	}
	dsn := "file://" + (&url.URL{Path: slash}).EscapedPath() + "?_pragma=busy_timeout(5000)" + params
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, wrap("open "+path, "", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}
