/* Streaming compact JSON writer over a rg_buf (base/core/buf.h): nothing is kept but the nesting. Misuse (a value without
 * its key, an end that does not match) is our bug and asserts. The output is always valid UTF-8 JSON: bytes of a string
 * that are not UTF-8 become U+FFFD. A buffer that reached its ceiling says so in `overflow`; look once, after rg_jw_done.
 *
 *     struct rg_jw jw;
 *     rg_jw_init(&jw, &buf);
 *     rg_jw_object(&jw);
 *     rg_jw_member_int(&jw, "v", 1);
 *     rg_jw_key(&jw, "invoices");
 *     rg_jw_array(&jw);
 *     rg_jw_str(&jw, invoice);
 *     rg_jw_array_end(&jw);
 *     rg_jw_object_end(&jw);
 *     rg_jw_done(&jw);
 */
#pragma once

#include "base/core/buf.h"
#include "base/json/json.h"

#define RG_JW_DEPTH_MAX 64 /* a parsed value of the reader's full depth fits inside as much of our own */

struct rg_jw {
    struct rg_buf *buf;
    uint64_t objects; /* bit d: level d is an object, else an array */
    uint64_t started; /* bit d: level d has a child */
    uint32_t depth;
    bool key_written; /* a member's value is awaited */
    bool complete;    /* the one top-level value stands */
};

void rg_jw_init(struct rg_jw *jw, struct rg_buf *buf); /* appends to what the buffer holds */
void rg_jw_done(const struct rg_jw *jw);               /* asserts that one whole value was written */

void rg_jw_object(struct rg_jw *jw);
void rg_jw_object_end(struct rg_jw *jw);
void rg_jw_array(struct rg_jw *jw);
void rg_jw_array_end(struct rg_jw *jw);
void rg_jw_key(struct rg_jw *jw, const char *key);
void rg_jw_key_str(struct rg_jw *jw, struct rg_str key);

void rg_jw_str(struct rg_jw *jw, struct rg_str text); /* the absent slice is written as null */
void rg_jw_cstr(struct rg_jw *jw, const char *text);  /* NULL is written as null */
void rg_jw_int(struct rg_jw *jw, int64_t number);
void rg_jw_bool(struct rg_jw *jw, bool flag);
void rg_jw_null(struct rg_jw *jw);
void rg_jw_raw(struct rg_jw *jw, struct rg_str json); /* one value known to be valid JSON: a number's text, a stored value */
void rg_jw_value(struct rg_jw *jw, const struct rg_json_value *value); /* a parsed value with all below it; NULL as null */

/* key and value in one call */
void rg_jw_member_str(struct rg_jw *jw, const char *key, struct rg_str text);
void rg_jw_member_cstr(struct rg_jw *jw, const char *key, const char *text);
void rg_jw_member_int(struct rg_jw *jw, const char *key, int64_t number);
void rg_jw_member_bool(struct rg_jw *jw, const char *key, bool flag);
void rg_jw_member_null(struct rg_jw *jw, const char *key);
void rg_jw_member_raw(struct rg_jw *jw, const char *key, struct rg_str json);
void rg_jw_member_object(struct rg_jw *jw, const char *key); /* opens it */
void rg_jw_member_array(struct rg_jw *jw, const char *key);  /* opens it */
/* Optional members: nothing is written for the absent slice. */
void rg_jw_member_opt_str(struct rg_jw *jw, const char *key, struct rg_str text);

/* One string, for places that are not written by a rg_jw: what stands between its quotes, and with them. */
void rg_json_escape(struct rg_buf *buf, struct rg_str text);
void rg_json_quote(struct rg_buf *buf, struct rg_str text);
