/* CPF and CNPJ. Always text, never numbers: they begin with zeros, and a CNPJ has letters since 2026-07-31 (IN RFB
 * 2.229/2024; its two check digits stay numeric). No error text repeats the document. */
#pragma once

#include "base/core/error.h"

#define RG_DOCUMENT_TEXT_MAX 15 /* 14 characters and a NUL */
#define RG_DOCUMENT_MASK_MAX 19 /* "**.222.333/0001-**" and its NUL */

enum rg_document_kind {
    RG_DOCUMENT_AUTO, /* only asked for, never answered: CPF or CNPJ by length */
    RG_DOCUMENT_CPF,
    RG_DOCUMENT_CNPJ,
};

struct rg_document {
    enum rg_document_kind kind;
    char text[RG_DOCUMENT_TEXT_MAX]; /* 11 digits, or 14 digits and capital letters */
};

/* Bare or with punctuation, each mark optional but only in its place ("529.982.247-25", "12.ABC.345/01DE-35"), letters in
 * either case. Checks both digits; refuses one character repeated, which would pass them. */
RG_MUST_USE int rg_document_check(struct rg_str input, enum rg_document_kind kind, struct rg_document *ret_document,
                                  struct rg_error *err);

/* For display: "***.982.247-**", "**.222.333/0001-**". */
void rg_document_mask(const struct rg_document *document, char ret_text[RG_DOCUMENT_MASK_MAX]);
