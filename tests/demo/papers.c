/* CPF: Receita Federal's two digits modulo 11. PIX: the Manual do BR Code's fields, CRC-16/CCITT-FALSE over everything before
 * it. Boleto: FEBRABAN's barcode of 44 digits turned into the typed line; the due date counts from 2025-02-22, when the
 * factor of four digits began again at 1000. */
#include "tests/demo/papers.h"

#include "base/core/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int cpf_digit(const char *digits, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += (digits[i] - '0') * (n + 1 - i);
    int rest = sum * 10 % 11;
    return rest == 10 ? 0 : rest;
}

void demo_cpf(uint64_t number, char ret_text[DEMO_CPF_MAX])
{
    char text[DEMO_CPF_MAX + 24];
    (void)snprintf(text, sizeof text, "%09" PRIu64, number % 1000000000);
    text[9] = (char)('0' + cpf_digit(text, 9));
    text[10] = (char)('0' + cpf_digit(text, 10));
    text[11] = '\0';
    memcpy(ret_text, text, DEMO_CPF_MAX);
}

static unsigned crc16(const char *text)
{
    unsigned crc = 0xffff;
    for (; *text != '\0'; text++) {
        crc ^= (unsigned)(unsigned char)*text << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = ((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1) & 0xffff;
    }
    return crc;
}

void demo_pix(const char *key, int64_t cents, const char *txid, char ret_text[DEMO_PIX_MAX])
{
    char amount[24];
    int amount_n = snprintf(amount, sizeof amount, "%" PRId64 ".%02" PRId64, cents / 100, cents % 100);
    rg_assert(strlen(key) <= 77);
    rg_assert(strlen(txid) <= 25);
    int n = snprintf(ret_text, DEMO_PIX_MAX,
                     "00020126%02zu0014br.gov.bcb.pix01%02zu%s52040000530398654%02d%s5802BR5916PROVEDOR EXEMPLO6008CAMPINAS"
                     "62%02zu05%02zu%s6304",
                     strlen(key) + 22, strlen(key), key, amount_n, amount, strlen(txid) + 4, strlen(txid), txid);
    rg_assert(n > 0 && n < DEMO_PIX_MAX - 4);
    (void)snprintf(ret_text + n, DEMO_PIX_MAX - (size_t)n, "%04X", crc16(ret_text));
}

/* Modulo 10 of a field of the typed line: weights 2, 1, 2 … from the right. */
static int field_digit(const char *digits, int n)
{
    int sum = 0;
    for (int i = n - 1, weight = 2; i >= 0; i--, weight = 3 - weight) {
        int product = (digits[i] - '0') * weight;
        sum += product / 10 + product % 10;
    }
    return (10 - sum % 10) % 10;
}

/* Modulo 11 over the 43 digits of the barcode without its own: weights 2 … 9 from the right; 0, 10 and 11 become 1. */
static int barcode_digit(const char *digits)
{
    int sum = 0;
    for (int i = 42, weight = 2; i >= 0; i--, weight = weight == 9 ? 2 : weight + 1)
        sum += (digits[i] - '0') * weight;
    int digit = 11 - sum % 11;
    return digit == 0 || digit > 9 ? 1 : digit;
}

void demo_boleto(uint64_t number, rg_day due_on, int64_t cents, char ret_text[DEMO_BOLETO_MAX])
{
    char memory[4][64];
    struct rg_buf barcode, fields[3], line;
    int factor = 1000 + (due_on - rg_day_of(2025, 2, 22)) % 9000;
    rg_buf_over(&barcode, memory[0], sizeof memory[0]); /* without its own digit: bank, currency, factor, amount, free field */
    rg_buf_addf(&barcode, "0019%04d%010" PRId64 "0000012345%015" PRIu64, factor, cents % INT64_C(10000000000),
                number % UINT64_C(1000000000000000));
    const char *free_field = barcode.data + 18;
    for (int i = 0; i < 3; i++)
        rg_buf_over(&fields[i], memory[i + 1], sizeof memory[0]);
    rg_buf_addf(&fields[0], "0019%.5s", free_field);
    rg_buf_addf(&fields[1], "%.10s", free_field + 5);
    rg_buf_addf(&fields[2], "%.10s", free_field + 15);
    rg_buf_over(&line, ret_text, DEMO_BOLETO_MAX);
    for (int i = 0; i < 3; i++)
        rg_buf_addf(&line, "%s%d", fields[i].data, field_digit(fields[i].data, (int)fields[i].len));
    rg_buf_addf(&line, "%d%.14s", barcode_digit(barcode.data), barcode.data + 4);
    rg_assert(!line.overflow);
}
