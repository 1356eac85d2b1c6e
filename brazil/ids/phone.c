/* Strip what people write around the digits, peel off the prefixes the network knows (country, trunk, carrier), then judge
 * what is left strictly. Lengths alone tell the prefixes apart, so nothing is guessed: a number that fits no form is refused,
 * because a wrong guess tells a stranger about somebody's debt. */
#include "brazil/ids/phone.h"

#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 16
#define FIXED_DIGITS 10  /* area code and eight */
#define MOBILE_DIGITS 11 /* area code and nine */

/* By first digit: the state of each second digit 1–9, "--" where no area code is assigned (Anatel's numbering plan). */
static const char AREA_STATES[10][9][3] = {
    [1] = {"SP", "SP", "SP", "SP", "SP", "SP", "SP", "SP", "SP"},
    [2] = {"RJ", "RJ", "--", "RJ", "--", "--", "ES", "ES", "--"},
    [3] = {"MG", "MG", "MG", "MG", "MG", "--", "MG", "MG", "--"},
    [4] = {"PR", "PR", "PR", "PR", "PR", "PR", "SC", "SC", "SC"},
    [5] = {"RS", "--", "RS", "RS", "RS", "--", "--", "--", "--"},
    [6] = {"DF", "GO", "TO", "GO", "MT", "MT", "MS", "AC", "RO"},
    [7] = {"BA", "--", "BA", "BA", "BA", "--", "BA", "--", "SE"},
    [8] = {"PE", "AL", "PB", "RN", "CE", "PI", "PE", "CE", "PI"},
    [9] = {"PA", "AM", "PA", "PA", "RR", "AP", "AM", "MA", "MA"},
};

const char *rg_area_code_state(int area_code)
{
    if (area_code < 11 || area_code > 99 || area_code % 10 == 0)
        return NULL;
    const char *state = AREA_STATES[area_code / 10][area_code % 10 - 1];
    return state[0] == '-' ? NULL : state;
}

/* Digits of the input; a plus sign only in front of them. False when anything else is met. */
static bool strip(struct rg_str input, char *ret_digits, size_t *ret_n, bool *ret_plus)
{
    size_t n = 0;
    bool plus = false;
    for (size_t i = 0; i < input.n; i++) {
        char c = input.p[i];
        if (c >= '0' && c <= '9') {
            if (n == DIGITS_MAX)
                return false;
            ret_digits[n++] = c;
        } else if (c == '+' && n == 0 && !plus) {
            plus = true;
        } else if (c == '\0' || strchr(" .-/()", c) == NULL) {
            return false;
        }
    }
    *ret_n = n;
    *ret_plus = plus;
    return true;
}

static bool is_national(size_t n)
{
    return n == FIXED_DIGITS || n == MOBILE_DIGITS;
}

/* The number without its prefixes; absent when no form fits. */
static struct rg_str national_part(const char *digits, size_t n, bool plus)
{
    struct rg_str rest = {digits, n};
    if (plus || (is_national(n - 2) && memcmp(digits, "55", 2) == 0)) {
        if (n < 2 || memcmp(digits, "55", 2) != 0)
            return (struct rg_str){NULL, 0};
        rest = (struct rg_str){digits + 2, n - 2};
        if (rest.n > 0 && rest.p[0] == '0') /* "+55 (0)11", written by people who leave nothing out */
            rest = (struct rg_str){rest.p + 1, rest.n - 1};
    } else if (n > 0 && digits[0] == '0') {
        size_t prefix = is_national(n - 1) ? 1 : 3; /* trunk, or trunk and carrier */
        if (n < prefix)
            return (struct rg_str){NULL, 0};
        rest = (struct rg_str){digits + prefix, n - prefix};
    }
    return is_national(rest.n) ? rest : (struct rg_str){NULL, 0};
}

int rg_phone_parse(struct rg_str input, struct rg_phone *ret_phone, struct rg_error *err)
{
    char digits[DIGITS_MAX];
    size_t n = 0;
    bool plus = false;
    if (input.n > RG_PHONE_INPUT_MAX || !strip(input, digits, &n, &plus))
        return rg_fail(err, RG_EINVAL, "a phone number has digits, spaces and . - / ( ) only, and 16 digits at most");
    struct rg_str national = national_part(digits, n, plus);
    if (national.p == NULL)
        return rg_fail(err, RG_EINVAL, "expected a Brazilian number with its area code, such as +5511912345678; service numbers "
                       "(4004, 0800) and other countries are not accepted");
    int area_code = (national.p[0] - '0') * 10 + (national.p[1] - '0');
    if (rg_area_code_state(area_code) == NULL)
        return rg_fail(err, RG_EINVAL, "no such area code: %02d (service numbers such as 0800 are not accepted)", area_code);
    char first = national.p[2];
    bool mobile = national.n == MOBILE_DIGITS;
    if (mobile && first != '9')
        return rg_fail(err, RG_EINVAL, "a number of nine digits begins with 9");
    if (!mobile && (first < '2' || first > '5'))
        return rg_fail(err, RG_EINVAL, first >= '6' ? "a mobile number has nine digits; the ninth is never guessed"
                                                    : "a fixed number begins with a digit from 2 to 5");
    snprintf(ret_phone->e164, sizeof ret_phone->e164, "+55" RG_STR_FMT, RG_STR_ARG(national));
    ret_phone->mobile = mobile;
    ret_phone->area_code = area_code;
    return 0;
}
