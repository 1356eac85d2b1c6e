/* {kind: cpf|cnpj, input} → {valid} */
#include "tests/adapter/suite.h"

#include "brazil/ids/document.h"

void rg_suite_documents(const struct rg_json_value *question, struct rg_jw *answer)
{
    static const char *const KINDS[] = {"cpf", "cnpj"};
    size_t kind;
    struct rg_str input;
    if (!rg_ask_word(question, "kind", KINDS, RG_COUNT(KINDS), answer, &kind) || !rg_ask_str(question, "input", answer, &input))
        return;
    struct rg_document document;
    int rc = rg_document_check(input, kind == 0 ? RG_DOCUMENT_CPF : RG_DOCUMENT_CNPJ, &document, NULL);
    rg_jw_member_bool(answer, "valid", rc == 0);
}
