/* UPU S10, as Correios uses it for letters with tracking. */
#include "brazil/ids/object.h"

#define DIGITS 8

bool rg_object_code_valid(struct rg_str code)
{
    static const int WEIGHTS[DIGITS] = {8, 6, 4, 2, 3, 5, 9, 7};
    int sum = 0;
    if (code.n != 13 || code.p[11] != 'B' || code.p[12] != 'R')
        return false;
    for (size_t i = 0; i < 2; i++)
        if (code.p[i] < 'A' || code.p[i] > 'Z')
            return false;
    for (size_t i = 0; i < DIGITS + 1; i++) {
        int digit = code.p[2 + i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        if (i < DIGITS)
            sum += digit * WEIGHTS[i];
    }
    int expected = 11 - sum % 11;
    if (expected >= 10) /* 10 is written 0, 11 is written 5 */
        expected = expected == 10 ? 0 : 5;
    return code.p[10] - '0' == expected;
}
