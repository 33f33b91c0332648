/* Four loops that compute and nothing else, to measure what it costs that they can be interrupted. Called with a small
 * integer it runs that one and answers with what came out; each can also be called on its own. */
#include "kista.h"

typedef uint32_t (*kernel)(void);

static uint32_t fibonacci(uint32_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

/* Small functions that call each other. */
KISTA_EXPORT(fib) uint32_t fib(void) { return fibonacci(27); }

/* Short loops over memory. */
KISTA_EXPORT(sieve) uint32_t sieve(void) {
	static uint8_t composite[100000];
	uint32_t primes = 0;
	for (uint32_t round = 0; round < 10; round++) {
		primes = 0;
		for (uint32_t i = 0; i < sizeof composite; i++)
			composite[i] = 0;
		for (uint32_t i = 2; i < sizeof composite; i++) {
			if (composite[i])
				continue;
			primes++;
			for (uint32_t j = 2 * i; j < sizeof composite; j += i)
				composite[j] = 1;
		}
	}
	return primes;
}

/* Nested loops over floating-point numbers. */
KISTA_EXPORT(matmul) uint32_t matmul(void) {
	enum { N = 128 };
	static float a[N][N], b[N][N], c[N][N];
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			a[i][j] = i + j;
			b[i][j] = i - j;
		}
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			float sum = 0;
			for (int k = 0; k < N; k++)
				sum += a[i][k] * b[k][j];
			c[i][j] = sum;
		}
	return (uint32_t)(int32_t)c[N - 1][N - 1];
}

/* A checksum: a long chain of dependent steps. */
KISTA_EXPORT(crc) uint32_t crc(void) {
	uint32_t sum = ~0u;
	for (uint32_t i = 0; i < 300000; i++) {
		sum ^= i & 255;
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (0xedb88320u & -(sum & 1));
	}
	return sum;
}

static const kernel kernels[] = {fib, sieve, matmul, crc};

KISTA_EXPORT(kista_v1_handle) int32_t handle(int32_t kind, uint64_t from) {
	uint8_t term[6];
	if (kind != KISTA_CALL || kista_read(term, sizeof term) != 3 || term[2] > 3) /* version, SMALL_INTEGER_EXT, number */
		return KISTA_GO_ON;
	uint32_t out = kernels[term[2]]() & 0x7fffffff;
	term[1] = 98; /* INTEGER_EXT */
	for (int i = 0; i < 4; i++)
		term[2 + i] = out >> (24 - 8 * i);
	kista_reply(from, term, sizeof term);
	return KISTA_GO_ON;
}
