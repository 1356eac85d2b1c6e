/* Loads one ladder on the installation of tests/fakes/rules.h and keeps what was found. */
#pragma once

#include "tests/fakes/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD \
    "language: 1\n" \
    "ladder: internet\n" \
    "priority: 10\n" \
    "calendar: br-telecom\n" \
    "defaults: { via: [whatsapp, sms, email] }\n" \
    "steps:\n"
#define TAIL \
    "templates:\n" \
    "  texto: \"Olá, {{nome}}. {{> credor}}\"\n"

struct found {
    struct rg_diags *diags;
    struct rg_rules *rules;
    struct rg_templates *templates;
    struct rg_inventory inventory;
    struct rg_buf text; /* printed */
    int rc;
    char shipped[1024];
};

static inline void found_done(struct found *f)
{
    rg_rules_free(&f->rules);
    rg_templates_free(&f->templates);
    rg_diags_free(&f->diags);
    rg_buf_done(&f->text);
}

/* One finding a line, without its source. */
static inline const char *found_heads(struct found *f)
{
    rg_buf_reset(&f->text);
    for (size_t i = 0; i < rg_diags_count(f->diags); i++) {
        const struct rg_finding *finding = rg_diags_at(f->diags, i);
        rg_buf_addf(&f->text, "%d:%d: %s: %s [%s]\n", finding->line, finding->column,
                    finding->severity == RG_SEVERITY_ERROR ? "error" : "warning", finding->text, finding->code);
    }
    return f->text.len > 0 ? rg_buf_cstr(&f->text) : "";
}

static inline const char *found_printed(struct found *f)
{
    rg_buf_reset(&f->text);
    rg_diags_print(f->diags, RG_DIAGS_PLAIN, &f->text);
    return f->text.len > 0 ? rg_buf_cstr(&f->text) : "";
}

static inline void found_begin(struct found *f)
{
    *f = (struct found){.diags = rg_diags_new()};
    rg_buf_init(&f->text, 256 * 1024);
    const char *source = getenv("RG_SOURCE_DIR");
    (void)snprintf(f->shipped, sizeof f->shipped, "%s/config/shipped", source != NULL ? source : ".");
}

static inline void found_input(struct found *f, struct rg_rules_input input)
{
    if (input.shipped == NULL)
        input.shipped = f->shipped;
    f->rc = rg_rules_load_from(&input, f->diags, &f->rules, &f->templates, &f->inventory);
}

static inline void found_load(struct found *f, const char *yaml)
{
    found_begin(f);
    struct rg_rules_text text = {.file = "internet.yaml", .bytes = rg_str(yaml)};
    struct rg_rules_input input = rg_test_rules_input();
    input.texts = &text;
    input.text_count = 1;
    found_input(f, input);
}
