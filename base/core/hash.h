/* Digests and encodings used by wire formats. Pure. */
#pragma once

#include "base/core/core.h"

#define RG_SHA256_BYTES 32

void rg_sha256(const void *bytes, size_t n, uint8_t ret_digest[RG_SHA256_BYTES]);

/* Kafka's own murmur2 (seed 0x9747b28c), as its Java clients compute it over a key's bytes; not yet masked. */
uint32_t rg_murmur2(const void *bytes, size_t n);

/* CRC-32 (IEEE 802.3, reflected 0xEDB88320). Start with 0, feed the last result to continue. */
uint32_t rg_crc32(uint32_t crc, const void *bytes, size_t n);

/* FNV-1a 64, for in-memory tables only. */
uint64_t rg_fnv64(const void *bytes, size_t n);

int rg_hex_digit(char c); /* its value, in either case; -1 when it is none */
void rg_hex(const void *bytes, size_t n, char *ret_text); /* writes 2n characters and a NUL */
bool rg_unhex(struct rg_str text, void *ret_bytes, size_t n); /* exactly 2n hex digits, either case */
