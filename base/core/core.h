/* The small vocabulary every file speaks: attributes, byte slices, checked assertions, zeroed allocation.
 *
 * Allocation never fails to its caller: out of memory aborts the process. Work that is not acknowledged is delivered
 * again, so a crash loses nothing, provided sizes that come from outside are capped before they allocate. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RG_MUST_USE __attribute__((warn_unused_result))
#define RG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define RG_CLEANUP(fn) __attribute__((cleanup(fn)))
#define RG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Catches our own bugs only, stays on in release. Outside input is handled, never asserted. */
#define rg_assert(cond) ((cond) ? (void)0 : rg_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void rg_assert_failed(const char *cond, const char *file, int line);

/* Zeroed memory or abort. `rg_free(&p)` accepts NULL and leaves NULL behind. */
void *rg_alloc(size_t bytes) __attribute__((malloc, returns_nonnull));
void *rg_realloc(void *old, size_t count, size_t each_bytes) __attribute__((returns_nonnull)); /* not zeroed */
char *rg_strdup(const char *text) __attribute__((returns_nonnull));
void rg_free_ptr(void *pointer_to_pointer);
#define rg_free(pp) rg_free_ptr(pp)

/* Borrowed bytes with a length; may hold NUL, is never owned. An absent slice has p == NULL; "" has p != NULL. */
struct rg_str {
    const char *p;
    size_t n;
};
#define RG_STR(literal) ((struct rg_str){(literal), sizeof(literal) - 1})
#define RG_STR_FMT "%.*s"
#define RG_STR_ARG(s) (int)(s).n, (s).p

/* NULL gives the absent slice */
static inline struct rg_str rg_str(const char *text)
{
    return (struct rg_str){text, text != NULL ? strlen(text) : 0};
}
static inline bool rg_str_eq(struct rg_str a, struct rg_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool rg_str_is(struct rg_str a, const char *text)
{
    return rg_str_eq(a, rg_str(text));
}
/* present and not empty */
static inline bool rg_str_has(struct rg_str a)
{
    return a.p != NULL && a.n > 0;
}
int rg_str_cmp(struct rg_str a, struct rg_str b); /* byte order, shorter first */

/* Whole slice as a decimal integer; false on anything else: a minus sign is allowed, a plus sign, spaces or overflow are not. */
bool rg_str_to_i64(struct rg_str text, int64_t *ret_value);
/* The way back, without printf: it is asked a thousand times a batch. The slice lies in the memory given. */
#define RG_I64_TEXT_MAX 20
struct rg_str rg_i64_to_str(int64_t value, char ret_memory[RG_I64_TEXT_MAX]);
bool rg_utf8_valid(struct rg_str text);
size_t rg_utf8_next(struct rg_str text); /* bytes of the first character; 0 when there is none or it is not valid UTF-8 */
struct rg_str rg_utf8_cut(struct rg_str text, size_t bytes_max); /* as many whole, valid characters as fit */
size_t rg_control_next(struct rg_str text); /* bytes of the first character if it is a control character (C0, DEL, C1); else 0 */
bool rg_str_has_controls(struct rg_str text);
size_t rg_utf8_put(char *out, uint32_t point); /* writes the character, 1 to 4 bytes, and says how many */
