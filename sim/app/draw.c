/*
 * draw.c - charts out of characters.
 *
 * A chart is rows of cells, each one column wide: a label at the left, then
 * the drawing, then perhaps a text.  Heights are eighths of a block where
 * UTF-8 may be printed.  Colours are those of plots/style.gp, brought to the
 * nearest of the 6 x 6 x 6 cube that every terminal of 256 colours has.
 */
#include "app/draw.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define STACK_LINES 10
#define DOT_LINES 12

static const struct {
    const char *name;
    int red, green, blue;       /* 0..5 */
    const char *glyph;
    char ascii;
} inks[INK_COUNT] = {
    [INK_NONE] = { "none", 5, 5, 5, " ", ' ' },
    [INK_OLD] = { "old", 2, 3, 5, "\u2592", '.' },
    [INK_NEW] = { "new", 0, 2, 4, "\u2588", '#' },
    [INK_FAILED] = { "failed", 5, 2, 0, "\u2573", 'x' },
    [INK_PENDING] = { "pending", 4, 4, 4, "\u00b7", ',' },
    [INK_PULLING] = { "pulling", 5, 5, 1, "\u2193", 'v' },
    [INK_STARTING] = { "starting", 5, 3, 0, "\u2591", '+' },
    [INK_STOPPING] = { "stopping", 3, 3, 3, "\u2500", '-' },
    [INK_ROLLING] = { "rolling", 0, 2, 4, "\u2588", '#' },
    [INK_RECREATE] = { "recreate", 5, 2, 0, "\u2588", '#' },
    [INK_CANARY] = { "canary", 5, 3, 0, "\u2588", '#' },
    [INK_BLUE_GREEN] = { "bluegreen", 0, 3, 2, "\u2588", '#' },
    [INK_AB_TEST] = { "abtest", 2, 3, 5, "\u2588", '#' },
    [INK_SHADOW] = { "shadow", 2, 2, 2, "\u2588", '#' },
    [INK_OTHER] = { "other", 4, 2, 3, "\u2588", '#' },
};

const char *ink_name(enum ink i)
{
    return inks[i].name;
}

struct draw draw_new(struct arena *a, int width, int label, bool colour,
                     bool glyphs)
{
    if (width < 40)
        width = 40;
    if (label > width / 3)
        label = width / 3;
    return (struct draw){ .arena = a, .width = width, .colour = colour,
                          .glyphs = glyphs, .label = label };
}

/* Columns of the drawing itself, if a text of so many follows. */
static int span_of(const struct draw *d, int text)
{
    int n = d->width - d->label - 3 - text;

    return n < 10 ? 10 : n;
}

/* Text in exactly n columns, cut or padded. */
static void put_cut(struct draw *d, const char *text, int n)
{
    size_t len = strlen(text), at = 0;
    int used = 0;

    while (at < len) {
        uint32_t code;
        size_t step = utf8_next(text + at, len - at, &code);
        int width = display_width(text + at, step);

        if (used + width > n)
            break;
        if ((unsigned char)text[at] < ' ' || text[at] == 127)
            buf_putc(&d->out, ' ');
        else
            buf_put(&d->out, text + at, step);
        used += width > 0 ? width : 0;
        at += step;
    }
    for (; used < n; used++)
        buf_putc(&d->out, ' ');
}

static void put_label(struct draw *d, const char *text)
{
    put_cut(d, text, d->label);
    buf_puts(&d->out, d->glyphs ? " \u2502" : " |");
}

static void end_line(struct draw *d)
{
    while (d->out.len > 0 && d->out.text[d->out.len - 1] == ' ')
        d->out.text[--d->out.len] = '\0';
    buf_putc(&d->out, '\n');
}

static void put_ink(struct draw *d, enum ink i, const char *glyph)
{
    if (d->colour && i != INK_NONE)
        buf_printf(&d->out, "\033[38;5;%dm%s\033[0m",
                   16 + 36 * inks[i].red + 6 * inks[i].green + inks[i].blue,
                   glyph);
    else
        buf_puts(&d->out, glyph);
}

static void put_cell(struct draw *d, enum ink i)
{
    char ascii[2] = { inks[i].ascii, '\0' };

    put_ink(d, i, d->glyphs ? inks[i].glyph : ascii);
}

/* Lines broken at blanks; a longer word is cut. */
static void put_wrapped(struct draw *d, const char *text)
{
    while (*text) {
        const char *end = text;

        for (const char *p = text;; p++) {
            if (*p && *p != ' ')
                continue;
            if (end > text && display_width(text, (size_t)(p - text)) >
                              d->width)
                break;
            end = p;
            if (!*p)
                break;
        }
        put_cut(d, arena_strndup(d->arena, text, (size_t)(end - text)),
                d->width);
        end_line(d);
        text = end + (*end == ' ');
    }
}

