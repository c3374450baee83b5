/*
 * source.c - bytes to UTF-8 text with LF line ends.
 *
 * One pass over the code points.  The characters refused are those that
 * libyaml's reader refuses (YAML 1.1, section 4.1), measured over all of
 * Unicode with libyaml 0.2.5: doing it here gives the fault a line and a
 * column, which libyaml does not, and serves CSV files too.
 *
 * Not modelled: UTF-16 without a byte-order mark (recognised, explained and
 * refused), UTF-32.
 */
#include "io/source.h"
#include <stdint.h>
#include <string.h>
#include "base/text.h"

enum encoding { UTF8, UTF16_LE, UTF16_BE };

#define REPLACEMENT 0xFFFDu
#define BYTE_ORDER_MARK 0xFEFFu

struct fault {
    enum { FAULT_NONE, FAULT_BYTE, FAULT_CONTROL, FAULT_SURROGATE } kind;
    unsigned code;              /* the byte or the code point */
    int line, column;
};

struct decoder {
    const unsigned char *in;
    size_t len, pos;
    enum encoding encoding;
    struct buf out;
    int line, column;           /* of the next character, from 1 */
    struct fault fault;         /* the first one */
};

/* Write code point c as UTF-8 and return the bytes used. */
static size_t utf8_write(char room[4], unsigned c)
{
    static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--) {
        room[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    room[0] = (char)(n == 1 ? c : (lead[n] | c));
    return n;
}

struct source_line source_line(const struct source *s, int number)
{
    const char *p = s->text, *end = s->text + s->len;

    for (int i = 1; i < number && p; i++) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (p)
            p++;
    }
    if (!p || number < 1)
        return (struct source_line){ "", 0 };
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    return (struct source_line){ p, (size_t)((stop ? stop : end) - p) };
}

/* Keep the first fault and its place. */
static void note_fault(struct decoder *d, int kind, unsigned code)
{
    if (d->fault.kind != FAULT_NONE)
        return;
    d->fault.kind = kind;
    d->fault.code = code;
    d->fault.line = d->line;
    d->fault.column = d->column;
}

/* The next code point of UTF-8; a bad byte is consumed alone. */
static unsigned next_utf8(struct decoder *d)
{
    const char *p = (const char *)d->in + d->pos;
    uint32_t code;
    size_t n = utf8_next(p, d->len - d->pos, &code);

    if (n == 1 && code == REPLACEMENT)
        note_fault(d, FAULT_BYTE, d->in[d->pos]);
    d->pos += n;
    return code;
}

static unsigned unit_at(const struct decoder *d, size_t pos)
{
    unsigned a = d->in[pos], b = d->in[pos + 1];

    return d->encoding == UTF16_LE ? a | b << 8 : a << 8 | b;
}

/* The next code point of UTF-16; half a pair or an odd byte is a fault. */
static unsigned next_utf16(struct decoder *d)
{
    if (d->len - d->pos < 2) {
        note_fault(d, FAULT_BYTE, d->in[d->pos]);
        d->pos = d->len;
        return REPLACEMENT;
    }
    unsigned c = unit_at(d, d->pos);
    d->pos += 2;
    if (c < 0xD800 || c > 0xDFFF)
        return c;
    unsigned low = d->len - d->pos >= 2 ? unit_at(d, d->pos) : 0;
    if (c >= 0xDC00 || low < 0xDC00 || low > 0xDFFF) {
        note_fault(d, FAULT_SURROGATE, c);
        return REPLACEMENT;
    }
    d->pos += 2;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

static bool is_break(unsigned c)
{
    return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* What libyaml's reader refuses, apart from the breaks above. */
static bool is_control(unsigned c)
{
    return (c < 0x20 && c != '\t') || (c >= 0x7F && c < 0xA0) ||
           c == 0xFFFE || c == 0xFFFF;
}

/* Append a code point, and count it. */
static void put_code(struct decoder *d, unsigned c)
{
    char room[4];

    if (c == BYTE_ORDER_MARK && d->column == 1)
        return;                 /* also where such files were joined */
    if (is_break(c)) {
        buf_putc(&d->out, '\n');
        d->line++;
        d->column = 1;
        return;
    }
    if (is_control(c)) {
        note_fault(d, FAULT_CONTROL, c);
        c = REPLACEMENT;
    }
    buf_put(&d->out, room, utf8_write(room, c));
    d->column++;
}

/* Copy a run of plain ASCII, which is nearly all there is. */
static void copy_ascii(struct decoder *d)
{
    size_t start = d->pos;

    while (d->pos < d->len && d->in[d->pos] >= 0x20 && d->in[d->pos] < 0x7F)
        d->pos++;
    buf_put(&d->out, (const char *)d->in + start, d->pos - start);
    d->column += (int)(d->pos - start);
}

/* CR LF is one break: pass over the LF, which is next if it is there. */
static void skip_lf_after_cr(struct decoder *d)
{
    if (d->encoding == UTF8) {
        if (d->pos < d->len && d->in[d->pos] == '\n')
            d->pos++;
    } else if (d->len - d->pos >= 2 && unit_at(d, d->pos) == '\n') {
        d->pos += 2;
    }
}

static void decode(struct decoder *d)
{
    while (d->pos < d->len) {
        if (d->encoding == UTF8)
            copy_ascii(d);
        if (d->pos == d->len)
            break;
        unsigned c = d->encoding == UTF8 ? next_utf8(d) : next_utf16(d);
        if (c == '\r')
            skip_lf_after_cr(d);
        put_code(d, c);
    }
}

/* By the byte-order mark; UTF-8 without one. */
static enum encoding detect(const unsigned char *in, size_t len)
{
    if (len >= 2 && in[0] == 0xFF && in[1] == 0xFE)
        return UTF16_LE;
    if (len >= 2 && in[0] == 0xFE && in[1] == 0xFF)
        return UTF16_BE;
    return UTF8;
}

/* Say what the first fault is. */
static void report(const struct decoder *d, const struct source *s,
                   struct err_list *errors)
{
    const struct fault *f = &d->fault;
    struct mark m = { s, f->line, f->column, 1 };
    struct diag *g;

    if (f->kind == FAULT_BYTE) {
        g = err_error(errors, &m, "byte 0x%02X is not %s", f->code,
                      d->encoding == UTF8 ? "UTF-8" : "UTF-16");
        diag_help(errors, g, "save the file as UTF-8");
    } else if (f->kind == FAULT_SURROGATE) {
        err_error(errors, &m, "0x%04X is half of a UTF-16 pair", f->code);
    } else if (f->code == 0) {
        g = err_error(errors, &m, "a NUL byte is not text");
        diag_help(errors, g, "is this the right file? UTF-16 needs a "
                  "byte-order mark");
    } else {
        err_error(errors, &m, "control character U+%04X is not allowed",
                  f->code);
    }
}

enum sim_code source_decode(struct arena *a, const char *name,
                            const char *bytes, size_t len,
                            const struct source **out,
                            struct err_list *errors)
{
    struct decoder d = { .in = (const unsigned char *)bytes, .len = len,
                         .line = 1, .column = 1 };
    struct source *s = arena_make(a, struct source);

    d.encoding = detect(d.in, len);
    decode(&d);
    s->name = arena_strdup(a, name);
    s->text = arena_strndup(a, d.out.text ? d.out.text : "", d.out.len);
    s->len = d.out.len;
    buf_free(&d.out);
    *out = s;
    if (d.fault.kind == FAULT_NONE)
        return SIM_OK;
    report(&d, s, errors);
    return SIM_INVALID;
}
