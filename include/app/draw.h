/*
 * draw.h - charts out of characters, for terminals and text files.
 *
 * Every ink has a glyph of its own, so colour is never the only carrier; the
 * glyphs are ASCII where UTF-8 may not be printed.
 */
#ifndef APP_DRAW_H
#define APP_DRAW_H
#include <stdbool.h>
#include "base/arena.h"
#include "base/text.h"

enum ink {
    INK_NONE, INK_OLD, INK_NEW, INK_FAILED, INK_PENDING, INK_PULLING,
    INK_STARTING, INK_STOPPING, INK_ROLLING, INK_RECREATE, INK_CANARY,
    INK_BLUE_GREEN, INK_AB_TEST, INK_SHADOW, INK_OTHER, INK_COUNT
};

/* What the scripts of plots/ call an ink: "old", "pulling", "recreate". */
const char *ink_name(enum ink i);

#define DRAW_TEXT 24            /* columns of a text behind a row */

struct draw {
    struct buf out;
    struct arena *arena;
    int width;                  /* columns; at least 40 */
    bool colour, glyphs;
    int label;                  /* columns of the labels at the left */
};

/* An empty drawing whose labels take `label` columns (cut to a third of the
 * width). */
struct draw draw_new(struct arena *a, int width, int label, bool colour,
                     bool glyphs);

/* The finding and, below, what was done. */
void draw_head(struct draw *d, const char *finding, const char *done);

/* Columns stacked from k series of n values, v[i * k + j], the first at the
 * bottom, in 10 lines up to `top`; each column is the mean of its share of
 * the n values. */
void draw_stack(struct draw *d, const double *v, size_t n, size_t k,
                const enum ink *inks, double top);

/* A row of spans along an axis from 0 to `most`. */
struct span {
    double from, to;
    enum ink ink;
};
void draw_spans(struct draw *d, const char *label, const struct span *spans,
                size_t n, double most);

/* A row with a mean, the interval around it, and a text behind. */
void draw_interval(struct draw *d, const char *label, double mean, double low,
                   double high, double most, enum ink ink, const char *text);

/* A row of n heights in 0..1 as eighths of a block (digits 0 to 9 in ASCII). */
void draw_heights(struct draw *d, const char *label, const double *v, size_t n,
                  enum ink ink, const char *text);

/* Points in a field of some lines, x and y from 0 to 1, the later over the
 * earlier; a mark of '\0' is a dot.  The texts are those of the ends. */
struct dot {
    double x, y;
    enum ink ink;
    char mark;
};
void draw_dots(struct draw *d, const struct dot *dots, size_t n,
               const char *low, const char *high, const char *left,
               const char *right);

/* A row of cells of equal width; shade: 0 (light) to 1 (dark), NaN: none. */
void draw_cells(struct draw *d, const char *label, const char *const *texts,
                const double *shades, size_t n);

/* A row with a bar from where the base is to where it ends, and a text behind;
 * places from 0 to 1. */
void draw_bar(struct draw *d, const char *label, double base, double end,
              enum ink ink, const char *text);

/* The axis below, 0 to most; text: columns of the texts behind its rows, 0 or
 * DRAW_TEXT. */
void draw_axis(struct draw *d, double most, const char *unit, int text);

/* Which glyph means what. */
void draw_key(struct draw *d, const enum ink *inks, const char *const *names,
              size_t n);

/* A line of text, not cut. */
void draw_line(struct draw *d, const char *text);

#endif
