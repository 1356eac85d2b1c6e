/* Postal object codes of Correios ("SW371675211BR"): UPU S10, two letters, eight digits, a check digit, "BR". */
#pragma once

#include "base/core/core.h"

bool rg_object_code_valid(struct rg_str code); /* capital letters, no spaces */
