/* Named instants at which a process can be made to die or to stand still, for torture runs. In every build but theirs (CMake:
 * RG_CRASH_POINTS) a point is nothing. In theirs the environment says REGUA_CRASH_AT=NAME:N or REGUA_STOP_AT=NAME:N, and the N-th
 * time that any thread comes past the point of that name the process ends as by SIGKILL, nothing flushed and nobody told, or
 * stops as by SIGSTOP until somebody continues it. tests/torture knows the names. */
#pragma once

#ifdef RG_CRASH_POINTS
void rg_crash_point(const char *name);
#else
#define rg_crash_point(name) ((void)(name))
#endif
