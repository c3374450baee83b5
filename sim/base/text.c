/*
 * text.c - building strings, hashing them, printing numbers, comparing words.
 *
 * Nothing here consults the locale.  Widths follow Unicode's East Asian Width
 * (W and F take two columns) and its combining marks (none), reduced to the
 * ranges below; the exact table is not needed for placing carets.
 * Source of FNV-1a: draft-eastlake-fnv; of the ranges: EastAsianWidth.txt 15.
 */
#include "base/text.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"

#define WORD_MAX 64             /* longest word that is compared */

static void reserve(struct buf *b, size_t more)
{
    size_t cap = b->cap ? b->cap : 64;

    while (cap < b->len + more + 1)
        cap *= 2;
    if (cap == b->cap)
        return;
    b->text = heap_grow(b->text, cap, 1);
    b->cap = cap;
}

void buf_put(struct buf *b, const char *s, size_t len)
{
    reserve(b, len);
    if (len)
        memcpy(b->text + b->len, s, len);
    b->len += len;
    b->text[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_put(b, &c, 1);
}

#define PRINT_ROOM 100          /* bytes of a usual formatted piece */

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    int len;

    va_start(args, format);
    va_copy(again, args);
    reserve(b, PRINT_ROOM);     /* nearly always enough */
    len = vsnprintf(b->text + b->len, b->cap - b->len, format, args);
    va_end(args);
    if (len < 0)
        BUG("cannot format \"%s\"", format);
    if ((size_t)len >= b->cap - b->len) {
        reserve(b, (size_t)len);
        vsnprintf(b->text + b->len, (size_t)len + 1, format, again);
    }
    va_end(again);
    b->len += (size_t)len;
}

void buf_free(struct buf *b)
{
    free(b->text);
    *b = (struct buf){ 0 };
}

size_t utf8_next(const char *s, size_t len, uint32_t *code)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *u = (const unsigned char *)s;
    size_t n = u[0] < 0x80 ? 1
        : (u[0] & 0xE0) == 0xC0 ? 2
        : (u[0] & 0xF0) == 0xE0 ? 3
        : (u[0] & 0xF8) == 0xF0 ? 4 : 0;
    uint32_t c = n == 1 ? u[0] : n ? u[0] & (0xFFu >> (n + 1)) : 0;

    *code = 0xFFFD;
    if (n == 0 || n > len)
        return 1;
    for (size_t i = 1; i < n; i++) {
        if ((u[i] & 0xC0) != 0x80)
            return 1;
        c = c << 6 | (u[i] & 0x3F);
    }
    if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 1;
    *code = c;
    return n;
}

