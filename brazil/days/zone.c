/* Three small tables: zones, states, and through the numbering plan's states the area codes. The machine's tzdata is not
 * asked: a container without it, or with an old one, would move every message window without anybody noticing. */
#include "brazil/days/zone.h"

#include "brazil/ids/phone.h"

#include <string.h>

#define MINUTES_PER_DAY 1440
#define NORONHA (-120)
#define BRASILIA (-180)
#define AMAZON (-240)
#define ACRE (-300)

enum place { SAO_PAULO, ARAGUAINA, BAHIA, BELEM, FORTALEZA, MACEIO, RECIFE, BOA_VISTA, CAMPO_GRANDE, CUIABA, MANAUS, PORTO_VELHO, RIO_BRANCO };

static const struct rg_zone ZONES[] = {
    [SAO_PAULO] = {"America/Sao_Paulo", BRASILIA},
    [ARAGUAINA] = {"America/Araguaina", BRASILIA},
    [BAHIA] = {"America/Bahia", BRASILIA},
    [BELEM] = {"America/Belem", BRASILIA},
    [FORTALEZA] = {"America/Fortaleza", BRASILIA},
    [MACEIO] = {"America/Maceio", BRASILIA},
    [RECIFE] = {"America/Recife", BRASILIA},
    [BOA_VISTA] = {"America/Boa_Vista", AMAZON},
    [CAMPO_GRANDE] = {"America/Campo_Grande", AMAZON},
    [CUIABA] = {"America/Cuiaba", AMAZON},
    [MANAUS] = {"America/Manaus", AMAZON},
    [PORTO_VELHO] = {"America/Porto_Velho", AMAZON},
    [RIO_BRANCO] = {"America/Rio_Branco", ACRE},
    {"America/Santarem", BRASILIA}, /* western Pará left -04 in 2008 (Lei 11.662/2008) */
    {"America/Eirunepe", ACRE},
    {"America/Noronha", NORONHA},
    /* Names of old, still alive in other people's databases. */
    {"America/Porto_Acre", ACRE},
    {"Brazil/Acre", ACRE},
    {"Brazil/DeNoronha", NORONHA},
    {"Brazil/East", BRASILIA},
    {"Brazil/West", AMAZON},
};

static const struct state_zone {
    char state[3];
    enum place zone;
} STATES[] = {
    {"AC", RIO_BRANCO}, {"AL", MACEIO},    {"AM", MANAUS},      {"AP", BELEM},     {"BA", BAHIA},       {"CE", FORTALEZA}, {"DF", SAO_PAULO},
    {"ES", SAO_PAULO},  {"GO", SAO_PAULO}, {"MA", FORTALEZA},   {"MG", SAO_PAULO}, {"MS", CAMPO_GRANDE}, {"MT", CUIABA},   {"PA", BELEM},
    {"PB", FORTALEZA},  {"PE", RECIFE},    {"PI", FORTALEZA},   {"PR", SAO_PAULO}, {"RJ", SAO_PAULO},   {"RN", FORTALEZA}, {"RO", PORTO_VELHO},
    {"RR", BOA_VISTA},  {"RS", SAO_PAULO}, {"SC", SAO_PAULO},   {"SE", MACEIO},    {"SP", SAO_PAULO},   {"TO", ARAGUAINA},
};

const struct rg_zone *rg_zone_find(struct rg_str name)
{
    for (size_t i = 0; i < RG_COUNT(ZONES); i++)
        if (rg_str_is(name, ZONES[i].name))
            return &ZONES[i];
    return NULL;
}

const struct rg_zone *rg_zone_of_state(struct rg_str state)
{
    for (size_t i = 0; i < RG_COUNT(STATES) && state.n == 2; i++)
        if (memcmp(state.p, STATES[i].state, 2) == 0)
            return &ZONES[STATES[i].zone];
    return NULL;
}

const struct rg_zone *rg_zone_of_area_code(int area_code)
{
    return rg_zone_of_state(rg_str(rg_area_code_state(area_code)));
}

struct rg_local rg_local_at(const struct rg_zone *zone, int64_t ms)
{
    struct rg_local local = {.day = RG_DAY_NONE};
    int64_t local_ms;
    if (__builtin_add_overflow(ms, zone->offset_minutes * RG_MS_PER_MINUTE, &local_ms))
        return local;
    int64_t days = local_ms / RG_MS_PER_DAY - (local_ms % RG_MS_PER_DAY < 0);
    if (days <= INT32_MIN || days > INT32_MAX || !rg_day_known((rg_day)days))
        return local;
    int64_t of_day = local_ms - days * RG_MS_PER_DAY;
    local.day = (rg_day)days;
    local.minute = (int)(of_day / RG_MS_PER_MINUTE);
    local.second_ms = (int)(of_day % RG_MS_PER_MINUTE);
    return local;
}

int64_t rg_instant_at(const struct rg_zone *zone, rg_day day, int minute)
{
    rg_assert(day != RG_DAY_NONE);
    rg_assert(minute >= 0 && minute <= MINUTES_PER_DAY);
    return day * RG_MS_PER_DAY + (minute - zone->offset_minutes) * RG_MS_PER_MINUTE;
}
