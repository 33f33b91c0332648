package wasm

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"strconv"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// wasiModule is what the standard toolchains build guests for. They get as much of
// it as their runtimes need to start: no arguments, no environment, no files. Output
// becomes log records; time and sleep are the process's business; every function
// that would reach further says that there is no such thing.
const wasiModule = "wasi_snapshot_preview1"

// Errors of WASI.
const (
	wasiOK     = 0
	wasiBadF   = 8
	wasiInval  = 28
	wasiNoSys  = 52
	wasiNotCap = 76
)

// absent are the functions that reach for what a guest does not have.
var absent = map[string]string{
	"fd_advise": "iIIi>i", "fd_allocate": "iII>i", "fd_close": "i>i", "fd_datasync": "i>i", "fd_fdstat_get": "ii>i",
	"fd_fdstat_set_flags": "ii>i", "fd_fdstat_set_rights": "iII>i", "fd_filestat_get": "ii>i",
	"fd_filestat_set_size": "iI>i", "fd_filestat_set_times": "iIIi>i", "fd_pread": "iiiIi>i", "fd_prestat_get": "ii>i",
	"fd_prestat_dir_name": "iii>i", "fd_pwrite": "iiiIi>i", "fd_read": "iiii>i", "fd_readdir": "iiiIi>i",
	"fd_renumber": "ii>i", "fd_seek": "iIii>i", "fd_sync": "i>i", "fd_tell": "ii>i", "path_create_directory": "iii>i",
	"path_filestat_get": "iiiii>i", "path_filestat_set_times": "iiiiIIi>i", "path_link": "iiiiiii>i",
	"path_open": "iiiiiIIii>i", "path_readlink": "iiiiii>i", "path_remove_directory": "iii>i", "path_rename": "iiiiii>i",
	"path_symlink": "iiiii>i", "path_unlink_file": "iii>i", "proc_raise": "i>i", "sock_accept": "iii>i",
	"sock_recv": "iiiiii>i", "sock_send": "iiiii>i", "sock_shutdown": "ii>i",
}

func init() {
	for name, types := range absent {
		result := uint64(wasiBadF)
		if name[0] == 'p' {
			result = wasiNotCap
		}
		define(wasiModule, name, types, false, func(_ *instance, _ api.Module, st []uint64) { st[0] = result })
	}
	empty := func(in *instance, m api.Module, st []uint64) {
		clear(in.view(m, st[0], 4))
		clear(in.view(m, st[1], 4))
		st[0] = wasiOK
	}
	nothing := func(_ *instance, _ api.Module, st []uint64) { st[0] = wasiOK }
	define(wasiModule, "args_sizes_get", "ii>i", false, empty)
	define(wasiModule, "environ_sizes_get", "ii>i", false, empty)
	define(wasiModule, "args_get", "ii>i", false, nothing)
	define(wasiModule, "environ_get", "ii>i", false, nothing)
	define(wasiModule, "sched_yield", ">i", false, nothing)
	define(wasiModule, "clock_res_get", "ii>i", false, func(in *instance, m api.Module, st []uint64) {
		binary.LittleEndian.PutUint64(in.view(m, st[1], 8), 1)
		st[0] = wasiOK
	})
	define(wasiModule, "clock_time_get", "iIi>i", false, func(in *instance, m api.Module, st []uint64) {
		binary.LittleEndian.PutUint64(in.view(m, st[2], 8), uint64(in.clock(uint32(st[0]))))
		st[0] = wasiOK
	})
	define(wasiModule, "random_get", "ii>i", false, func(in *instance, m api.Module, st []uint64) {
		in.burn(int64(uint32(st[1]) / 8))
		_, _ = rand.Read(in.view(m, st[0], st[1]))
		st[0] = wasiOK
	})
	define(wasiModule, "proc_exit", "i>", false, func(in *instance, _ api.Module, st []uint64) {
		text := "exit code " + strconv.Itoa(int(uint32(st[0])))
		if len(in.said) > 0 {
			text += ": " + string(in.said)
		}
		in.stop(&Trap{Kind: TrapExit, Text: text})
	})
	define(wasiModule, "fd_write", "iiii>i", false, (*instance).wasiWrite)
	define(wasiModule, "poll_oneoff", "iiii>i", false, (*instance).wasiPoll)
}

