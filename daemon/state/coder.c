/* Numbers are varints, signed ones zigzag. Reading never stops at the first damage: it goes on with zeros and says `broken` once at
 * the end, so that a walk needs no error paths; lists are empty from then on, so nothing is allocated for what is not there. */
#include "daemon/state/coder.h"

#include "daemon/state/halves.h"

#include <string.h>

/* Times and days are distances from here at first. */
#define FIRST_S INT64_C(1767225600) /* 2026-01-01 00:00 UTC */
#define FIRST_DAY 20454
#define CENTS_LIMIT (1000 * RG_CENTS_MAX)
#define TIME_LIMIT (INT64_C(1) << 52) /* the distance of two times is not more than twice that */
#define LIST_MAX 4096 /* entries of any list; a stored record is ours, but Redis may hand us anything */
#define LISTS_BYTES_MAX ((size_t)8 * 1024 * 1024) /* of one record; twice what the largest one takes */

void rg_coder_init_write(struct rg_coder *c, struct rg_buf *out)
{
    *c = (struct rg_coder){.out = out, .last_s = FIRST_S, .last_day = FIRST_DAY};
}

void rg_coder_init_read(struct rg_coder *c, struct rg_str in, struct rg_arena *arena)
{
    *c = (struct rg_coder){.in = in, .arena = arena, .last_s = FIRST_S, .last_day = FIRST_DAY};
}

static unsigned take_byte(struct rg_coder *c)
{
    if (c->in.n == 0) {
        c->broken = true;
        return 0;
    }
    unsigned byte = (uint8_t)*c->in.p;
    c->in.p++;
    c->in.n--;
    return byte;
}

static uint64_t get_varint(struct rg_coder *c)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte = take_byte(c);
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return c->broken ? 0 : value;
    }
    c->broken = true;
    return 0;
}

static void put_varint(struct rg_buf *out, uint64_t value)
{
    char bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (char)(value | 0x80);
    bytes[n++] = (char)value;
    rg_buf_add(out, bytes, n);
}

/* One of more than seven bits, or the end of what was to be read. */
void rg_code_long_number(struct rg_coder *c, uint64_t *value)
{
    if (c->out != NULL)
        put_varint(c->out, *value);
    else
        *value = get_varint(c);
}

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/* ---- groups ---- */

/* Eight more fields: their control byte. */
void rg_coder_control(struct rg_coder *c)
{
    struct rg_coder_group *g = &c->group;
    g->control = 0;
    if (c->out != NULL) {
        g->control_at = c->out->len;
        rg_buf_addc(c->out, '\0');
    } else if (!g->absent) {
        g->control = (uint8_t)take_byte(c);
    }
}

/* ---- numbers ---- */

void rg_code_count(struct rg_coder *c, int64_t *value)
{
    rg_assert(*value >= 0);
    uint64_t number = (uint64_t)*value;
    rg_code_number(c, &number);
    c->broken = c->broken || number > INT64_MAX;
    *value = number > INT64_MAX ? 0 : (int64_t)number;
}

void rg_code_i64_from(struct rg_coder *c, int64_t *value, int64_t usual)
{
    uint64_t number = zigzag((int64_t)((uint64_t)*value - (uint64_t)usual));
    rg_code_number(c, &number);
    *value = (int64_t)((uint64_t)unzigzag(number) + (uint64_t)usual);
}

void rg_code_int_from(struct rg_coder *c, int *value, int usual)
{
    int64_t wide = *value;
    rg_code_i64_from(c, &wide, usual);
    if (wide < INT32_MIN || wide > INT32_MAX) {
        c->broken = true;
        wide = 0;
    }
    *value = (int)wide;
}

