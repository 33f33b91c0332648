/* A guest that counts the calls it gets, and hands its count over to a new version. */
#include "kista.h"

static uint32_t count;

/* A term with a 32-bit integer: INTEGER_EXT. */
static void integer(uint8_t *to, uint32_t v) {
	to[0] = 131;
	to[1] = 98;
	to[2] = v >> 24;
	to[3] = v >> 16;
	to[4] = v >> 8;
	to[5] = v;
}

KISTA_EXPORT(kista_v1_handle) int32_t handle(int32_t kind, uint64_t from) {
	count++;
	if (kind == KISTA_CALL) {
		uint8_t term[6];
		integer(term, count);
		kista_reply(from, term, sizeof term);
	}
	return KISTA_GO_ON;
}

KISTA_EXPORT(kista_v1_state) void state(void) {
	uint8_t term[6];
	integer(term, count);
	kista_write(term, sizeof term);
}

KISTA_EXPORT(kista_v1_restore) int32_t restore(int64_t from) {
	uint8_t term[6];
	uint32_t n = kista_read(term, sizeof term);
	(void)from;
	if (n == 3 && term[1] == 97) /* SMALL_INTEGER_EXT */
		count = term[2];
	else if (n == 6 && term[1] == 98)
		count = (uint32_t)term[2] << 24 | (uint32_t)term[3] << 16 | (uint32_t)term[4] << 8 | term[5];
	else
		return KISTA_STOP;
	return KISTA_GO_ON;
}
