/* A binary heap. The order is total — time, debtor, deed, and what tells two deeds of one kind apart — so that the heap's own
 * movements never show. */
#include "tests/demo/agenda.h"

#include "tests/demo/portfolio.h"

#include <stdlib.h>
#include <string.h>

struct demo_agenda {
    struct demo_entry *items;
    size_t count, cap;
};

struct demo_agenda *demo_agenda_new(void)
{
    return rg_alloc(sizeof(struct demo_agenda));
}

void demo_agenda_free(struct demo_agenda **agenda)
{
    if (*agenda == NULL)
        return;
    free((*agenda)->items);
    rg_free(agenda);
}

static int compare(const struct demo_entry *a, const struct demo_entry *b)
{
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    int who_a = a->debtor == NULL ? 0 : a->debtor->number, who_b = b->debtor == NULL ? 0 : b->debtor->number;
    if (who_a != who_b)
        return who_a < who_b ? -1 : 1;
    if (a->deed != b->deed)
        return a->deed < b->deed ? -1 : 1;
    uint64_t what_a = a->invoice == NULL ? 0 : a->invoice->number, what_b = b->invoice == NULL ? 0 : b->invoice->number;
    if (what_a != what_b)
        return what_a < what_b ? -1 : 1;
    int order = strcmp(a->action, b->action);
    return order != 0 ? order : a->number - b->number;
}

static void swap(struct demo_entry *a, struct demo_entry *b)
{
    struct demo_entry t = *a;
    *a = *b;
    *b = t;
}

void demo_agenda_add(struct demo_agenda *agenda, const struct demo_entry *entry)
{
    if (agenda->count == agenda->cap) {
        agenda->cap = agenda->cap == 0 ? 256 : agenda->cap * 2;
        agenda->items = rg_realloc(agenda->items, agenda->cap, sizeof *agenda->items);
    }
    size_t at = agenda->count++;
    agenda->items[at] = *entry;
    while (at > 0 && compare(&agenda->items[at], &agenda->items[(at - 1) / 2]) < 0) {
        swap(&agenda->items[at], &agenda->items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

int64_t demo_agenda_next_ms(const struct demo_agenda *agenda)
{
    return agenda->count == 0 ? INT64_MAX : agenda->items[0].at_ms;
}

bool demo_agenda_take(struct demo_agenda *agenda, int64_t until_ms, struct demo_entry *ret_entry)
{
    if (agenda->count == 0 || agenda->items[0].at_ms > until_ms)
        return false;
    *ret_entry = agenda->items[0];
    agenda->items[0] = agenda->items[--agenda->count];
    for (size_t at = 0;;) {
        size_t least = at, left = 2 * at + 1;
        for (size_t child = left; child < left + 2 && child < agenda->count; child++)
            if (compare(&agenda->items[child], &agenda->items[least]) < 0)
                least = child;
        if (least == at)
            return true;
        swap(&agenda->items[at], &agenda->items[least]);
        at = least;
    }
}
