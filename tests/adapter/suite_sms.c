/* {text} → {encoding: "GSM-7"|"UCS-2", units, segments}; the text as it is, not folded. */
#include "tests/adapter/suite.h"

#include "brazil/text/sms.h"

void rg_suite_sms(const struct rg_json_value *question, struct rg_jw *answer)
{
    struct rg_str text;
    struct rg_sms sms;
    if (!rg_ask_str(question, "text", answer, &text))
        return;
    bool measured = rg_sms_measure(text, &sms);
    rg_assert(measured); /* the JSON reader lets nothing through but UTF-8 */
    rg_jw_member_cstr(answer, "encoding", sms.ucs2 ? "UCS-2" : "GSM-7");
    rg_jw_member_int(answer, "units", (int64_t)sms.units);
    rg_jw_member_int(answer, "segments", (int64_t)sms.segments);
}
