/* Names, places and habits from small tables. Shares are rounded to tell the story, not to predict: most people pay, many after
 * a friendly word, few only when something is switched off. Nobody here exists; the addresses end in .example. */
#include "tests/demo/portfolio.h"

#include "tests/demo/dice.h"

#include <ctype.h>
#include <stdio.h>

#define ISSUED_DAYS_BEFORE 9
#define BOLETO_PERCENT 35
#define ASAAS_PERCENT 25

static const char *const first_names[] = {
    "Ana",     "João",    "Maria",   "José",     "Francisca", "Antônio",  "Adriana", "Carlos",  "Juliana",
    "Paulo",   "Márcia",  "Pedro",   "Fernanda", "Lucas",     "Patrícia", "Luiz",    "Aline",   "Marcos",
    "Sandra",  "Rafael",  "Camila",  "Felipe",   "Amanda",    "Gabriel",  "Bruna",   "Bruno",   "Jéssica",
    "Eduardo", "Letícia", "Rodrigo", "Vanessa",  "Gustavo",   "Larissa",  "André",   "Beatriz", "Vinícius"};
static const char *const last_names[] = {"da Silva", "Santos",     "Oliveira", "Souza",     "Rodrigues", "Ferreira", "Alves",
                                         "Pereira",  "Lima",       "Gomes",    "Costa",     "Ribeiro",   "Martins",  "Carvalho",
                                         "Almeida",  "Lopes",      "Soares",   "Fernandes", "Vieira",    "Barbosa",  "Rocha",
                                         "Dias",     "Nascimento", "Andrade",  "Moreira",   "Nunes",     "Marques",  "Machado",
                                         "Mendes",   "Freitas",    "Cardoso",  "Ramos",     "Gonçalves", "Teixeira"};

/* Twice or thrice the same row is a weight. */
static const struct demo_place places[] = {
    {"SP", "Campinas", 19},       {"SP", "Campinas", 19},       {"SP", "São Paulo", 11},  {"SP", "São Paulo", 11},
    {"SP", "Piracicaba", 19},     {"MG", "Belo Horizonte", 31}, {"MG", "Uberlândia", 34}, {"RJ", "Niterói", 21},
    {"RJ", "Rio de Janeiro", 21}, {"PR", "Curitiba", 41},       {"RS", "Canoas", 51},     {"BA", "Salvador", 71},
    {"PE", "Recife", 81},         {"MT", "Cuiabá", 65},         {"AM", "Manaus", 92},     {"AC", "Rio Branco", 68}};

static const int64_t plans_cents[] = {7990, 9990, 9990, 11990, 12990, 15990, 19990};

static const struct {
    enum demo_habit habit;
    int per_mille;
} shares[] = {{DEMO_EARLY, 380},       {DEMO_ON_THE_DAY, 140}, {DEMO_AFTER_REMINDER, 160}, {DEMO_AFTER_INSISTENCE, 70},
              {DEMO_AFTER_UPDATE, 40}, {DEMO_AFTER_TALK, 30},  {DEMO_AFTER_NOTICE, 35},    {DEMO_AFTER_LETTER, 15},
              {DEMO_AFTER_CUT, 35},    {DEMO_NEVER, 15},       {DEMO_IN_PARTS, 20},        {DEMO_CHARGES_BACK, 10},
              {DEMO_DISPUTES, 12},     {DEMO_HELD, 8},         {DEMO_PROMISES, 10},        {DEMO_NO_CONTACT, 10},
              {DEMO_NOT_OWED, 10}};

const char *demo_habit_step(enum demo_habit habit)
{
    static const char *const steps[DEMO_HABITS] = {[DEMO_AFTER_REMINDER] = "atraso",
                                                   [DEMO_AFTER_INSISTENCE] = "insiste",
                                                   [DEMO_AFTER_UPDATE] = "atualizados",
                                                   [DEMO_AFTER_TALK] = "conversa",
                                                   [DEMO_AFTER_NOTICE] = "aviso_suspensao",
                                                   [DEMO_AFTER_LETTER] = "notificacao",
                                                   [DEMO_IN_PARTS] = "atraso",
                                                   [DEMO_CHARGES_BACK] = "aviso_suspensao",
                                                   [DEMO_DISPUTES] = "aviso_suspensao",
                                                   [DEMO_HELD] = "atraso",
                                                   [DEMO_PROMISES] = "conversa"};
    return steps[habit];
}

/* Shares are dealt in turn over the portfolio and only then shuffled by a stride, so that also a small one has a bit of
 * everything. */
static enum demo_habit habit_of(uint64_t seed, int number, int count)
{
    int64_t stride = count % 389 == 0 ? 383 : 389; /* primes: every place comes up once */
    int place = (int)(((int64_t)number * stride + (int64_t)(seed % (uint64_t)count)) % count);
    int at = (int)((int64_t)place * 1000 / count), sum = 0;
    for (size_t i = 0; i < RG_COUNT(shares); i++) {
        sum += shares[i].per_mille;
        if (at < sum)
            return shares[i].habit;
    }
    return DEMO_EARLY;
}

