/* JSON from the daemon as text for people. Everything that came from outside passes through here, so control characters end here:
 * a debtor's name must not write to the terminal. */
#include "daemon/ctl/ctl.h"

#include "brazil/days/zone.h"
#include "brazil/money/format.h"

#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CELL_BYTES_MAX 512

int rg_ctl_print_json(const struct rg_ctl_answer *answer)
{
    (void)fwrite(answer->body.data, 1, answer->body.len, stdout); /* a lost stdout is noticed at the end */
    putchar('\n');
    return RG_EXIT_FINE;
}

struct rg_str rg_ctl_text(const struct rg_json_value *object, const char *key)
{
    struct rg_str text = RG_STR("");
    return rg_json_str(rg_json_get(object, key), &text) ? text : RG_STR("");
}

void rg_ctl_say(struct rg_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i], next = i + 1 < text.n ? (unsigned char)text.p[i + 1] : 0;
        bool c1 = c == 0xc2 && next >= 0x80 && next < 0xa0;
        bool steers = (c < ' ' && c != '\n' && c != '\t') || c == 0x7f || c1;
        putchar(steers ? '?' : c);
        i += c1;
    }
}

int64_t rg_ctl_int(const struct rg_json_value *object, const char *key)
{
    int64_t number = 0;
    return rg_json_int(rg_json_get(object, key), &number) ? number : 0;
}

bool rg_ctl_bool(const struct rg_json_value *object, const char *key)
{
    bool flag = false;
    return rg_json_bool(rg_json_get(object, key), &flag) && flag;
}

void rg_ctl_when(struct rg_str text, char ret[RG_CTL_WHEN_BYTES])
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    rg_day day;
    bool fine = text.n >= 16 && rg_day_parse((struct rg_str){text.p, 10}, &day);
    if (fine)
        (void)snprintf(ret, RG_CTL_WHEN_BYTES, "%s %.10s %.5s", names[rg_day_weekday(day)], text.p, text.p + 11);
    else
        (void)snprintf(ret, RG_CTL_WHEN_BYTES, "%s", text.n > 0 ? "?" : "-");
}

static void show_cell(const struct rg_json_value *row, const struct rg_ctl_column *column, char ret[CELL_BYTES_MAX])
{
    struct rg_str text = rg_ctl_text(row, column->member);
    char money[RG_MONEY_TEXT_MAX];
    ret[0] = '\0';
    switch (column->show) {
    case RG_CTL_TEXT:
    case RG_CTL_WORDS:
        (void)snprintf(ret, CELL_BYTES_MAX, "%.*s", (int)(text.n < CELL_BYTES_MAX ? text.n : CELL_BYTES_MAX - 1), text.p);
        for (char *at = ret; column->show == RG_CTL_WORDS && (at = strchr(at, '_')) != NULL;)
            *at = ' ';
        break;
    case RG_CTL_NUMBER: (void)snprintf(ret, CELL_BYTES_MAX, "%" PRId64, rg_ctl_int(row, column->member)); break;
    case RG_CTL_MONEY:
        rg_money_format(rg_ctl_int(row, column->member), money);
        (void)snprintf(ret, CELL_BYTES_MAX, "%s", money);
        break;
    case RG_CTL_INSTANT: rg_ctl_when(text, ret); break;
    case RG_CTL_YES: (void)snprintf(ret, CELL_BYTES_MAX, "%s", rg_ctl_bool(row, column->member) ? "yes" : ""); break;
    }
    if (ret[0] == '\0')
        memcpy(ret, "-", sizeof "-");
}

static bool to_the_right(enum rg_ctl_show show)
{
    return show == RG_CTL_NUMBER || show == RG_CTL_MONEY;
}

void rg_ctl_table(const struct rg_json_value *array, const struct rg_ctl_column *columns, size_t count)
{
    char cell[CELL_BYTES_MAX];
    if (rg_json_count(array) == 0)
        return;
    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* the table library counts columns of characters by it */
    struct libscols_table *table = scols_new_table();
    rg_assert(table != NULL);
    if (isatty(STDOUT_FILENO) == 0)
        (void)scols_table_set_termwidth(table, 10000); /* a pipe has no edge: nothing is cut */
    for (size_t i = 0; i < count; i++) {
        const struct libscols_column *made = scols_table_new_column(table, columns[i].heading, 0,
                                                                    to_the_right(columns[i].show) ? SCOLS_FL_RIGHT : 0);
        rg_assert(made != NULL);
    }
    RG_JSON_EACH(row, array) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        rg_assert(line != NULL);
        for (size_t i = 0; i < count; i++) {
            show_cell(row, &columns[i], cell);
            int rc = scols_line_set_data(line, i, cell);
            rg_assert(rc == 0);
        }
    }
    (void)fflush(stdout); /* the table writes to the same stream, but through its own buffer */
    (void)scols_print_table(table);
    scols_unref_table(table);
}
