/* Amounts as Brazilians read them. */
#pragma once

#include "base/core/core.h"

#define RG_MONEY_TEXT_MAX 36 /* the longest 64-bit amount, its NBSP and its NUL */

/* "R$ 1.234,56", with a no-break space (U+00A0) after the sign so that no line ends between the two; "-R$ 1,00". */
void rg_money_format(int64_t cents, char ret_text[RG_MONEY_TEXT_MAX]);
