/* Papers of people who do not exist, with check digits that are right: what reads them cannot tell. Pure. */
#pragma once

#include "base/core/core.h"
#include "brazil/days/date.h"

#define DEMO_CPF_MAX 12
#define DEMO_PIX_MAX 256
#define DEMO_BOLETO_MAX 48

/* Eleven digits made from `number` (the last nine of it). */
void demo_cpf(uint64_t number, char ret_text[DEMO_CPF_MAX]);

/* A static PIX code, "copia e cola": EMV fields and CRC-16. `txid` is at most 25 letters and digits. */
void demo_pix(const char *key, int64_t cents, const char *txid, char ret_text[DEMO_PIX_MAX]);

/* The 47 digits that people type: bank, free field, due date, amount. */
void demo_boleto(uint64_t number, rg_day due_on, int64_t cents, char ret_text[DEMO_BOLETO_MAX]);
