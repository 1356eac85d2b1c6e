/* Brazilian telephone numbers: what people type → E.164. National numbering plan: area code (DDD) of two digits without a
 * zero, then nine digits starting with 9 (mobile) or eight starting with 2 to 5 (fixed). */
#pragma once

#include "base/core/error.h"

#define RG_PHONE_TEXT_MAX 15 /* "+5511912345678" and its NUL */
#define RG_PHONE_INPUT_MAX 32

struct rg_phone {
    char e164[RG_PHONE_TEXT_MAX];
    bool mobile; /* only these take SMS and WhatsApp */
    int area_code;
};

/* Accepts an optional +55 or 55, or the trunk 0 with or without a carrier's two digits; spaces, points, hyphens, slashes and
 * parentheses anywhere. Refuses service numbers (0800, 4004), other countries, numbers without area code, and the
 * eight-digit mobile numbers of old: a ninth digit is never invented. No error text repeats the number. */
RG_MUST_USE int rg_phone_parse(struct rg_str input, struct rg_phone *ret_phone, struct rg_error *err);

/* "SP" for 11; NULL when the area code is not assigned. 61 also serves the part of Goiás around Brasília and says "DF". */
const char *rg_area_code_state(int area_code);
