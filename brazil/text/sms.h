/* How much room a text takes as SMS (3GPP TS 23.038 and 23.040): 160 septets of GSM-7 in one message or 153 in each of
 * several; 70 or 67 units of UCS-2 when any character is outside GSM-7. Characters of the extension table (€ [ ] { } \ ^ ~ |)
 * take two septets and, like surrogate pairs, are never split over two segments. */
#pragma once

#include "base/core/core.h"

struct rg_sms {
    bool ucs2;
    size_t units;    /* septets, or 16-bit units */
    size_t segments; /* at least 1 */
};

/* The text as it is, not folded. False when it is not UTF-8. */
bool rg_sms_measure(struct rg_str text, struct rg_sms *ret_sms);

/* Septets of one character: 1, 2, or 0 when GSM-7 does not have it. */
int rg_gsm7_septets(uint32_t code_point);
