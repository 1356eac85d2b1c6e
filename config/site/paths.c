/* Files around regua.yaml: the installation's own tree before the shipped one, by names that cannot leave either. */
#include "config/site/site.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *directory;
    const char *ending; /* added to a name; "" when names have their own */
} kinds[RG_SITE_KINDS] = {
    [RG_SITE_LADDERS] = {"ladders", ".yaml"},   [RG_SITE_CALENDARS] = {"calendars", ".yaml"}, [RG_SITE_MAPPINGS] = {"mappings",
                                                                                                                    ".yaml"},
    [RG_SITE_PRESETS] = {"presets", ".yaml"},   [RG_SITE_TEMPLATES] = {"templates", ""},      [RG_SITE_SCHEMAS] = {"schema", ""},
};

bool rg_site_path(const struct rg_site *site, struct rg_str written, char ret_path[RG_SITE_PATH_MAX])
{
    char path[RG_SITE_PATH_MAX];
    bool absolute = written.n > 0 && written.p[0] == '/';
    if (memchr(written.p, '\0', written.n) != NULL)
        return false;
    int n = snprintf(path, sizeof path, "%s%s" RG_STR_FMT, absolute ? "" : site->directory, absolute ? "" : "/",
                     RG_STR_ARG(written));
    if (n < 0 || (size_t)n >= sizeof path)
        return false;
    memcpy(ret_path, path, (size_t)n + 1);
    return true;
}

static bool is_file_name(struct rg_str name)
{
    return name.n > 0 && name.p[0] != '.' && memchr(name.p, '/', name.n) == NULL && memchr(name.p, '\0', name.n) == NULL;
}

bool rg_site_find(const struct rg_site *site, enum rg_site_kind kind, struct rg_str name, char ret_path[RG_SITE_PATH_MAX])
{
    rg_assert(kind < RG_SITE_KINDS);
    const char *trees[] = {site->directory, site->shipped};
    for (size_t i = 0; i < RG_COUNT(trees) && is_file_name(name); i++) {
        char path[RG_SITE_PATH_MAX];
        struct stat st;
        int n = snprintf(path, sizeof path, "%s/%s/" RG_STR_FMT "%s", trees[i], kinds[kind].directory, RG_STR_ARG(name),
                         kinds[kind].ending);
        if (n < 0 || (size_t)n >= sizeof path || stat(path, &st) < 0 || !S_ISREG(st.st_mode))
            continue;
        memcpy(ret_path, path, (size_t)n + 1);
        return true;
    }
    return false;
}

struct names {
    struct rg_arena *arena;
    const char *ending;
    const char **items;
    size_t count, capacity;
};

static void add_directory(struct names *names, const char *tree, const char *directory)
{
    char path[RG_SITE_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", tree, directory);
    DIR *dir = n > 0 && (size_t)n < sizeof path ? opendir(path) : NULL;
    if (dir == NULL)
        return; /* a tree need not have every kind */
    size_t ending = strlen(names->ending);
    for (const struct dirent *e = readdir(dir); e != NULL && names->count < RG_SITE_NAMES_MAX; e = readdir(dir)) {
        struct rg_str name = rg_str(e->d_name);
        bool fits = is_file_name(name) && name.n > ending && memcmp(name.p + name.n - ending, names->ending, ending) == 0;
        if (!fits)
            continue;
        name.n -= ending;
        *RG_PUSH(names->arena, names->items, names->count, names->capacity) = rg_arena_str(names->arena, name).p;
    }
    (void)closedir(dir); /* only read */
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct rg_texts rg_site_names(const struct rg_site *site, enum rg_site_kind kind, struct rg_arena *arena)
{
    rg_assert(kind < RG_SITE_KINDS);
    struct names names = {.arena = arena, .ending = kinds[kind].ending};
    add_directory(&names, site->directory, kinds[kind].directory);
    add_directory(&names, site->shipped, kinds[kind].directory);
    if (names.count > 0)
        qsort(names.items, names.count, sizeof names.items[0], by_text);
    struct rg_texts texts = {RG_NEW(arena, struct rg_str, names.count), 0};
    for (size_t i = 0; i < names.count; i++)
        if (i == 0 || strcmp(names.items[i], names.items[i - 1]) != 0)
            texts.items[texts.count++] = rg_str(names.items[i]);
    return texts;
}
