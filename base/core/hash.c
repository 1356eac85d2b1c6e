/* SHA-256 comes from OpenSSL; the two short checksums are here because their exact form is part of our wire formats. */
#include "base/core/hash.h"

#include <openssl/evp.h>

void rg_sha256(const void *bytes, size_t n, uint8_t ret_digest[RG_SHA256_BYTES])
{
    size_t written = 0;
    int ok = EVP_Q_digest(NULL, "SHA256", NULL, bytes, n, ret_digest, &written);
    rg_assert(ok == 1);
    rg_assert(written == RG_SHA256_BYTES);
}

uint32_t rg_murmur2(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    const uint32_t m = 0x5bd1e995;
    uint32_t h = UINT32_C(0x9747b28c) ^ (uint32_t)n;
    size_t left = n;
    for (; left >= 4; left -= 4, p += 4) {
        uint32_t k = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        h = h * m ^ k;
    }
    if (left == 3)
        h ^= (uint32_t)p[2] << 16;
    if (left >= 2)
        h ^= (uint32_t)p[1] << 8;
    if (left >= 1)
        h = (h ^ p[0]) * m;
    h ^= h >> 13;
    h *= m;
    h ^= h >> 15;
    return h;
}

/* Four bits at a time: what eight shifts would make of each. */
static const uint32_t crc_steps[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t rg_crc32(uint32_t crc, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ crc_steps[crc & 15];
        crc = crc >> 4 ^ crc_steps[crc & 15];
    }
    return ~crc;
}

uint64_t rg_fnv64(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

void rg_hex(const void *bytes, size_t n, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++) {
        ret_text[2 * i] = digits[p[i] >> 4];
        ret_text[2 * i + 1] = digits[p[i] & 15];
    }
    ret_text[2 * n] = '\0';
}

int rg_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool rg_unhex(struct rg_str text, void *ret_bytes, size_t n)
{
    uint8_t *out = ret_bytes;
    if (text.n != 2 * n)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (rg_hex_digit(text.p[i]) < 0)
            return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(rg_hex_digit(text.p[2 * i]) << 4 | rg_hex_digit(text.p[2 * i + 1]));
    return true;
}