void draw_head(struct draw *d, const char *finding, const char *done)
{
    put_wrapped(d, finding);
    put_wrapped(d, done);
}

void draw_line(struct draw *d, const char *text)
{
    buf_puts(&d->out, text);
    end_line(d);
}

/* ---- along the time ------------------------------------------------------ */

/* The mean of series j over column c of `columns`. */
static double column_mean(const double *v, size_t n, size_t k, size_t j,
                          int c, int columns)
{
    size_t from = (size_t)c * n / (size_t)columns;
    size_t to = (size_t)(c + 1) * n / (size_t)columns;
    double sum = 0;
    size_t used = 0;

    if (to <= from)
        to = from + 1;
    for (size_t i = from; i < to && i < n; i++) {
        if (isnan(v[i * k + j]))
            continue;
        sum += v[i * k + j];
        used++;
    }
    return used ? sum / (double)used : NAN;
}

/* The ink at height y of column c; a failure is shown however thin it is. */
static enum ink ink_at(const double *v, size_t n, size_t k,
                       const enum ink *series, double low, double high, int c,
                       int columns)
{
    double base = 0;
    enum ink found = INK_NONE;

    for (size_t j = 0; j < k; j++) {
        double h = column_mean(v, n, k, j, c, columns);

        if (isnan(h) || h <= 0)
            continue;
        if (base + h > (low + high) / 2 && base <= (low + high) / 2)
            found = series[j];
        if (series[j] == INK_FAILED && base < high && base + h > low)
            found = INK_FAILED;
        base += h;
    }
    return found;
}

void draw_stack(struct draw *d, const double *v, size_t n, size_t k,
                const enum ink *series, double top)
{
    int columns = span_of(d, 0);

    for (int line = STACK_LINES - 1; line >= 0; line--) {
        double low = top * line / STACK_LINES;
        double high = top * (line + 1) / STACK_LINES;

        put_label(d, line == STACK_LINES - 1
                  ? arena_printf(d->arena, "%*.4g", d->label, top)
                  : line == 0 ? arena_printf(d->arena, "%*d", d->label, 0)
                  : "");
        for (int c = 0; c < columns; c++)
            put_cell(d, ink_at(v, n, k, series, low, high, c, columns));
        end_line(d);
    }
}

void draw_spans(struct draw *d, const char *label, const struct span *spans,
                size_t n, double most)
{
    int columns = span_of(d, 0);

    put_label(d, label);
    for (int c = 0; c < columns; c++) {
        double at = most * (c + 0.5) / columns;
        enum ink found = INK_NONE;

        for (size_t i = 0; i < n; i++)
            if (spans[i].from <= at && at < spans[i].to)
                found = spans[i].ink;
        put_cell(d, found);
    }
    end_line(d);
}

void draw_heights(struct draw *d, const char *label, const double *v, size_t n,
                  enum ink ink, const char *text)
{
    static const char *const eighths[] = { " ", "\u2581", "\u2582", "\u2583",
                                           "\u2584", "\u2585", "\u2586",
                                           "\u2587", "\u2588" };
    int columns = span_of(d, DRAW_TEXT);

    put_label(d, label);
    for (int c = 0; c < columns; c++) {
        double h = column_mean(v, n, 1, 0, c, columns);
        char digit[2] = " ";

        h = h > 1 ? 1 : h;
        if (isnan(h) || h <= 0)
            buf_putc(&d->out, ' ');
        else if (d->glyphs)
            put_ink(d, ink, eighths[(int)ceil(h * 8)]);
        else {
            digit[0] = (char)('0' + (int)floor(h * 9));
            buf_puts(&d->out, digit);
        }
    }
    buf_puts(&d->out, "  ");
    put_cut(d, text, DRAW_TEXT - 1);
    end_line(d);
}

void draw_interval(struct draw *d, const char *label, double mean, double low,
                   double high, double most, enum ink ink, const char *text)
{
    int columns = span_of(d, DRAW_TEXT);
    const char *line = d->glyphs ? "\u2501" : "-";
    const char *dot = d->glyphs ? "\u25cf" : "o";
    int at = (int)lround(mean / most * (columns - 1));
    int from = (int)lround(low / most * (columns - 1));
    int to = (int)lround(high / most * (columns - 1));

    put_label(d, label);
    for (int c = 0; c < columns; c++) {
        if (isnan(mean) || c < from || c > to)
            buf_putc(&d->out, ' ');
        else
            put_ink(d, ink, c == at ? dot : line);
    }
    buf_puts(&d->out, "  ");
    put_cut(d, text, DRAW_TEXT - 1);
    end_line(d);
}

