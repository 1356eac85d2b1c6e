/* The page's files, compiled in from page/. Private to tests/fakes/inbox. */
#pragma once

#include "base/core/core.h"

struct inbox_page_file {
    const char *type;
    struct rg_str text;
};
RG_MUST_USE bool inbox_page_find(const char *path, struct inbox_page_file *ret_file);
