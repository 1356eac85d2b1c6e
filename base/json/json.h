/* Strict JSON reader (RFC 8259, UTF-8 only). A document is accepted whole or refused whole, with the byte offset, the
 * JSON pointer of the place and what was expected there. Refused although the grammar would allow them, because two
 * readers of the same bytes could disagree on them: duplicate member names in one object, lone surrogates, U+0000
 * (in any spelling), a byte-order mark. Nesting is limited, numbers keep their text: no value passes through floating point.
 *
 *     struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
 *     if (rg_json_parse(bytes, 256 * 1024, &doc, err) < 0) …
 *     const struct rg_json_value *data = rg_json_get(rg_json_root(doc), "data");
 *     int64_t cents;
 *     if (!rg_json_int(rg_json_get(data, "amount_cents"), &cents)) …
 *
 * A document owns a copy of all it needs: values and slices live until rg_json_free, the parsed bytes may go at once.
 * Every accessor accepts NULL (the absent value), so that chains need one check at their end. Documents are immutable
 * and may be read by several threads. */
#pragma once

#include "base/core/core.h"
#include "base/core/error.h"

#define RG_JSON_DEPTH_MAX 32            /* objects and arrays inside each other */
#define RG_JSON_VALUES_MAX (256 * 1024) /* values in one document */
#define RG_JSON_INT_MAX ((INT64_C(1) << 53) - 1)
#define RG_JSON_DECIMAL_DIGITS_MAX 15
#define RG_JSON_DECIMAL_BYTES (RG_JSON_DECIMAL_DIGITS_MAX + 4) /* sign, "0.", digits, NUL */

struct rg_json;       /* a parsed document */
struct rg_json_value; /* a node of it, borrowed */

enum rg_json_kind {
    RG_JSON_ABSENT, /* the kind of NULL */
    RG_JSON_NULL,
    RG_JSON_BOOL,
    RG_JSON_NUMBER,
    RG_JSON_STRING,
    RG_JSON_ARRAY,
    RG_JSON_OBJECT,
};

/* RG_EINVAL: not such a document (err names offset, place, expectation). RG_ELIMIT: more than max_bytes, too deep or
 * too many values. */
RG_MUST_USE int rg_json_parse(struct rg_str bytes, size_t max_bytes, struct rg_json **ret_doc, struct rg_error *err);
void rg_json_free(struct rg_json **doc);
const struct rg_json_value *rg_json_root(const struct rg_json *doc); /* never NULL */

enum rg_json_kind rg_json_kind(const struct rg_json_value *value);
const char *rg_json_kind_name(enum rg_json_kind kind); /* "string", "object", … for error sentences */

/* Member of an object; NULL when absent or when `object` is none. */
const struct rg_json_value *rg_json_get(const struct rg_json_value *object, const char *key);
const struct rg_json_value *rg_json_get_str(const struct rg_json_value *object, struct rg_str key);

/* RFC 6901: "" is the value itself, "/a/0/b~1c" walks down. NULL when nothing is there or the pointer is malformed;
 * check pointers written by people with rg_json_pointer_check when they are loaded. */
const struct rg_json_value *rg_json_pointer(const struct rg_json_value *value, struct rg_str pointer);
RG_MUST_USE int rg_json_pointer_check(struct rg_str pointer, struct rg_error *err);

/* Children in document order: rg_json_next(container, NULL) is the first one; NULL ends. Same for objects and arrays. */
const struct rg_json_value *rg_json_next(const struct rg_json_value *container, const struct rg_json_value *child);
#define RG_JSON_EACH(child, container) \
    for (const struct rg_json_value *child = rg_json_next((container), NULL); child != NULL; \
         child = rg_json_next((container), child))
size_t rg_json_count(const struct rg_json_value *container); /* 0 for anything without children */
const struct rg_json_value *rg_json_at(const struct rg_json_value *array, size_t index); /* walks; prefer RG_JSON_EACH */
struct rg_str rg_json_key(const struct rg_json_value *member); /* name of an object's member, else absent */

/* Scalars: false and untouched output when the value is of another kind. */
RG_MUST_USE bool rg_json_str(const struct rg_json_value *value, struct rg_str *ret_text); /* decoded UTF-8, NUL-terminated */
RG_MUST_USE bool rg_json_bool(const struct rg_json_value *value, bool *ret_flag);
/* Numbers written as integers ("1.0" and "1e2" are none) within ±RG_JSON_INT_MAX: what every reader of JSON, also one
 * that knows doubles only, understands as the same integer. */
RG_MUST_USE bool rg_json_int(const struct rg_json_value *value, int64_t *ret_number);
struct rg_str rg_json_number_text(const struct rg_json_value *value); /* exactly as written; absent for other kinds */
/* The number as plain decimal without exponent, superfluous zeros or negative zero ("1.50e2" → "150", "0.10" → "0.1").
 * False for other kinds, and for numbers with more than RG_JSON_DECIMAL_DIGITS_MAX significant digits, or as many
 * places before or after the point. Any decimal of up to 15 significant digits survives a double and back (that is what
 * DBL_DIG promises), so within this limit a sender that computes in doubles and prints the shortest decimal that reads
 * back the same has sent us the decimal it meant; past it the digits are an artefact of its arithmetic. */
RG_MUST_USE bool rg_json_decimal_text(const struct rg_json_value *value, char ret_text[RG_JSON_DECIMAL_BYTES]);
