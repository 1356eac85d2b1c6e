/* reguactl */
#include "daemon/ctl/ctl.h"

int main(int argc, char **argv)
{
    return rg_ctl_main(argc, argv);
}