/* 0: the usual amount; 1: nothing. Sums of many amounts must stay within 64 bits, whatever Redis holds. */
void rg_code_cents(struct rg_coder *c, int64_t *cents, int64_t usual)
{
    rg_assert(*cents >= 0);
    uint64_t number = *cents == usual ? 0 : *cents == 0 ? 1 : (uint64_t)*cents + 1;
    rg_code_number(c, &number);
    if (number > CENTS_LIMIT) {
        c->broken = true;
        number = 1;
    }
    *cents = number == 0 ? usual : (int64_t)number - 1;
}

/* Never is 0; whole seconds are even, behind them. No time is later than can be read back. */
static uint64_t number_of_time(const struct rg_coder *c, int64_t ms)
{
    if (ms > TIME_LIMIT || ms < -TIME_LIMIT)
        ms = ms > 0 ? TIME_LIMIT : -TIME_LIMIT;
    bool whole = ms % 1000 == 0;
    return ms == 0 ? 0 : whole ? (zigzag(ms / 1000 - c->last_s) << 1) + 1 : (zigzag(ms - c->last_s * 1000) << 1) + 2;
}

static int64_t time_of_number(struct rg_coder *c, uint64_t number)
{
    if (number == 0)
        return 0;
    int64_t distance = unzigzag((number - 1) >> 1), ms = 0;
    bool whole = (number & 1) != 0;
    int64_t farthest = 2 * TIME_LIMIT / (whole ? 1000 : 1);
    if (distance > farthest || distance < -farthest)
        c->broken = true;
    else
        ms = whole ? (c->last_s + distance) * 1000 : c->last_s * 1000 + distance;
    if (ms > TIME_LIMIT || ms < -TIME_LIMIT)
        c->broken = true;
    return c->broken ? 0 : ms;
}

static void pass_time(struct rg_coder *c, int64_t ms)
{
    if (ms != 0)
        c->last_s = ms / 1000;
}

void rg_code_time(struct rg_coder *c, int64_t *ms)
{
    uint64_t number = c->out != NULL ? number_of_time(c, *ms) : 0;
    rg_code_number(c, &number);
    *ms = time_of_number(c, number);
    pass_time(c, *ms);
}

void rg_code_time_as(struct rg_coder *c, int64_t *ms, int64_t usual_ms)
{
    uint64_t number = c->out == NULL || *ms == usual_ms ? 0 : number_of_time(c, *ms) + 1;
    rg_code_number(c, &number);
    *ms = number == 0 ? usual_ms : time_of_number(c, number - 1);
    pass_time(c, *ms);
}

static uint64_t number_of_day(const struct rg_coder *c, rg_day day)
{
    return day == RG_DAY_NONE ? 0 : zigzag((int64_t)day - c->last_day) + 1;
}

static rg_day day_of_number(struct rg_coder *c, uint64_t number)
{
    if (number == 0)
        return RG_DAY_NONE;
    int64_t distance = unzigzag(number - 1);
    bool near = distance >= -2 * (int64_t)INT32_MAX && distance <= 2 * (int64_t)INT32_MAX;
    int64_t day = near ? distance + c->last_day : INT64_MAX;
    if (day > INT32_MAX || day <= RG_DAY_NONE) {
        c->broken = true;
        return RG_DAY_NONE;
    }
    return c->last_day = (rg_day)day;
}

void rg_code_day(struct rg_coder *c, rg_day *day)
{
    uint64_t number = c->out != NULL ? number_of_day(c, *day) : 0;
    rg_code_number(c, &number);
    *day = day_of_number(c, number);
}

void rg_code_day_as(struct rg_coder *c, rg_day *day, rg_day usual)
{
    uint64_t number = c->out == NULL || *day == usual ? 0 : number_of_day(c, *day) + 1;
    rg_code_number(c, &number);
    *day = number == 0 ? usual : day_of_number(c, number - 1);
}

static uint64_t number_of_offset(const struct rg_coder *c, int64_t offset, int64_t none)
{
    return offset == none ? 0 : zigzag(offset - c->last_offset) + 1;
}

