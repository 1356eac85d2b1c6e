/* Which addresses count as inside, at the edges of each range and in each disguise. */
#include "base/http/guard.h"

#include "tests/unit/support/cmocka.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static bool is_public(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return rg_address_public((const struct sockaddr *)&v4, sizeof v4);
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
        fail_msg("not an address: %s", text);
    return rg_address_public((const struct sockaddr *)&v6, sizeof v6);
}

static void inside(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.0",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "100::1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:1::1",
        "2001:20::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "1fff::1",
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        if (is_public(rows[i]))
            fail_msg("%s was taken for public", rows[i]);
}

static void outside(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "1.0.0.0",           "9.255.255.255",   "11.0.0.0",
        "100.63.255.255",    "100.128.0.0",     "126.255.255.255",
        "128.0.0.0",         "169.253.255.255", "169.255.0.0",
        "172.15.255.255",    "172.32.0.0",      "191.255.255.255",
        "192.0.1.0",         "192.0.3.0",       "192.167.255.255",
        "192.169.0.0",       "198.17.255.255",  "198.20.0.0",
        "200.160.2.3",       "223.255.255.255", "::ffff:200.160.2.3",
        "64:ff9b::c8a0:203", "2001:200::1",     "2001:12ff:0:2::3",
        "2800:3f0::1",       "2002:c8a0:203::", "3ffe::1",
        "3fff:1000::1",
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        if (!is_public(rows[i]))
            fail_msg("%s was taken for an inner address", rows[i]);
}

static void other_families_are_inside(void **state)
{
    (void)state;
    struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
    assert_false(rg_address_public((const struct sockaddr *)&local, sizeof local));
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, "200.160.2.3", &v4.sin_addr), 1);
    assert_true(rg_address_public((const struct sockaddr *)&v4, sizeof v4));
    assert_false(rg_address_public((const struct sockaddr *)&v4, sizeof v4 - 1)); /* cut short */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inside),
        cmocka_unit_test(outside),
        cmocka_unit_test(other_families_are_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
