/* reguad. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
    return rg_daemon_main(argc, argv, &(struct rg_daemon_options){0});
}