static int64_t offset_of_number(struct rg_coder *c, uint64_t number, int64_t none)
{
    int64_t offset;
    if (number == 0)
        return none;
    if (__builtin_add_overflow(c->last_offset, unzigzag(number - 1), &offset) || offset < 0) {
        c->broken = true;
        return none;
    }
    return c->last_offset = offset;
}

void rg_code_offset(struct rg_coder *c, int64_t *offset, int64_t none)
{
    uint64_t number = c->out != NULL ? number_of_offset(c, *offset, none) : 0;
    rg_code_number(c, &number);
    *offset = offset_of_number(c, number, none);
}

void rg_code_offset_and(struct rg_coder *c, int64_t *offset, int64_t none, bool *flag)
{
    uint64_t number = c->out != NULL ? number_of_offset(c, *offset, none) << 1 | *flag : 0;
    rg_code_number(c, &number);
    *flag = (number & 1) != 0;
    *offset = offset_of_number(c, number >> 1, none);
}

/* Units −1 say that nothing was given: the usual case. */
void rg_code_decimal(struct rg_coder *c, struct rg_decimal *decimal)
{
    uint64_t scale = (uint64_t)decimal->scale;
    rg_code_i64_from(c, &decimal->units, -1);
    if (decimal->units < 0) {
        c->broken = c->broken || decimal->units != -1;
        *decimal = (struct rg_decimal){.units = -1};
        return;
    }
    rg_code_number(c, &scale);
    c->broken = c->broken || scale > RG_DECIMAL_PLACES_MAX;
    decimal->scale = c->broken ? 0 : (int)scale;
}

void rg_code_bytes(struct rg_coder *c, uint8_t *bytes, size_t n)
{
    if (c->out != NULL) {
        rg_buf_add(c->out, bytes, n);
        return;
    }
    if (n > c->in.n) {
        c->broken = true;
        return;
    }
    memcpy(bytes, c->in.p, n);
    c->in.p += n;
    c->in.n -= n;
}

