/* Segments are filled greedily, as phones and gateways do: a plain division miscounts whenever a character of two units falls
 * on a boundary and leaves a unit of the segment empty. */
#include "brazil/text/sms.h"

#include "brazil/text/utf8.h"

/* Beyond ASCII, in order. */
static const uint16_t GSM7_BASIC[] = {
    0x00a1, 0x00a3, 0x00a4, 0x00a5, 0x00a7, 0x00bf, 0x00c4, 0x00c5, 0x00c6, 0x00c7, 0x00c9, 0x00d1, 0x00d6,
    0x00d8, 0x00dc, 0x00df, 0x00e0, 0x00e4, 0x00e5, 0x00e6, 0x00e8, 0x00e9, 0x00ec, 0x00f1, 0x00f2, 0x00f6,
    0x00f8, 0x00f9, 0x00fc, 0x0393, 0x0394, 0x0398, 0x039b, 0x039e, 0x03a0, 0x03a3, 0x03a6, 0x03a8, 0x03a9,
};

static int ascii_septets(uint32_t c)
{
    switch (c) {
    case '\n':
    case '\r':
        return 1;
    case '\f':
    case '[':
    case '\\':
    case ']':
    case '^':
    case '{':
    case '|':
    case '}':
    case '~':
        return 2;
    default:
        return c >= ' ' && c != '`' && c != 0x7f;
    }
}

int rg_gsm7_septets(uint32_t code_point)
{
    if (code_point < 0x80)
        return ascii_septets(code_point);
    if (code_point == 0x20ac) /* € */
        return 2;
    for (size_t i = 0; i < RG_COUNT(GSM7_BASIC) && GSM7_BASIC[i] <= code_point; i++)
        if (GSM7_BASIC[i] == code_point)
            return 1;
    return 0;
}

static size_t width(uint32_t code_point, bool ucs2)
{
    if (ucs2)
        return code_point >= 0x10000 ? 2 : 1;
    return (size_t)rg_gsm7_septets(code_point);
}

static bool needs_ucs2(struct rg_str text)
{
    for (size_t at = 0; at < text.n;)
        if (rg_gsm7_septets(rg_utf8_point(text, &at)) == 0)
            return true;
    return false;
}

bool rg_sms_measure(struct rg_str text, struct rg_sms *ret_sms)
{
    if (!rg_utf8_valid(text))
        return false;
    struct rg_sms sms = {.ucs2 = needs_ucs2(text), .segments = 1};
    size_t single = sms.ucs2 ? 70 : 160;
    size_t each = sms.ucs2 ? 67 : 153; /* six bytes less: the header that joins the segments */
    size_t in_segment = 0;
    for (size_t at = 0; at < text.n;) {
        size_t units = width(rg_utf8_point(text, &at), sms.ucs2);
        if (in_segment + units > each) {
            sms.segments++;
            in_segment = 0;
        }
        in_segment += units;
        sms.units += units;
    }
    if (sms.units <= single)
        sms.segments = 1;
    *ret_sms = sms;
    return true;
}
