/* Personal data for display: enough for the person it belongs to to recognise it, too little for anybody else to use it.
 * What cannot be understood becomes "***". */
#pragma once

#include "base/core/core.h"

#define RG_MASK_TEXT_MAX 96

/* "maria.silva@provedor.example" → "m***@provedor.example" */
void rg_mask_email(struct rg_str address, char ret_text[RG_MASK_TEXT_MAX]);
/* "+5511912345678" → "+55 11 *****-5678" */
void rg_mask_phone(struct rg_str e164, char ret_text[RG_MASK_TEXT_MAX]);
/* "Maria da Silva" → "Maria S.", "Maria" → "M***" */
void rg_mask_name(struct rg_str name, char ret_text[RG_MASK_TEXT_MAX]);
