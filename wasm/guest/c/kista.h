/*
 * The host interface of guests, version 1, for C and C++.
 *
 *	clang --target=wasm32 -O2 -nostdlib -mbulk-memory -Wl,--no-entry \
 *		-Wl,-z,stack-size=8192 -o counter.wasm counter.c
 *
 * Terms are in Erlang's external format, with its version byte (131). What each
 * function does is told in docs/isolation-wasm.md. A guest defines
 * kista_v1_handle, and what it likes of the other callbacks.
 */
#ifndef KISTA_H
#define KISTA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KISTA_IMPORT(name) __attribute__((import_module("kista_v1"), import_name(#name)))
#define KISTA_EXPORT(name) __attribute__((export_name(#name)))

/* What a message is: the first argument of kista_v1_handle. */
enum { KISTA_INFO = 0, KISTA_CALL = 1, KISTA_CAST = 2, KISTA_DOWN = 3, KISTA_EXITED = 4 };

/* What a callback returns. */
enum { KISTA_GO_ON = 0, KISTA_STOP = 1 };

/* What functions return that can fail. */
enum {
	KISTA_OK = 0,
	KISTA_BAD = -1,       /* no term, or no address */
	KISTA_NOBODY = -2,    /* nobody there */
	KISTA_FULL = -3,      /* the receiver's mailbox is full */
	KISTA_LIMIT = -4,     /* the host's limit is reached */
	KISTA_FORBIDDEN = -5, /* not permitted */
	KISTA_TIMEOUT = -6,   /* no answer in time */
	KISTA_FAILED = -7,    /* failed: the reason can be read */
	KISTA_NOT_NOW = -8    /* not while the state is handed over */
};

/* Levels of kista_log. */
enum { KISTA_DEBUG = -4, KISTA_INFORM = 0, KISTA_WARN = 4, KISTA_ERROR = 8 };

KISTA_IMPORT(read) uint32_t kista_read(void *to, uint32_t most);
KISTA_IMPORT(write) int32_t kista_write(const void *from, uint32_t n);
KISTA_IMPORT(self) int32_t kista_self(void);
KISTA_IMPORT(send) int32_t kista_send(const void *to, uint32_t tn, const void *msg, uint32_t mn);
KISTA_IMPORT(cast) int32_t kista_cast(const void *to, uint32_t tn, const void *msg, uint32_t mn);
KISTA_IMPORT(call) int32_t kista_call(const void *to, uint32_t tn, const void *msg, uint32_t mn, int64_t ms);
KISTA_IMPORT(reply) int32_t kista_reply(uint64_t from, const void *term, uint32_t n);
KISTA_IMPORT(refuse) int32_t kista_refuse(uint64_t from, const void *term, uint32_t n);
KISTA_IMPORT(caller) int32_t kista_caller(uint64_t from);
KISTA_IMPORT(send_after) int64_t kista_send_after(int64_t ms, const void *to, uint32_t tn, const void *msg, uint32_t mn);
KISTA_IMPORT(cancel) int64_t kista_cancel(uint64_t timer);
KISTA_IMPORT(monitor) int64_t kista_monitor(const void *to, uint32_t n);
KISTA_IMPORT(demonitor) int32_t kista_demonitor(uint64_t monitor);
KISTA_IMPORT(link) int32_t kista_link(const void *pid, uint32_t n);
KISTA_IMPORT(unlink) int32_t kista_unlink(const void *pid, uint32_t n);
KISTA_IMPORT(exit) int32_t kista_exit(const void *pid, uint32_t pn, const void *reason, uint32_t rn);
KISTA_IMPORT(trap_exits) int32_t kista_trap_exits(int32_t on);
KISTA_IMPORT(spawn) int32_t kista_spawn(const char *name, uint32_t nn, const void *args, uint32_t an);
KISTA_IMPORT(log) int32_t kista_log(int32_t level, const char *text, uint32_t n);
KISTA_IMPORT(now) int64_t kista_now(void);

#ifdef __cplusplus
}
#endif

#endif
