/* Writing members whose place is a path such as "charge/pix/copy_paste": the objects on the way are opened when the first of
 * their members comes and closed behind the last, so paths below one object have to come together. Pure. */
#pragma once

#include "base/json/write.h"

/* The objects that are open: the directory part of the last path. Zero is none. */
struct rg_path {
    const char *text;
    size_t n;
};

/* Opens and closes what it takes, and writes the last name of `path` as the key of the value that follows. `path` is borrowed
 * until the next call. */
void rg_path_key(struct rg_jw *jw, struct rg_path *open, const char *path);
void rg_path_end(struct rg_jw *jw, struct rg_path *open); /* closes what is open */
