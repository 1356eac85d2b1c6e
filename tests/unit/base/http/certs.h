/* A test authority and certificates of it, made by the openssl program into a fresh directory. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct certs {
    char directory[64];
};

/* Makes ca.pem; server.pem for localhost and 127.0.0.1; other.pem for another name; expired.pem; stranger.pem, right in
 * name and date and signed by nobody known; with .key beside each. false: the openssl program is missing or failed. */
bool certs_make(struct certs *certs);
void certs_remove(struct certs *certs);
const char *certs_path(const struct certs *certs, const char *file, char ret_path[128]);