/* ---- points, cells, bars -------------------------------------------------- */

/* The last dot in a place; NULL: none. */
static const struct dot *dot_at(const struct dot *dots, size_t n, int columns,
                                int c, int line)
{
    for (size_t i = n; i-- > 0;)
        if (lround(dots[i].x * (columns - 1)) == c &&
            lround(dots[i].y * (DOT_LINES - 1)) == line)
            return &dots[i];
    return NULL;
}

void draw_dots(struct draw *d, const struct dot *dots, size_t n,
               const char *low, const char *high, const char *left,
               const char *right)
{
    int columns = span_of(d, 0);
    int used = display_width(left, strlen(left)) +
               display_width(right, strlen(right));

    for (int line = DOT_LINES - 1; line >= 0; line--) {
        const char *text = line == DOT_LINES - 1 ? high : line == 0 ? low : "";

        put_label(d, arena_printf(d->arena, "%*s", d->label, text));
        for (int c = 0; c < columns; c++) {
            const struct dot *dot = dot_at(dots, n, columns, c, line);
            char mark[2] = { dot ? dot->mark : ' ', '\0' };

            if (!dot)
                buf_putc(&d->out, ' ');
            else
                put_ink(d, dot->ink, mark[0] ? mark : d->glyphs ? "\u00b7"
                                                                : ".");
        }
        end_line(d);
    }
    put_cut(d, "", d->label + 2);
    buf_puts(&d->out, left);
    put_cut(d, "", columns - used);
    draw_line(d, right);
}

/* A background between light and dark blue, and a colour that is read on it. */
static void put_shaded(struct draw *d, const char *text, double shade)
{
    static const int blues[] = { 255, 153, 75, 26, 18 };
    int at = (int)lround(shade * 4);

    at = at < 0 ? 0 : at > 4 ? 4 : at;
    buf_printf(&d->out, "\033[48;5;%dm\033[38;5;%dm%s\033[0m", blues[at],
               at < 2 ? 16 : 231, text);
}

void draw_cells(struct draw *d, const char *label, const char *const *texts,
                const double *shades, size_t n)
{
    int wide = n ? span_of(d, 0) / (int)n : 0;

    wide = wide < 5 ? 5 : wide > 10 ? 10 : wide;
    put_label(d, label);
    for (size_t i = 0; i < n; i++) {
        int used = display_width(texts[i], strlen(texts[i]));
        const char *text = arena_printf(d->arena, "%*s%s ",
                                        used + 1 < wide ? wide - used - 1 : 0,
                                        "", texts[i]);

        if (d->colour && !isnan(shades[i]))
            put_shaded(d, text, shades[i]);
        else
            buf_puts(&d->out, text);
    }
    end_line(d);
}

void draw_bar(struct draw *d, const char *label, double base, double end,
              enum ink ink, const char *text)
{
    int columns = span_of(d, DRAW_TEXT);
    int at = (int)lround(base * (columns - 1));
    int to = (int)lround(end * (columns - 1));

    put_label(d, label);
    for (int c = 0; c < columns; c++)
        if (c == at)
            buf_puts(&d->out, d->glyphs ? "\u2502" : "|");
        else if (!isnan(end) && c >= (at < to ? at : to) &&
                 c <= (at < to ? to : at))
            put_cell(d, ink);
        else
            buf_putc(&d->out, ' ');
    buf_puts(&d->out, "  ");
    put_cut(d, text, DRAW_TEXT - 1);
    end_line(d);
}

/* ---- below ------------------------------------------------------------------ */

void draw_axis(struct draw *d, double most, const char *unit, int text)
{
    char right[48];
    int columns = span_of(d, text);

    snprintf(right, sizeof(right), "%g %s", most, unit);
    put_cut(d, "", d->label + 2);
    buf_puts(&d->out, "0");
    put_cut(d, "", columns - 1 - (int)strlen(right));
    draw_line(d, right);
}

void draw_key(struct draw *d, const enum ink *series, const char *const *names,
              size_t n)
{
    int used = d->width;

    for (size_t i = 0; i < n; i++) {
        int wide = display_width(names[i], strlen(names[i])) + 5;

        if (used + wide > d->width) {
            if (i > 0)
                end_line(d);
            put_cut(d, "", d->label + 2);
            used = d->label + 2;
        }
        put_cell(d, series[i]);
        buf_printf(&d->out, " %s   ", names[i]);
        used += wide;
    }
    end_line(d);
}