/* "João da Silva", 42 → "joao.silva.0042@exemplo.example" */
static void make_email(struct demo_debtor *d, const char *first, const char *last)
{
    static const struct {
        const char *from;
        char to;
    } plain[] = {{"á", 'a'}, {"ã", 'a'}, {"â", 'a'}, {"é", 'e'}, {"ê", 'e'},
                 {"í", 'i'}, {"ô", 'o'}, {"ó", 'o'}, {"ç", 'c'}, {"Â", 'a'}};
    char text[64];
    const char *space = strrchr(last, ' ');
    (void)snprintf(text, sizeof text, "%s.%s", first, space != NULL ? space + 1 : last);
    size_t n = 0;
    for (const char *p = text; *p != '\0';) {
        size_t taken = 1;
        char c = (char)tolower((unsigned char)*p);
        for (size_t i = 0; i < RG_COUNT(plain); i++)
            if (strncmp(p, plain[i].from, strlen(plain[i].from)) == 0) {
                c = plain[i].to;
                taken = strlen(plain[i].from);
            }
        d->email[n++] = c;
        p += taken;
    }
    (void)snprintf(d->email + n, sizeof d->email - n, ".%04d@%s", d->number,
                   d->mailbox_gone ? DEMO_GONE_DOMAIN : "exemplo.example");
}

static void make_person(struct demo_debtor *d, uint64_t seed)
{
    struct rg_str id = rg_str(d->id);
    const char *first = first_names[demo_pick(seed, id, "first name", RG_COUNT(first_names))];
    const char *last = last_names[demo_pick(seed, id, "last name", RG_COUNT(last_names))];
    (void)snprintf(d->name, sizeof d->name, "%s %s", first, last);
    d->place = &places[demo_pick(seed, id, "place", RG_COUNT(places))];
    d->zone = rg_zone_of_state(rg_str(d->place->state));
    d->no_whatsapp = demo_chance(seed, id, "no whatsapp", 7);
    d->mailbox_gone = demo_chance(seed, id, "mailbox", 2);
    make_email(d, first, last);
    int prefix = d->no_whatsapp ? 5000 + demo_pick(seed, id, "phone", 1000) : 6000 + demo_pick(seed, id, "phone", 4000);
    (void)snprintf(d->phone, sizeof d->phone, "+55%d9%04d%04d", d->place->area_code, prefix, d->number);
    demo_cpf(demo_throw(seed, id, "cpf"), d->document);
    /* Asaas knows one payment per charge: parts come from elsewhere; cards, that can be charged back, from there. */
    d->by_asaas = d->habit == DEMO_CHARGES_BACK || (d->habit != DEMO_IN_PARTS && demo_chance(seed, id, "asaas", ASAAS_PERCENT));
    d->boleto = !d->by_asaas && demo_chance(seed, id, "boleto", BOLETO_PERCENT);
    d->leaves_whatsapp = demo_chance(seed, id, "leaves", 3);
}

static rg_day due_in_month(rg_day first, int month, int day)
{
    int year, m, unused;
    rg_day_civil(first, &year, &m, &unused);
    m += month;
    return rg_day_of(year + (m - 1) / 12, (m - 1) % 12 + 1, day);
}

/* One invoice a month, the first of them issued in the demo's first weeks. */
static void make_invoices(struct demo_debtor *d, uint64_t seed, rg_day first, int days)
{
    struct rg_str id = rg_str(d->id);
    int year, month, day_of_first;
    rg_day_civil(first + ISSUED_DAYS_BEFORE, &year, &month, &day_of_first);
    int day = 1 + (day_of_first - 1 + demo_pick(seed, id, "due day", 13)) % 28;
    int64_t cents = plans_cents[demo_pick(seed, id, "plan", RG_COUNT(plans_cents))];
    for (int m = 0; d->invoice_count < DEMO_INVOICES_MAX; m++) {
        rg_day due_on = due_in_month(first + ISSUED_DAYS_BEFORE, m, day);
        rg_day issued_on = due_on - ISSUED_DAYS_BEFORE;
        if (issued_on < first)
            continue;
        if (issued_on >= first + days)
            return;
        struct demo_invoice *invoice = &d->invoices[d->invoice_count++];
        *invoice = (struct demo_invoice){
            .debtor = d, .issued_on = issued_on, .due_on = due_on, .cents = cents, .left_cents = cents};
        invoice->number = (uint64_t)d->number * 100 + (uint64_t)d->invoice_count;
        (void)snprintf(invoice->id, sizeof invoice->id, d->by_asaas ? "pay_%04d%02d" : "F%04d-%d", d->number, d->invoice_count);
    }
}

struct demo_portfolio demo_portfolio_make(struct rg_arena *arena, uint64_t seed, int debtors, rg_day first, int days)
{
    struct demo_portfolio portfolio = {seed, RG_NEW(arena, struct demo_debtor, debtors), debtors};
    for (int i = 0; i < debtors; i++) {
        struct demo_debtor *d = &portfolio.debtors[i];
        d->number = i + 1;
        (void)snprintf(d->id, sizeof d->id, "D%04d", d->number);
        d->habit = habit_of(seed, i, debtors);
        make_person(d, seed);
        make_invoices(d, seed, first, days);
    }
    return portfolio;
}

struct demo_debtor *demo_portfolio_find(const struct demo_portfolio *portfolio, struct rg_str id)
{
    int64_t number = 0;
    if (id.n < 2 || id.p[0] != 'D' || !rg_str_to_i64((struct rg_str){id.p + 1, id.n - 1}, &number))
        return NULL;
    return number >= 1 && number <= portfolio->count ? &portfolio->debtors[number - 1] : NULL;
}

struct demo_invoice *demo_debtor_invoice(struct demo_debtor *debtor, struct rg_str id)
{
    for (int i = 0; i < debtor->invoice_count; i++)
        if (rg_str_is(id, debtor->invoices[i].id))
            return &debtor->invoices[i];
    return NULL;
}