// clock is the wall clock for 0, else one that only goes forward.
func (in *instance) clock(id uint32) int64 {
	p := in.proc
	switch {
	case p == nil:
		return 1
	case !p.o.Clock:
		p.now++ // so that it moves at all
		return p.now
	case id == 0:
		return p.self.Node().Now().UnixNano()
	}
	return int64(time.Since(p.born)) + 1
}

// wasiWrite takes output: standard output and standard error become log records.
func (in *instance) wasiWrite(m api.Module, st []uint64) {
	fd, count := uint32(st[0]), min(uint32(st[2]), 1024)
	if fd != 1 && fd != 2 {
		st[0] = wasiBadF
		return
	}
	var text []byte
	total := uint32(0)
	for i := range count {
		v := in.view(m, uint64(uint32(st[1])+8*i), 8)
		ptr, n := binary.LittleEndian.Uint32(v), binary.LittleEndian.Uint32(v[4:])
		b := in.view(m, uint64(ptr), uint64(n))
		total += n
		text = append(text, b[:min(len(b), mostText-len(text))]...)
	}
	in.burn(int64(total / 8))
	binary.LittleEndian.PutUint32(in.view(m, st[3], 4), total)
	if fd == 2 {
		in.said = append(in.said, text[:min(len(text), mostSaid-len(in.said))]...)
	}
	in.print(fd, text)
	st[0] = wasiOK
}

// print makes log records of output, one for each line.
func (in *instance) print(fd uint32, text []byte) {
	line := &in.lines[fd-1]
	for {
		before, after, ended := bytes.Cut(text, []byte("\n"))
		*line = append(*line, before[:min(len(before), mostText-len(*line))]...)
		if !ended {
			return
		}
		in.flush(fd)
		text = after
	}
}

// flush writes the line that output has begun, if there is one.
func (in *instance) flush(fd uint32) {
	line := &in.lines[fd-1]
	stream, level := "stdout", slog.LevelInfo
	if fd == 2 {
		stream, level = "stderr", slog.LevelWarn
	}
	if len(*line) > 0 {
		in.log(level, stream, string(*line))
	}
	*line = nil
}

// mostSaid is how much of what a guest writes to standard error in a callback is
// kept for the reason of its end.
const mostSaid = 1 << 10

// wasiPoll waits for a clock; there is nothing else to wait for.
func (in *instance) wasiPoll(m api.Module, st []uint64) {
	const subscription, event = 48, 32
	n := uint32(st[2])
	if n == 0 || n > 1024 {
		st[0] = wasiInval
		return
	}
	least := time.Duration(-1)
	for i := range n {
		sub := in.view(m, uint64(uint32(st[0])+subscription*i), subscription)
		if sub[8] != 0 { // not a clock
			continue
		}
		d := time.Duration(binary.LittleEndian.Uint64(sub[24:]))
		if binary.LittleEndian.Uint16(sub[40:])&1 != 0 { // a point in time
			d -= time.Duration(in.clock(binary.LittleEndian.Uint32(sub[16:])))
		}
		if d = max(d, 0); least < 0 || d < least {
			least = d
		}
	}
	if least < 0 {
		st[0] = wasiNoSys
		return
	}
	in.sleep(least)
	events := uint32(0)
	for i := range n {
		sub := in.view(m, uint64(uint32(st[0])+subscription*i), subscription)
		if sub[8] != 0 {
			continue
		}
		ev := in.view(m, uint64(uint32(st[1])+event*events), event)
		clear(ev)
		copy(ev[:8], sub[:8])
		events++
	}
	binary.LittleEndian.PutUint32(in.view(m, st[3], 4), events)
	st[0] = wasiOK
}
