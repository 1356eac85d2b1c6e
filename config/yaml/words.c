/* What a good colleague would say about a value that does not fit: what was expected, by example, and how the thing that was
 * probably meant is written. People write days, money and names the way they speak (`10 dias`, `20,00`, `Aviso Suspensão`), so
 * the guesses know Portuguese and English. A guess only ever appears in a sentence; it is never taken. */
#include "config/yaml/words.h"

#include "base/core/suggest.h"
#include "brazil/text/fold.h"
#include "config/yaml/chars.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SHOWN_MAX 40        /* characters of a wrong value repeated in a sentence */
#define CANDIDATES_SHOWN 24 /* of a list of expected words */
#define CANDIDATES_MAX 256

static const struct {
    const char *wrong, *right;
} synonyms[] = {
    {"channel", "via"},         {"channels", "via"},      {"if", "when"},         {"condition", "when"},  {"delay", "day"},
    {"days", "day"},            {"on", "day"},            {"send", "template"},   {"message", "template"}, {"depends", "after"},
    {"requires", "needs"},      {"deadline", "term"},     {"name", "title"},      {"servers", "brokers"},
    {"bootstrap_servers", "brokers"},
    {"hosts", "brokers"},       {"partitions", "shards"}, {"password", "token"},  {"secret", "token"},    {"api_key", "token"},
    {"uri", "url"},             {"endpoint", "url"},      {"sender", "from"},     {"limit", "rate"},      {"path", "directory"},
    {"address", "listen"},      {"bind", "listen"},       {"users", "operators"}, {"type", "transport"},  {"cnpj", "document"},
    {"cpf", "document"},        {"mail", "email"},        {"telefone", "phone"},  {"nome", "name"},       {"dia", "day"},
    {"canal", "via"},           {"canais", "via"},        {"quando", "when"},     {"tom", "tone"},        {"prazo", "term"},
};

static const char *synonym_of(struct rg_str word, const char *const *candidates, size_t count)
{
    for (size_t s = 0; s < RG_COUNT(synonyms); s++) {
        if (!rg_str_is(word, synonyms[s].wrong))
            continue;
        for (size_t i = 0; i < count; i++)
            if (strcmp(candidates[i], synonyms[s].right) == 0)
                return candidates[i];
    }
    return NULL;
}

static struct rg_str shortened(struct rg_str text)
{
    text.n = rg_chars_offset(text, SHOWN_MAX);
    return text;
}

static void add_candidates(const char *const *candidates, size_t count, struct rg_buf *into)
{
    for (size_t i = 0; i < count && i < CANDIDATES_SHOWN; i++)
        rg_buf_addf(into, "%s%s", i ? ", " : "", candidates[i]);
    if (count > CANDIDATES_SHOWN)
        rg_buf_addf(into, " and %zu more", count - CANDIDATES_SHOWN);
}

void rg_unknown_value(struct rg_diags *diags, const struct rg_node *node, const char *noun, const char *const *candidates,
                      size_t count)
{
    if (node->bad)
        return;
    struct rg_buf list RG_CLEANUP(rg_buf_done);
    rg_buf_init(&list, RG_DIAG_TEXT_MAX);
    const char *near = rg_diags_full(diags) ? NULL : rg_suggest(node->text, candidates, count);
    struct rg_str word = shortened(node->text);
    rg_buf_addf(&list, "unknown %s \"" RG_STR_FMT "\"", noun, RG_STR_ARG(word));
    if (near != NULL)
        rg_buf_addf(&list, ", did you mean \"%s\"?", near);
    else
        rg_buf_addc(&list, ';');
    rg_buf_adds(&list, count > 0 ? " expected one of " : " there is none");
    add_candidates(candidates, count, &list);
    rg_diags_error(diags, rg_node_place(node), "unknown-value", "%s", rg_buf_cstr(&list));
}

static bool contains(struct rg_str text, const char *part)
{
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= text.n; i++)
        if (strncasecmp(text.p + i, part, n) == 0)
            return true;
    return false;
}

bool rg_sounds_secret(struct rg_str key)
{
    static const char *const words[] = {"password", "passwd", "secret", "token", "api_key", "apikey", "private_key",
                                        "ssl.key.pem"};
    for (size_t i = 0; i < RG_COUNT(words); i++)
        if (contains(key, words[i]))
            return true;
    return false;
}

void rg_unknown_key(struct rg_diags *diags, const struct rg_node *key, const char *const *candidates, size_t count)
{
    if (key->bad)
        return;
    char label[160];
    rg_node_label(key->parent, label, sizeof label);
    struct rg_str word = shortened(key->text);
    const char *at = key->parent->parent == NULL ? "at" : "in";
    const char *near = rg_diags_full(diags) ? NULL : synonym_of(key->text, candidates, count);
    if (near == NULL && !rg_diags_full(diags))
        near = rg_suggest(key->text, candidates, count);
    struct rg_place place = rg_node_place(key);
    if (rg_sounds_secret(key->text) || (near != NULL && rg_sounds_secret(rg_str(near))))
        place.source = (struct rg_str){0}; /* what follows may be one */
    if (near != NULL) {
        rg_diags_error(diags, place, "unknown-key", "unknown key \"" RG_STR_FMT "\" %s %s, did you mean \"%s\"?", RG_STR_ARG(word), at,
                       label, near);
        return;
    }
    struct rg_buf list RG_CLEANUP(rg_buf_done);
    rg_buf_init(&list, RG_DIAG_TEXT_MAX);
    add_candidates(candidates, count, &list);
    rg_diags_error(diags, place, "unknown-key", "unknown key \"" RG_STR_FMT "\" %s %s", RG_STR_ARG(word), at, label);
    if (count > 0)
        rg_diags_advise(diags, "expected one of %s", rg_buf_cstr(&list));
}

