/* regua.yaml as a page, as a manual page of section 5, and as a schema. */
#include "tests/docs/generate.h"

#include "config/site/site.h"

void rg_docs_configuration(struct rg_buf *into)
{
    rg_buf_adds(into, "# Keys of regua.yaml\n\n" RG_DOCS_NOTE "What one has to set, and why: [configuration.md](../configuration.md). `NAME` stands for a "
                      "name of your own.\n\n");
    rg_table_markdown(&rg_site_table, into);
}

void rg_docs_site_schema(struct rg_buf *into)
{
    rg_table_schema(&rg_site_table, "regua.yaml", into);
}

/* ---- roff ---- */

/* Markdown's `code` becomes bold; what roff would take for a request or an escape is made plain. */
static void add_roff(const char *text, struct rg_buf *into)
{
    bool bold = false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '`') {
            bold = !bold;
            rg_buf_adds(into, bold ? "\\fB" : "\\fR");
        } else if (*p == '\\') {
            rg_buf_adds(into, "\\e");
        } else if (*p == '-') {
            rg_buf_adds(into, "\\-");
        } else if ((*p == '.' || *p == '\'') && p == text) {
            rg_buf_adds(into, "\\&");
            rg_buf_addc(into, *p);
        } else {
            rg_buf_addc(into, *p);
        }
    }
}

static void add_key(const char *path, const struct rg_row *row, void *ctx)
{
    struct rg_buf *into = ctx, words RG_CLEANUP(rg_buf_done);
    rg_buf_init(&words, 4096);
    rg_row_type_words(row, &words);
    rg_buf_adds(into, ".TP\n\\fB");
    add_roff(path, into);
    rg_buf_adds(into, "\\fR\n");
    add_roff(row->help, into);
    rg_buf_adds(into, "\n.br\nValue: ");
    add_roff(rg_buf_cstr(&words), into);
    rg_buf_adds(into, ".\n");
    if ((row->flags & RG_REQUIRED) != 0) {
        rg_buf_adds(into, "Required.\n");
    } else if (row->fallback != NULL) {
        rg_buf_adds(into, "Default: \\fB");
        add_roff(row->fallback, into);
        rg_buf_adds(into, "\\fR.\n");
    }
    if ((row->flags & RG_RELOAD) != 0)
        rg_buf_adds(into, "A reload takes it over.\n");
    if ((row->flags & RG_INTERNAL) != 0)
        rg_buf_adds(into, "Internal: leave it alone.\n");
}

void rg_docs_manual(struct rg_buf *into)
{
    rg_buf_adds(into,
                ".\\\" Made from the table of keys by ./dev docs; do not edit.\n"
                ".TH REGUA.YAML 5 \"\" \"R\\('egua\" \"File formats\"\n"
                ".SH NAME\nregua.yaml \\- main file of a R\\('egua installation\n"
                ".SH DESCRIPTION\n"
                "\\fB/etc/regua/regua.yaml\\fR says who is owed, where events come from, how messages leave, and where the rules lie. It is YAML "
                "without anchors, aliases, merge keys and tags: every value is text, and the key says what it is. A key that is not listed "
                "here, a key written twice and a value that cannot be are refused with file, line, column and a suggestion; "
                "\\fBreguad \\-\\-check\\fR says all of it at once and connects to nothing.\n"
                ".PP\nRelative paths are relative to the file. Secrets are never written into it: \\fB{ credential: NAME }\\fR reads systemd's "
                "credentials directory, \\fB{ file: PATH }\\fR a file.\n"
                ".PP\nBeside the file lie \\fBrules.d/\\fR, \\fBpolicy.yaml\\fR, \\fBtemplates/\\fR, \\fBmappings/\\fR, \\fBpresets/\\fR and "
                "\\fBcalendars/\\fR. What the package ships lies in \\fB" RG_SITE_SHIPPED "\\fR; a file of the same name beside regua.yaml wins.\n"
                ".SH KEYS\n\\fBNAME\\fR stands for a name of your own.\n");
    rg_table_each(&rg_site_table, add_key, into);
    rg_buf_adds(into, ".SH FILES\n.TP\n\\fB/etc/regua/regua.yaml\\fR\nThe file.\n.TP\n\\fB" RG_SITE_SHIPPED "/\\fR\nLadders, calendars, mappings, presets, "
                      "templates and schemas as shipped.\n.SH SEE ALSO\n.BR reguad (8),\n.BR reguactl (1)\n");
}
