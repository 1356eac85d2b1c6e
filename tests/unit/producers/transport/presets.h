/* Presets for tests: parsed from text, or one of the shipped ones. Fails the test with the findings. */
#pragma once

#include "producers/transport/preset_load.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

static inline void fail_with_findings(struct rg_diags *diags)
{
    struct rg_buf text;
    rg_buf_init(&text, 65536);
    rg_diags_print(diags, RG_DIAGS_PLAIN, &text);
    fail_msg("%s", rg_buf_cstr(&text));
}

static inline const struct rg_preset *preset_of(struct rg_arena *arena, const char *yaml)
{
    const struct rg_preset *preset = NULL;
    struct rg_diags *diags = rg_diags_new();
    if (rg_preset_parse("test.yaml", rg_str(yaml), arena, diags, &preset) < 0)
        fail_with_findings(diags);
    rg_diags_free(&diags);
    return preset;
}

static inline const struct rg_preset *shipped_preset(struct rg_arena *arena, const char *name)
{
    const struct rg_preset *preset = NULL;
    struct rg_diags *diags = rg_diags_new();
    char path[512];
    const char *source = getenv("RG_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/config/shipped/presets/%s.yaml", source ? source : ".", name);
    if (rg_preset_load(path, arena, diags, &preset) < 0)
        fail_with_findings(diags);
    rg_diags_free(&diags);
    return preset;
}
