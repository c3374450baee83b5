/*
 * err.c - the list of what a user did wrong, and how it is shown.
 *
 * Entries keep the order in which they were found; printing sorts an index by
 * source and place.  Columns count code points, so the caret line is built by
 * walking the source line once and adding up display widths.  Lines too long
 * for a terminal are shown as a window around the place.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/vec.h"

#define LINE_SHOWN 120          /* code points of a source line */
#define LINE_BEFORE 60          /* of them before the place, in a long line */

void err_init(struct err_list *l, struct arena *a)
{
    *l = (struct err_list){ .arena = a };
}

static int kept_of(const struct err_list *l, enum err_level level,
                   const struct source *source)
{
    int n = 0;

    for (size_t i = 0; i < l->len; i++)
        n += l->items[i].level == level && l->items[i].mark.source == source;
    return n;
}

struct diag *err_add(struct err_list *l, enum err_level level,
                     const struct mark *m, const char *format, ...)
{
    struct diag d = { .level = level };
    va_list args;

    if (m)
        d.mark = *m;
    l->errors += level == ERR_ERROR;
    l->warnings += level == ERR_WARNING;
    if (kept_of(l, level, d.mark.source) >= ERR_MAX) {
        l->scratch = d;
        return &l->scratch;
    }
    va_start(args, format);
    d.text = arena_vprintf(l->arena, format, args);
    va_end(args);
    vec_push(l->arena, l, d);
    return &l->items[l->len - 1];
}

void diag_suggest(struct err_list *l, struct diag *d, const char *word,
                  const char *const *candidates)
{
    const char *best = nearest_word(word, candidates);

    if (best)
        diag_help(l, d, "did you mean \"%s\"?", best);
}

void diag_choices(struct err_list *l, struct diag *d, const char *word,
                  const char *const *candidates)
{
    const char *text = "";

    for (size_t i = 0; candidates[i]; i++)
        text = arena_printf(l->arena, "%s%s%s", text, i ? ", " : "",
                            candidates[i]);
    if (*text && !nearest_word(word, candidates))
        diag_help(l, d, "there %s %s", candidates[1] ? "are" : "is", text);
    else
        diag_suggest(l, d, word, candidates);
}

void diag_help(struct err_list *l, struct diag *d, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    d->help = arena_vprintf(l->arena, format, args);
    va_end(args);
}

void diag_note(struct err_list *l, struct diag *d, const struct mark *m,
               const char *format, ...)
{
    va_list args;

    d->note_mark = *m;
    va_start(args, format);
    d->note = arena_vprintf(l->arena, format, args);
    va_end(args);
}

/* ---- order -------------------------------------------------------------- */

struct ref {
    size_t source, index;       /* order of the source; of the entry */
    const struct diag *diag;
};

