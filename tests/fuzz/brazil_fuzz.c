/* Every reader of the country's texts, on any bytes: no harm, and what is accepted comes back the same when it is written
 * and read again. */
#include "brazil/days/date.h"
#include "brazil/days/zone.h"
#include "brazil/ids/document.h"
#include "brazil/ids/phone.h"
#include "brazil/money/money.h"
#include "brazil/text/fold.h"
#include "brazil/text/mask.h"
#include "brazil/text/sms.h"

#include <string.h>

#define MAX_BYTES ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void dates(struct rg_str text)
{
    rg_day day, day_again;
    char date[RG_DAY_TEXT_MAX];
    if (rg_day_parse(text, &day)) {
        rg_day_format(day, date);
        rg_assert(rg_str_is(text, date));
        rg_assert(rg_day_parse(rg_str(date), &day_again) && day_again == day);
    }
    int64_t ms, ms_again;
    char instant[RG_INSTANT_TEXT_MAX];
    if (rg_instant_parse(text, &ms)) {
        rg_instant_format(ms, 0, instant);
        rg_assert(instant[0] == '-' || (rg_instant_parse(rg_str(instant), &ms_again) && ms_again == ms));
    }
    rg_assert(rg_zone_find(text) == NULL || text.n >= 8);
}

static void identifiers(struct rg_str text)
{
    struct rg_document document, document_again;
    if (rg_document_check(text, RG_DOCUMENT_AUTO, &document, NULL) == 0) {
        rg_assert(rg_document_check(rg_str(document.text), document.kind, &document_again, NULL) == 0);
        rg_assert(strcmp(document.text, document_again.text) == 0);
        char masked[RG_DOCUMENT_MASK_MAX];
        rg_document_mask(&document, masked);
    }
    struct rg_phone phone, phone_again;
    if (rg_phone_parse(text, &phone, NULL) == 0) {
        rg_assert(rg_phone_parse(rg_str(phone.e164), &phone_again, NULL) == 0);
        rg_assert(strcmp(phone.e164, phone_again.e164) == 0 && phone.mobile == phone_again.mobile);
        rg_assert(rg_zone_of_area_code(phone.area_code) != NULL);
    }
}

static void numbers(struct rg_str text)
{
    struct rg_decimal decimal;
    int64_t cents;
    if (rg_decimal_parse(text, &decimal, NULL) == 0) {
        rg_assert(decimal.units >= 0 && decimal.scale >= 0 && decimal.scale <= RG_DECIMAL_PLACES_MAX);
        rg_assert(rg_decimal_cmp(decimal, decimal) == 0);
    }
    if (rg_cents_parse(text, &cents, NULL) == 0)
        rg_assert(cents >= 0 && cents <= RG_CENTS_MAX);
}

static void folding(struct rg_str text)
{
    struct rg_buf ascii RG_CLEANUP(rg_buf_done);
    struct rg_buf sms RG_CLEANUP(rg_buf_done);
    rg_buf_init(&ascii, 4 * MAX_BYTES);
    rg_buf_init(&sms, 4 * MAX_BYTES);
    (void)rg_fold_ascii(text, &ascii); /* either answer is fine; the bytes are looked at below */
    rg_assert(rg_fold_eq(text, text));
    bool plain = rg_fold_sms(text, &sms);
    struct rg_sms before, after;
    bool valid = rg_sms_measure(text, &before);
    rg_assert(valid == rg_utf8_valid(text));
    if (valid) { /* in broken text the bytes around a mark that vanishes may join into a character */
        rg_assert(rg_fold_eq(text, rg_buf_str(&ascii)));
        rg_assert(rg_sms_measure(rg_buf_str(&sms), &after));
        rg_assert(after.ucs2 == !plain);
        rg_assert(after.segments * (after.ucs2 ? 70U : 160U) >= after.units);
    }
}

static void masks(struct rg_str text)
{
    char masked[RG_MASK_TEXT_MAX];
    void (*const fns[])(struct rg_str, char *) = {rg_mask_email, rg_mask_phone, rg_mask_name};
    for (size_t i = 0; i < RG_COUNT(fns); i++) {
        fns[i](text, masked);
        rg_assert(masked[0] != '\0' && rg_utf8_valid(rg_str(masked)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rg_str text = {(const char *)data, size};
    if (size > MAX_BYTES)
        return 0;
    dates(text);
    identifiers(text);
    numbers(text);
    folding(text);
    masks(text);
    return 0;
}
