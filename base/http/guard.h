/* Is an address one that the whole Internet can reach? Asked at connect time, of the address the name resolved to, so that
 * a name that points inside (127.1, ::ffff:10.0.0.1, rebinding) is caught whatever it looked like in the URL. */
#pragma once

#include "base/core/core.h"

struct sockaddr;

/* False for loopback, private, link-local, shared, documentation, multicast and reserved ranges, for IPv6 forms that
 * carry such an IPv4 address, and for any family but IPv4 and IPv6. */
bool rg_address_public(const struct sockaddr *address, size_t address_bytes);
