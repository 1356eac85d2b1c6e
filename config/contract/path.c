/* Only the directory part of the last path is remembered; what two neighbours share stays open. */
#include "config/contract/path.h"

#include <string.h>

/* Bytes of `path` up to the last slash that both share. */
static size_t common(struct rg_path open, const char *path, size_t n)
{
    size_t same = 0;
    for (size_t i = 0; i < open.n && i < n && open.text[i] == path[i]; i++)
        if (path[i] == '/')
            same = i + 1;
    return same;
}

static void close_from(struct rg_jw *jw, struct rg_path open, size_t same)
{
    for (size_t i = same; i < open.n; i++)
        if (open.text[i] == '/')
            rg_jw_object_end(jw);
}

void rg_path_key(struct rg_jw *jw, struct rg_path *open, const char *path)
{
    const char *last = strrchr(path, '/');
    size_t n = last == NULL ? 0 : (size_t)(last - path) + 1;
    size_t same = common(*open, path, n);
    close_from(jw, *open, same);
    for (size_t i = same; i < n;) {
        size_t word = strcspn(path + i, "/");
        rg_jw_key_str(jw, (struct rg_str){path + i, word});
        rg_jw_object(jw);
        i += word + 1;
    }
    rg_jw_key(jw, path + n);
    *open = (struct rg_path){path, n};
}

void rg_path_end(struct rg_jw *jw, struct rg_path *open)
{
    close_from(jw, *open, 0);
    *open = (struct rg_path){NULL, 0};
}
