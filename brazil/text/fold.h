/* Folding of Latin text: accents, case, typographic punctuation. One table of ASCII look-alikes serves comparison of city
 * names, texts that must be plain ASCII, and SMS, where one "ã" halves what fits into a segment. Combining marks vanish, so
 * composed and decomposed spellings fold alike. Everything outside Latin letters and common punctuation stays as it is. */
#pragma once

#include "base/core/buf.h"

/* Same words: without regard to accents and case; hyphens, apostrophes and repeated spaces count as one space, none at the
 * ends. "São João d'Aliança" equals "SAO JOAO D ALIANCA". */
bool rg_fold_eq(struct rg_str a, struct rg_str b);

/* Appends `text` with accents removed, case kept. False when something remained that is not ASCII. */
bool rg_fold_ascii(struct rg_str text, struct rg_buf *out);

/* Appends `text` with everything replaced that GSM-7 cannot say but has a look-alike ("ç" → "c", "“" → a straight quote);
 * what GSM-7 has ("é", "à", "ñ") is kept. False when something remained that forces UCS-2. */
bool rg_fold_sms(struct rg_str text, struct rg_buf *out);