static int compare(const void *va, const void *vb)
{
    const struct ref *a = va, *b = vb;
    const struct mark *m = &a->diag->mark, *n = &b->diag->mark;

    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    if (m->line != n->line)
        return m->line < n->line ? -1 : 1;
    if (m->column != n->column)
        return m->column < n->column ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static struct ref *sorted(const struct err_list *l)
{
    struct ref *refs = heap_grow(NULL, l->len, sizeof *refs);

    for (size_t i = 0; i < l->len; i++) {
        size_t first = 0;

        while (l->items[first].mark.source != l->items[i].mark.source)
            first++;
        refs[i] = (struct ref){ first, i, &l->items[i] };
    }
    qsort(refs, l->len, sizeof *refs, compare);
    return refs;
}

/* ---- the source line and its caret -------------------------------------- */

/* Line number line of s (from 1) without its end; len 0 if there is none. */
static const char *source_line(const struct source *s, int line, size_t *len)
{
    const char *p = s->text, *end = s->text ? s->text + s->len : NULL, *eol;

    *len = 0;
    for (; p && --line > 0; p = p ? p + 1 : NULL)
        p = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
    if (!p || p >= end)
        return NULL;
    eol = memchr(p, '\n', (size_t)(end - p));
    *len = (size_t)((eol ? eol : end) - p);
    return p;
}

static void put_repeated(struct buf *b, char c, int n)
{
    while (n-- > 0)
        buf_putc(b, c);
}

/* One line of source into shown and the caret line into caret. */
static void draw(struct buf *shown, struct buf *caret, const char *s,
                 size_t len, int column, int width)
{
    int first = column > LINE_SHOWN - 20 ? column - LINE_BEFORE : 1;
    int at = 1, marked = 0;
    uint32_t c;
    size_t n;

    for (size_t i = 0; i < len && at < first + LINE_SHOWN; i += n, at++) {
        int w;

        n = utf8_next(s + i, len - i, &c);
        if (at < first)
            continue;
        w = display_width(s + i, n);
        if (c < 0x20 && c != '\t')
            buf_putc(shown, '?');
        else
            buf_put(shown, s + i, n);
        if (at < column)
            put_repeated(caret, c == '\t' ? '\t' : ' ', w);
        else if (at < column + width)
            for (; w > 0; w--)
                buf_putc(caret, marked++ ? '~' : '^');
    }
    put_repeated(caret, ' ', column - at);
    if (!marked)
        buf_putc(caret, '^');
}

struct paint {
    const char *bold, *level[3], *note, *caret, *off;
};

static const struct paint plain_paint = { "", { "", "", "" }, "", "", "" };
static const struct paint colour_paint = {
    "\033[1m", { "\033[1;31m", "\033[1;35m", "\033[1;36m" }, "\033[1;36m",
    "\033[1;32m", "\033[0m"
};
static const char *const level_names[] = { "error", "warning", "info" };

static void print_place(FILE *out, const struct mark *m)
{
    if (m->source)
        fprintf(out, "%s:", m->source->name);
    if (m->line > 0)
        fprintf(out, "%d:%d:", m->line, m->column);
    if (m->source || m->line > 0)
        fputc(' ', out);
}

static void print_snippet(FILE *out, const struct mark *m,
                          const struct paint *paint)
{
    struct buf shown = { 0 }, caret = { 0 };
    const char *line;
    size_t len;

    if (!m->source || m->line <= 0)
        return;
    line = source_line(m->source, m->line, &len);
    if (!line)
        return;
    draw(&shown, &caret, line, len, m->column, m->width > 0 ? m->width : 1);
    fprintf(out, "%5d | %s\n      | %s%s%s\n", m->line,
            shown.text ? shown.text : "", paint->caret, caret.text,
            paint->off);
    buf_free(&shown);
    buf_free(&caret);
}

static void print_human(FILE *out, const struct diag *d,
                        const struct paint *paint)
{
    fputs(paint->bold, out);
    print_place(out, &d->mark);
    fprintf(out, "%s%s%s:%s %s\n", paint->off, paint->level[d->level],
            level_names[d->level], paint->off, d->text);
    print_snippet(out, &d->mark, paint);
    if (d->note) {
        fputs(paint->bold, out);
        print_place(out, &d->note_mark);
        fprintf(out, "%s%snote:%s %s\n", paint->off, paint->note, paint->off,
                d->note);
    }
    if (d->help)
        fprintf(out, "      = help: %s\n", d->help);
}

static void print_gcc(FILE *out, const struct diag *d)
{
    print_place(out, &d->mark);
    fprintf(out, "%s: %s", d->level == ERR_INFO ? "note"
            : level_names[d->level], d->text);
    if (d->help)
        fprintf(out, " (%s)", d->help);
    if (d->code)
        fprintf(out, " [%s]", d->code);
    fputc('\n', out);
    if (d->note) {
        print_place(out, &d->note_mark);
        fprintf(out, "note: %s\n", d->note);
    }
}

static void json_field(struct buf *b, const char *key, const char *text)
{
    buf_printf(b, ",\"%s\":", key);
    if (text)
        buf_json(b, text);
    else
        buf_puts(b, "null");
}

static void print_json(FILE *out, const struct diag *d)
{
    const struct mark *m = &d->mark;
    struct buf b = { 0 };

    buf_puts(&b, "{\"file\":");
    if (m->source)
        buf_json(&b, m->source->name);
    else
        buf_puts(&b, "null");
    if (m->line > 0)
        buf_printf(&b, ",\"line\":%d,\"column\":%d,\"endColumn\":%d", m->line,
                   m->column, m->column + (m->width > 0 ? m->width : 1));
    else
        buf_puts(&b, ",\"line\":null,\"column\":null,\"endColumn\":null");
    json_field(&b, "severity", level_names[d->level]);
    json_field(&b, "code", d->code);
    json_field(&b, "message", d->text);
    json_field(&b, "help", d->help);
    fprintf(out, "%s}\n", b.text);
    buf_free(&b);
}

/* How many errors and warnings were counted and not kept. */
static void print_rest(const struct err_list *l, FILE *out)
{
    int errors = l->errors, warnings = l->warnings;

    for (size_t i = 0; i < l->len; i++) {
        errors -= l->items[i].level == ERR_ERROR;
        warnings -= l->items[i].level == ERR_WARNING;
    }
    if (errors > 0)
        fprintf(out, "%d more error%s not shown\n", errors,
                errors == 1 ? "" : "s");
    if (warnings > 0)
        fprintf(out, "%d more warning%s not shown\n", warnings,
                warnings == 1 ? "" : "s");
}

void err_print(const struct err_list *l, FILE *out, enum err_format format,
               bool colour)
{
    struct ref *refs = sorted(l);

    for (size_t i = 0; i < l->len; i++) {
        if (format == ERR_JSON)
            print_json(out, refs[i].diag);
        else if (format == ERR_GCC)
            print_gcc(out, refs[i].diag);
        else
            print_human(out, refs[i].diag,
                        colour ? &colour_paint : &plain_paint);
    }
    if (format == ERR_HUMAN)
        print_rest(l, out);
    free(refs);
}