void buf_json(struct buf *b, const char *s)
{
    size_t len = strlen(s), n;
    uint32_t c;

    buf_putc(b, '"');
    for (size_t i = 0; i < len; i += n) {
        n = utf8_next(s + i, len - i, &c);
        if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", (int)c);
        else if (c == '\n' || c == '\t' || c == '\r')
            buf_puts(b, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
        else if (c < 0x20 || c == 0x7F)
            buf_printf(b, "\\u%04x", (unsigned)c);
        else if (c == 0xFFFD)
            buf_puts(b, "\xEF\xBF\xBD");
        else
            buf_put(b, s + i, n);
    }
    buf_putc(b, '"');
}

uint64_t fnv64(uint64_t hash, const void *data, size_t len)
{
    const unsigned char *p = data;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint32_t fnv32(uint32_t hash, const void *data, size_t len)
{
    const unsigned char *p = data;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ p[i]) * UINT32_C(0x01000193);
    return hash;
}

/* The fewest digits of x > 0 that read back; the value is 0.d1d2... x 10^*e.
 * Any decimal of 15 digits survives a double that is not subnormal, so fewer
 * need not be tried there. */
static int shortest_digits(char *digits, double x, int *e)
{
    char text[40];
    int n = 0;

    for (int precision = x < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, x);
        if (strtod(text, NULL) == x)
            break;
    }
    for (const char *p = text; *p != 'e'; p++)
        if (isdigit((unsigned char)*p))
            digits[n++] = *p;
    *e = atoi(strchr(text, 'e') + 1) + 1;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

char *format_real(char *room, double x)
{
    char digits[32], *out = room;
    int n, e;

    if (!isfinite(x))
        return strcpy(room, isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
    if (x == 0)
        return strcpy(room, "0");
    if (x < 0)
        *out++ = '-';
    n = shortest_digits(digits, fabs(x), &e);
    if (e > 17 || e < -5) {
        out += sprintf(out, "%c", digits[0]);
        if (n > 1)
            out += sprintf(out, ".%.*s", n - 1, digits + 1);
        sprintf(out, "e%d", e - 1);
    } else if (e <= 0) {
        sprintf(out, "0.%.*s%.*s", -e, "00000", n, digits);
    } else if (n <= e) {
        sprintf(out, "%.*s%.*s", n, digits, e - n, "00000000000000000");
    } else {
        sprintf(out, "%.*s.%.*s", e, digits, n - e, digits + e);
    }
    return room;
}

char *format_seconds(char *room, int64_t ns)
{
    uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    uint64_t ms = (size + 500000) / 1000000;
    int n = sprintf(room, "%s%llu.%03u", ns < 0 && ms ? "-" : "",
                    (unsigned long long)(ms / 1000), (unsigned)(ms % 1000));

    while (room[n - 1] == '0')
        n--;
    if (room[n - 1] == '.')
        n--;
    room[n] = '\0';
    return room;
}

struct range {
    uint32_t first, last;
};

static const struct range zero_width[] = {
    { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD },
    { 0x0610, 0x061A }, { 0x064B, 0x065F }, { 0x06D6, 0x06DC },
    { 0x0900, 0x0902 }, { 0x093C, 0x093C }, { 0x0941, 0x0948 },
    { 0x0E31, 0x0E31 }, { 0x0E34, 0x0E3A }, { 0x0E47, 0x0E4E },
    { 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF }, { 0x200B, 0x200F },
    { 0x202A, 0x202E }, { 0x2060, 0x2064 }, { 0x20D0, 0x20F0 },
    { 0x302A, 0x302D }, { 0x3099, 0x309A }, { 0xFE00, 0xFE0F },
    { 0xFE20, 0xFE2F }, { 0xFEFF, 0xFEFF }, { 0xE0100, 0xE01EF },
};

static const struct range double_width[] = {
    { 0x1100, 0x115F }, { 0x231A, 0x231B }, { 0x23E9, 0x23EC },
    { 0x25FD, 0x25FE }, { 0x2614, 0x2615 }, { 0x2648, 0x2653 },
    { 0x26A1, 0x26A1 }, { 0x2705, 0x2705 }, { 0x274C, 0x274C },
    { 0x2753, 0x2755 }, { 0x2E80, 0x303E }, { 0x3041, 0x33FF },
    { 0x3400, 0x4DBF }, { 0x4E00, 0x9FFF }, { 0xA000, 0xA4CF },
    { 0xA960, 0xA97C }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF },
    { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 },
    { 0x1F300, 0x1F64F }, { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF },
    { 0x1FA70, 0x1FAFF }, { 0x20000, 0x3FFFD },
};

static bool in_ranges(uint32_t c, const struct range *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c >= r[i].first && c <= r[i].last)
            return true;
    return false;
}

int display_width(const char *s, size_t len)
{
    int width = 0;
    uint32_t c;

    for (size_t i = 0; i < len;) {
        i += utf8_next(s + i, len - i, &c);
        if (c < 0x300)
            width++;
        else if (in_ranges(c, double_width, COUNT_OF(double_width)))
            width += 2;
        else if (!in_ranges(c, zero_width, COUNT_OF(zero_width)))
            width++;
    }
    return width;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

int edit_distance(const char *a, const char *b)
{
    int row[3][WORD_MAX + 1];   /* two rows back, one back, this one */
    int n = (int)strlen(a), m = (int)strlen(b);

    if (n > WORD_MAX || m > WORD_MAX)
        return strcmp(a, b) == 0 ? 0 : n > m ? n : m;
    for (int j = 0; j <= m; j++)
        row[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *now = row[i % 3], *last = row[(i + 2) % 3];
        const int *older = row[(i + 1) % 3];

        now[0] = i;
        for (int j = 1; j <= m; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1,
                           last[j - 1] + !same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2])
                && same(a[i - 2], b[j - 1]))
                now[j] = least(now[j], older[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

const char *nearest_word(const char *word, const char *const *candidates)
{
    int limit = (int)strlen(word) / 3, best_distance;
    const char *best = NULL;

    if (limit < 1)
        limit = 1;
    best_distance = limit + 1;
    for (; *candidates; candidates++) {
        int d = edit_distance(word, *candidates);

        if (d < best_distance) {
            best_distance = d;
            best = *candidates;
        }
    }
    return best;
}

bool glob_match(const char *pattern, const char *s)
{
    const char *star = NULL, *resume = NULL;

    while (*s) {
        if (*pattern == '*') {
            star = pattern++;
            resume = s;
        } else if (*pattern == '?' || *pattern == *s) {
            pattern++;
            s++;
        } else if (star) {
            pattern = star + 1;
            s = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
