/* Written from the right, three digits at a time: printf's grouping flag depends on the process's locale. */
#include "brazil/money/format.h"

#include <string.h>

void rg_money_format(int64_t cents, char ret_text[RG_MONEY_TEXT_MAX])
{
    char text[RG_MONEY_TEXT_MAX];
    size_t at = sizeof text;
    uint64_t rest = cents < 0 ? -(uint64_t)cents : (uint64_t)cents;
    text[--at] = '\0';
    for (int digit = 0; digit < 3 || rest > 0; digit++) {
        if (digit == 2)
            text[--at] = ',';
        else if (digit > 2 && (digit - 2) % 3 == 0)
            text[--at] = '.';
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    }
    static const char SIGN[] = "R$\u00a0";
    at -= sizeof SIGN - 1;
    memcpy(text + at, SIGN, sizeof SIGN - 1);
    if (cents < 0)
        text[--at] = '-';
    memcpy(ret_text, text + at, sizeof text - at);
}