void rg_code_hash(struct rg_coder *c, uint32_t *hash)
{
    /* no small numbers */
    uint8_t b[4] = {(uint8_t)*hash, (uint8_t)(*hash >> 8), (uint8_t)(*hash >> 16), (uint8_t)(*hash >> 24)};
    rg_code_bytes(c, b, sizeof b);
    *hash = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* ---- texts ---- */

static bool same(struct rg_str a, struct rg_str b)
{
    return (a.p == NULL) == (b.p == NULL) && rg_str_eq(a, b);
}

/* 0 is absent, else length and alphabet. */
static uint64_t number_of_text(struct rg_str text)
{
    return text.p == NULL ? 0 : ((uint64_t)text.n << 2 | rg_halves_choose(text)) + 1;
}
static_assert(RG_HALVES_COUNT == 4, "the alphabet takes two bits");

static void put_text(struct rg_coder *c, struct rg_str text, uint64_t number)
{
    if (number > 0)
        rg_halves_write(text, (enum rg_halves)((number - 1) & 3), c->out);
}

static struct rg_str get_text(struct rg_coder *c, uint64_t number)
{
    if (number == 0 || c->broken)
        return (struct rg_str){0};
    uint64_t n = (number - 1) >> 2;
    if (n > 2 * c->in.n) {
        c->broken = true;
        return (struct rg_str){0};
    }
    char *text = rg_arena_alloc(c->arena, (size_t)n + 1); /* zeroed: it ends in a NUL */
    c->broken = !rg_halves_read(&c->in, (size_t)n, (enum rg_halves)((number - 1) & 3), text);
    return (struct rg_str){text, (size_t)n};
}

void rg_code_text(struct rg_coder *c, struct rg_str *text)
{
    uint64_t number = c->out != NULL ? number_of_text(*text) : 0;
    rg_code_number(c, &number);
    if (c->out != NULL)
        put_text(c, *text, number);
    else
        *text = get_text(c, number);
}

void rg_code_raw(struct rg_coder *c, struct rg_str *text)
{
    uint64_t number = ((uint64_t)text->n << 2 | RG_HALVES_NONE) + 1;
    rg_code_number(c, &number);
    if (c->out != NULL)
        put_text(c, *text, number);
    else
        *text = get_text(c, number);
}

void rg_code_text_as(struct rg_coder *c, struct rg_str *text, struct rg_str usual)
{
    uint64_t number = c->out == NULL || same(*text, usual) ? 0 : number_of_text(*text) + 1;
    rg_code_number(c, &number);
    if (c->out == NULL)
        *text = number == 0 ? usual : get_text(c, number - 1);
    else if (number > 0)
        put_text(c, *text, number - 1);
}

/* Words that many records have need not be spelled in any: channels, states, and what the shipped ladders and mappings call their
 * steps and names. The list is part of the stored form: it only ever grows at its end, with the version. */
#define W(text) {text, sizeof text - 1}
static const struct rg_str known[] = {
    W("email"), W("sms"), W("whatsapp"), W("letter"), W("signals"), W("como_pagar"), W("desconto"), W("lembrete"), W("nao_recebido"),
    W("vespera"), W("vence_hoje"), W("atraso"), W("insiste"), W("segunda_via"), W("oferta"), W("ligacao"), W("conversa"),
    W("aviso_suspensao"), W("notificacao"), W("atualizados"), W("suspensao"), W("suspenso"), W("rescisao"), W("aviso_negativacao"),
    W("negativacao"), W("protesto"), W("advogado"), W("religar"), W("retirar"), W("desculpe"), W("obrigado"), W("restore"),
    W("asaas"), W("iugu"), W("stripe"), W("billing"), W("provedor"), W("internet"), W("telefone"), W("energia"), W("agua"), W("gas"),
    W("escola"), W("aluguel"), W("condominio"), W("mensalidade"), W("plano"), W("pt-BR"), W("America/Sao_Paulo"),
    W("AC"), W("AL"), W("AM"), W("AP"), W("BA"), W("CE"), W("DF"), W("ES"), W("GO"), W("MA"), W("MG"), W("MS"), W("MT"), W("PA"),
    W("PB"), W("PE"), W("PI"), W("PR"), W("RJ"), W("RN"), W("RO"), W("RR"), W("RS"), W("SC"), W("SE"), W("SP"), W("TO"),
};
enum { KNOWN = RG_COUNT(known) };
#define NEW 1 /* 0: absent; from 2 on a place: among the known ones, behind them among the record's own */

static uint64_t number_of_word(const struct rg_coder *c, struct rg_str word)
{
    if (word.p == NULL)
        return 0;
    for (size_t i = 0; i < KNOWN; i++)
        if (known[i].n == word.n && known[i].p[0] == word.p[0] && memcmp(known[i].p, word.p, word.n) == 0)
            return i + 2;
    for (size_t i = 0; i < c->word_count; i++)
        if (rg_str_eq(c->words[i], word))
            return KNOWN + i + 2;
    return NEW;
}

static void learn_word(struct rg_coder *c, struct rg_str word)
{
    if (c->word_count < RG_CODER_WORDS_MAX)
        c->words[c->word_count++] = word;
}

static struct rg_str word_of_number(struct rg_coder *c, uint64_t number)
{
    if (number < 2)
        return (struct rg_str){0};
    if (number - 2 < KNOWN)
        return known[number - 2];
    if (number - 2 - KNOWN < c->word_count)
        return c->words[number - 2 - KNOWN];
    c->broken = true;
    return (struct rg_str){0};
}

/* Behind its number a new word is spelled. */
static void spell(struct rg_coder *c, struct rg_str *word, uint64_t number)
{
    if (number != NEW)
        return;
    rg_code_text(c, word);
    learn_word(c, *word);
}

void rg_code_word(struct rg_coder *c, struct rg_str *word)
{
    uint64_t number = c->out != NULL ? number_of_word(c, *word) : 0;
    rg_code_number(c, &number);
    if (c->out == NULL)
        *word = word_of_number(c, number);
    spell(c, word, number);
}

void rg_code_word_as(struct rg_coder *c, struct rg_str *word, struct rg_str usual)
{
    uint64_t number = c->out == NULL || same(*word, usual) ? 0 : number_of_word(c, *word) + 1;
    rg_code_number(c, &number);
    if (c->out == NULL)
        *word = number == 0 ? usual : word_of_number(c, number - 1);
    if (number > 0)
        spell(c, word, number - 1);
}

void rg_code_words(struct rg_coder *c, struct rg_str **words, size_t *count)
{
    RG_CODE_LIST(c, *words, *count);
    for (size_t i = 0; i < *count; i++)
        rg_code_word(c, &(*words)[i]);
}

/* ---- more than one ---- */

/* Reads and writes through the same list of addresses. */
void rg_code_flags(struct rg_coder *c, bool *const *flags, size_t count)
{
    uint64_t set = 0;
    for (size_t i = 0; i < count; i++)
        set |= (uint64_t)*flags[i] << i;
    rg_code_number(c, &set);
    for (size_t i = 0; i < count; i++)
        *flags[i] = (set >> i & 1) != 0;
}

void rg_code_stamp(struct rg_coder *c, struct rg_stamp *stamp)
{
    rg_code_time(c, &stamp->time_ms);
    RG_CODE_FLAGS(c, &stamp->updated);
}

/* One event sets many groups: each time is stored once, behind the set of its groups and whether another follows. */
void rg_code_stamps(struct rg_coder *c, struct rg_stamp *stamps, size_t count)
{
    uint64_t left = 0, number = 0;
    rg_assert(count <= 32);
    for (size_t i = 0; c->out != NULL && i < count; i++)
        left |= (uint64_t)(stamps[i].time_ms != 0) << i;
    do {
        struct rg_stamp stamp = c->out != NULL && left != 0 ? stamps[__builtin_ctzll(left)] : (struct rg_stamp){0};
        uint64_t same_set = 0;
        for (size_t i = 0; stamp.time_ms != 0 && i < count; i++)
            same_set |= (uint64_t)((left >> i & 1) != 0 && stamps[i].time_ms == stamp.time_ms && stamps[i].updated == stamp.updated) << i;
        left &= ~same_set;
        number = same_set << 2 | (uint64_t)stamp.updated << 1 | (left != 0);
        rg_code_number(c, &number);
        if (number == 0)
            return;
        rg_code_time(c, &stamp.time_ms);
        stamp.updated = (number >> 1 & 1) != 0;
        c->broken = c->broken || number >> 2 == 0 || number >> 2 >= UINT64_C(1) << count;
        for (size_t i = 0; !c->broken && i < count; i++)
            if ((number >> 2 >> i & 1) != 0)
                stamps[i] = stamp;
    } while ((number & 1) != 0 && !c->broken);
}
static_assert(RG_IG_COUNT <= 32 && RG_DG_COUNT <= 32, "groups fit one 32-bit set");

/* ---- lists ---- */

void *rg_code_list(struct rg_coder *c, void *items, size_t *count, size_t each_bytes)
{
    uint64_t n = *count;
    rg_code_number(c, &n);
    if (c->out != NULL)
        return items;
    if (n > LIST_MAX || n * each_bytes > LISTS_BYTES_MAX - c->taken_bytes)
        c->broken = true;
    *count = c->broken ? 0 : (size_t)n;
    c->taken_bytes += *count * each_bytes;
    return *count > 0 ? rg_arena_alloc(c->arena, *count * each_bytes) : NULL;
}

void rg_code_length(struct rg_coder *c, size_t *count, size_t max)
{
    uint64_t n = *count;
    rg_code_number(c, &n);
    c->broken = c->broken || n > max;
    *count = c->broken ? 0 : (size_t)n;
}
