/* {input} → {e164: string|null, mobile: bool} */
#include "tests/adapter/suite.h"

#include "brazil/ids/phone.h"

void rg_suite_phones(const struct rg_json_value *question, struct rg_jw *answer)
{
    struct rg_str input;
    if (!rg_ask_str(question, "input", answer, &input))
        return;
    struct rg_phone phone = {.mobile = false};
    int rc = rg_phone_parse(input, &phone, NULL);
    rg_jw_member_cstr(answer, "e164", rc == 0 ? phone.e164 : NULL);
    rg_jw_member_bool(answer, "mobile", phone.mobile);
}
