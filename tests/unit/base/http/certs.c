/* Made at test time: a certificate kept in the repository would expire, and a key kept there would be scolded for. */
#include "tests/unit/base/http/certs.h"

#include <string.h>

static const char script[] =
    "set -e; cd '%s'; exec 2>openssl.log\n"
    "printf "
    "'[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\nserial=serial\\nnew_certs_dir=.\\ndefault_md=sha256\\npolicy=p\\nunique_"
    "subject=no\\n"
    "copy_extensions=copy\\n[p]\\ncommonName=supplied\\n' > ca.cnf\n"
    ": > index; echo 01 > serial\n"
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=Test "
    "CA'\n"
    "make() {\n"
    "  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj \"/CN=$2\" -addext "
    "\"subjectAltName=$3\"\n"
    "  openssl ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -in $1.csr -out $1.pem -notext $4 $5 $6 $7\n"
    "}\n"
    "make server localhost DNS:localhost,IP:127.0.0.1 -days 2\n"
    "make other mail.example DNS:mail.example -days 2\n"
    "make expired localhost DNS:localhost,IP:127.0.0.1 -startdate 200101000000Z -enddate 200102000000Z\n"
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout stranger.key -out stranger.pem -days 2 -subj "
    "/CN=localhost"
    " -addext subjectAltName=DNS:localhost,IP:127.0.0.1\n";

bool certs_make(struct certs *certs)
{
    char command[sizeof script + sizeof certs->directory];
    strcpy(certs->directory, "/tmp/regua-certs-XXXXXX");
    if (mkdtemp(certs->directory) == NULL)
        return false;
    snprintf(command, sizeof command, script, certs->directory);
    return system(command) == 0;
}

void certs_remove(struct certs *certs)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", certs->directory);
    (void)!system(command);
}

const char *certs_path(const struct certs *certs, const char *file, char ret_path[128])
{
    snprintf(ret_path, 128, "%s/%s", certs->directory, file);
    return ret_path;
}
