/* The special-purpose registries of IANA as two tables of prefixes. IPv6 forms that embed an IPv4 address are judged by the
 * embedded one, so that no notation of an inner address gets through. */
#include "base/http/guard.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct v4_range {
    uint32_t prefix;
    int bits;
};

static const struct v4_range v4_inside[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* shared by carriers */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link-local, where clouds serve credentials */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0000200, 24}, /* documentation */
    {0xc0586300, 24}, /* 6to4 relays, deprecated */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xe0000000, 4},  /* multicast */
    {0xf0000000, 4},  /* reserved, broadcast */
};

static bool v4_public(uint32_t address)
{
    for (size_t i = 0; i < RG_COUNT(v4_inside); i++)
        if (address >> (32 - v4_inside[i].bits) == v4_inside[i].prefix >> (32 - v4_inside[i].bits))
            return false;
    return true;
}

static uint32_t read_v4(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Only 2000::/3 is given out to the public; inside it, what carries IPv4 or stands for documentation is looked at. */
static bool v6_public(const uint8_t a[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
        return v4_public(read_v4(a + 12));
    if (a[0] >> 5 != 1)
        return false;
    if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
        return v4_public(read_v4(a + 2));
    bool special = a[0] == 0x20 && a[1] == 0x01 && a[2] < 0x02;                    /* 2001::/23: Teredo, ORCHID, benchmarks */
    bool documentation = a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8;
    bool documentation2 = a[0] == 0x3f && a[1] == 0xff && a[2] >> 4 == 0;
    return !special && !documentation && !documentation2;
}

bool rg_address_public(const struct sockaddr *address, size_t address_bytes)
{
    if (address->sa_family == AF_INET && address_bytes >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return v4_public(ntohl(v4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6 && address_bytes >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        return v6_public(v6.sin6_addr.s6_addr);
    }
    return false;
}