void rg_mistyped(struct rg_diags *diags, const struct rg_node *node, const char *expected)
{
    if (node->bad)
        return;
    char of[192] = "";
    if (node->key != NULL)
        (void)snprintf(of, sizeof of, " for \"" RG_STR_FMT "\"", RG_STR_ARG(shortened(node->key->text))); /* long keys are cut */
    struct rg_str word = shortened(node->text);
    struct rg_place place = rg_node_empty(node) && node->key ? rg_node_place(node->key) : rg_node_place(node);
    if (node->kind != RG_NODE_SCALAR)
        rg_diags_error(diags, place, "mistyped", "expected %s%s, got %s", expected, of,
                       node->kind == RG_NODE_LIST ? "a list" : "a map");
    else if (rg_node_empty(node))
        rg_diags_error(diags, place, "mistyped", "expected %s%s, got nothing", expected, of);
    else
        rg_diags_error(diags, place, "mistyped", "expected %s%s, got \"" RG_STR_FMT "\"", expected, of, RG_STR_ARG(word));
}

/* --- Guesses ------------------------------------------------------------------------------------------------------ */

static bool mentions(struct rg_str text, const char *part)
{
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= text.n; i++)
        if (strncasecmp(text.p + i, part, n) == 0)
            return true;
    return false;
}

/* The first run of digits, if it is a sensible number of something. */
static bool first_number(struct rg_str text, int *ret_number, size_t *ret_end)
{
    size_t i = 0;
    while (i < text.n && (text.p[i] < '0' || text.p[i] > '9'))
        i++;
    int number = 0;
    size_t digits = 0;
    for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && digits < 5; i++, digits++)
        number = number * 10 + (text.p[i] - '0');
    if (digits == 0 || number == 0 || number > RG_DAY_OFFSET_MAX)
        return false;
    *ret_number = number;
    *ret_end = i;
    return true;
}

static bool means_bank_days(struct rg_str text)
{
    return mentions(text, "bd") || mentions(text, "úte") || mentions(text, "ute") || mentions(text, "util") || mentions(text,
                                                                                                                        "útil") ||
           mentions(text, "bank") || mentions(text, "business");
}

void rg_say_bad_day(const struct rg_node *node, struct rg_diags *diags)
{
    static const char *const words[] = {"",       "one",    "two",      "three",    "four",    "five",    "six",
                                        "seven",  "eight",  "nine",     "ten",      "eleven",  "twelve",  "thirteen",
                                        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};
    static const char expected[] = "expected a day such as D-5, D0, D+5 or D+5bd";
    int number;
    size_t end;
    if (!first_number(node->text, &number, &end)) {
        rg_diags_error(diags, rg_node_place(node), "bad-day", "%s", expected);
        return;
    }
    char digits[16];
    (void)snprintf(digits, sizeof digits, "%d", number); /* at most four digits */
    bool before = memchr(node->text.p, '-', node->text.n) != NULL || mentions(node->text, "antes") || mentions(node->text,
                                                                                                               "before");
    bool bank = means_bank_days(node->text);
    rg_diags_error(diags, rg_node_place(node), "bad-day", "%s; for %s %sday%s %s the due date write D%c%d%s", expected,
                   number < (int)RG_COUNT(words) ? words[number] : digits, bank ? "bank " : "", number == 1 ? "" : "s",
                   before ? "before" : "after", before ? '-' : '+', number, bank ? "bd" : "");
}

static const char *guess_unit(struct rg_str rest, bool bank)
{
    static const struct {
        const char *word, *unit;
    } units[] = {{"dia", "d"}, {"day", "d"}, {"hora", "h"}, {"hour", "h"}, {"min", "m"}, {"seg", "s"}, {"sec", "s"}};
    if (bank)
        return "bd";
    for (size_t i = 0; i < RG_COUNT(units); i++)
        if (mentions(rest, units[i].word))
            return units[i].unit;
    return NULL;
}

static const char *expected_duration(unsigned units)
{
    switch (units) {
    case 0: return "expected a duration such as 30m, 20h, 15d or 2bd (bank days)";
    case RG_UNITS(RG_UNIT_DAY): return "expected days such as 15d";
    case RG_UNITS(RG_UNIT_BANK_DAY): return "expected bank days such as 2bd";
    case RG_UNITS_CLOCK: return "expected a duration such as 10s, 5m or 2h";
    default: return "expected a duration such as 30m, 20h or 15d";
    }
}

