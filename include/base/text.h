/*
 * text.h - building strings, hashing them, printing numbers.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing string on the heap; text is always NUL-terminated once non-NULL.
 * A zeroed struct is an empty one; free it with buf_free. */
struct buf {
    char *text;
    size_t len, cap;
};

void buf_put(struct buf *b, const char *s, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* s as a JSON string, quotes included; bytes that are not UTF-8 become
 * U+FFFD. */
void buf_json(struct buf *b, const char *s);
void buf_free(struct buf *b);

/* Decode the code point at s (len >= 1 bytes there): returns its length in
 * bytes; 1 and U+FFFD for a byte that is not UTF-8. */
size_t utf8_next(const char *s, size_t len, uint32_t *code);

/* FNV-1a.  Start with FNV_START (or a former result, to go on). */
#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV32_START UINT32_C(0x811c9dc5)
uint64_t fnv64(uint64_t hash, const void *data, size_t len);
uint32_t fnv32(uint32_t hash, const void *data, size_t len);

/* The shortest decimal text that reads back as x; "nan"/"inf" for those.
 * room: at least 32 bytes.  Locale plays no part.  Returns room. */
char *format_real(char *room, double x);

/* x seconds with at most three decimals, trailing zeros cut ("1.5"). */
char *format_seconds(char *room, int64_t ns);

/* Columns that s takes on a terminal (wcwidth; 1 for what is unknown). */
int display_width(const char *s, size_t len);

/* Damerau-Levenshtein distance of two words, case folded. */
int edit_distance(const char *a, const char *b);

/* The candidate nearest to word, if its distance is at most
 * max(1, length / 3); else NULL.  candidates ends with NULL. */
const char *nearest_word(const char *word, const char *const *candidates);

/* True if s matches the shell pattern ("*", "?" only). */
bool glob_match(const char *pattern, const char *s);

#endif