void rg_say_bad_duration(const struct rg_node *node, unsigned units, struct rg_diags *diags)
{
    const char *expected = expected_duration(units);
    int number;
    size_t end;
    char guess[16] = "";
    struct rg_duration duration = {0, RG_UNIT_NONE};
    const char *unit = NULL;
    if (first_number(node->text, &number, &end))
        unit = guess_unit((struct rg_str){node->text.p + end, node->text.n - end}, means_bank_days(node->text));
    if (unit != NULL)
        (void)snprintf(guess, sizeof guess, "%d%s", number, unit); /* at most four digits */
    if (!rg_parse_duration(rg_str(guess), &duration) || (units != 0 && (units & RG_UNITS(duration.unit)) == 0))
        rg_diags_error(diags, rg_node_place(node), "bad-duration", "%s, got \"" RG_STR_FMT "\"", expected,
                       RG_STR_ARG(shortened(node->text)));
    else
        rg_diags_error(diags, rg_node_place(node), "bad-duration", "%s; write %s", expected, guess);
}

/* `300`, `R$ 20,00`, `1.234,56`, brl("20,00") → reais and centavos, if there is one way to read it. */
static bool guess_money(struct rg_str text, char ret_amount[32])
{
    size_t used = 0, decimals = 0;
    bool point = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool last_group = i + 3 == text.n || (i + 3 < text.n && strchr("\") ", text.p[i + 3]) != NULL);
        if (c >= '0' && c <= '9') {
            if (used > 12)
                return false;
            ret_amount[used++] = c;
            decimals += point;
        } else if ((c == ',' || c == '.') && last_group && !point && used > 0) {
            ret_amount[used++] = '.';
            point = true;
        }
    }
    if (used == 0 || (point && decimals != 2))
        return false;
    memcpy(ret_amount + used, point ? "" : ".00", point ? 1 : 4);
    return true;
}

void rg_say_bad_money(const struct rg_node *node, struct rg_diags *diags)
{
    char amount[32];
    bool guessed = guess_money(node->text, amount);
    if (guessed)
        rg_diags_error(diags, rg_node_place(node), "bad-money", "money has a type of its own; write brl(\"%s\")", amount);
    else
        rg_diags_error(diags, rg_node_place(node), "bad-money", "expected money such as brl(\"20.00\"), got \"" RG_STR_FMT "\"",
                       RG_STR_ARG(shortened(node->text)));
}

void rg_say_bad_decimal(const struct rg_node *node, struct rg_diags *diags)
{
    struct rg_str text = node->text;
    char fixed[SHOWN_MAX];
    struct rg_decimal decimal;
    bool comma = text.n < sizeof fixed && memchr(text.p, ',', text.n) != NULL;
    for (size_t i = 0; comma && i < text.n; i++)
        fixed[i] = text.p[i] == ',' ? '.' : text.p[i];
    if (comma && rg_decimal_parse((struct rg_str){fixed, text.n}, &decimal, NULL) == 0)
        rg_diags_error(diags, rg_node_place(node), "bad-decimal", "decimals have a point; write \"%.*s\"", (int)text.n, fixed);
    else
        rg_diags_error(diags, rg_node_place(node), "bad-decimal",
                       "expected a decimal number such as \"2\" or \"0.033\", got \"" RG_STR_FMT "\"",
                           RG_STR_ARG(shortened(text)));
}

/* `Aviso Suspensão` → aviso_suspensao */
static bool guess_name(struct rg_str text, bool hyphen, char ret_name[RG_NAME_MAX + 1])
{
    struct rg_buf plain RG_CLEANUP(rg_buf_done);
    rg_buf_init(&plain, RG_NAME_MAX);
    bool ascii = rg_fold_ascii(text, &plain);
    if (!ascii || plain.overflow)
        return false;
    for (size_t i = 0; i < plain.len; i++) {
        char c = plain.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (hyphen && c == '-');
        ret_name[i] = fits ? c : '_';
    }
    ret_name[plain.len] = '\0';
    return rg_parse_name((struct rg_str){ret_name, plain.len}, hyphen);
}

void rg_say_bad_name(const struct rg_node *node, bool hyphen, struct rg_diags *diags)
{
    char guess[RG_NAME_MAX + 1];
    bool guessed = guess_name(node->text, hyphen, guess);
    if (rg_node_empty(node)) {
        rg_mistyped(diags, node, "a name");
        return;
    }
    rg_diags_error(diags, rg_node_place(node), "bad-name",
                   "a name starts with a lower-case letter and holds only lower-case letters, digits and \"_\"%s%s%s%s",
                   hyphen ? " or \"-\"" : "", guessed ? "; write \"" : "", guessed ? guess : "", guessed ? "\"" : "");
}

void rg_say_literal_secret(const struct rg_node *node, struct rg_diags *diags)
{
    rg_diags_error(diags, rg_node_place(node), RG_DIAG_SECRET,
                   "a secret is not written here; write { credential: NAME } or { file: PATH } and treat this one as leaked");
}
