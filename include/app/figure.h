/*
 * figure.h - one figure: what it needs, and the tools to make it.
 *
 * A figure computes everything itself: data rows, positions of labels, ends
 * and ticks of axes, and the sentence above.  Looks are in plots/<script>.
 * It is made twice: as a data file with a script of variables for gnuplot, or
 * as a drawing out of characters; figure_begin says which.
 *
 * To add one: a file sim/app/figure_<name>.c that ends in `const struct
 * figure_kind figure_<name>`, a script, a line in include/app/figures.list.
 */
#ifndef APP_FIGURE_H
#define APP_FIGURE_H
#include "app/draw.h"
#include "app/experiment.h"
#include "app/report.h"
#include "base/text.h"

struct found;
struct world;

/* What a figure is of: some strategies, the cells of a sweep or a search, or
 * either. */
enum figure_of { OF_STRATEGIES, OF_CELLS, OF_BOTH };

struct figure_kind {
    const char *name;
    const char *doc;            /* one sentence */
    enum figure_of of;
    bool replications;          /* needs more than the first one */
    bool each;                  /* a picture for each strategy */
    /* Replication 0 of every variant has run; NULL: not needed.  *state is
     * the figure's own, NULL at first. */
    void (*recorded)(struct figures *f, void **state, const struct variant *v,
                     const struct world *w);
    /* All have run; NULL: not needed. */
    void (*finished)(struct figures *f, void **state,
                     const struct experiment *e);
};

#define FIGURE(name) extern const struct figure_kind figure_##name;
#include "app/figures.list"
#undef FIGURE

/* What the search found whose cells are drawn; NULL: they were all tried. */
const struct found *figures_found(const struct figures *f);

/* The metric that pictures of cells show: the first one of --metric, or else
 * what the scenario asks for first. */
enum metric figures_metric(const struct figures *f, const struct scenario *s);

/* Does a candidate keep what is asked: the objective's subject if there is one,
 * or in a search, else the slo? */
enum verdict figures_judge(const struct figures *f, const struct experiment *e,
                           size_t v);

/* Pictures by gnuplot, not characters? */
bool figures_in_files(const struct figures *f);

/* The options of the command. */
struct app *figures_app(const struct figures *f);

/* A picture being made. */
struct figure {
    struct figures *set;
    struct arena *arena;
    const char *name, *script;
    struct buf data, vars;      /* for gnuplot */
    struct draw *draw;          /* characters instead; NULL: gnuplot */
};

/* Begin the picture called name: a file name, made safe.  H is its height in
 * pixels at the usual width; label: columns of the longest label at the left.
 */
struct figure figure_begin(struct figures *f, const char *name,
                           const char *script, double height, int label);

/* The sentence above and the small line below it. */
void figure_head(struct figure *g, const char *finding, const char *done);

/* Finish it: write its files, to be drawn by figures_draw; or print it. */
void figure_end(struct figure *g);

/* Variables of its script. */
void figure_real(struct figure *g, const char *name, double x);
void figure_word(struct figure *g, const char *name, const char *text);

void figure_real_of(struct figure *g, const char *name, size_t i, double x);
void figure_word_of(struct figure *g, const char *name, size_t i,
                    const char *text);      /* of name1, name2, ... */

/* The variables NAME, KIND, DASH and SAYS of strategy v's curve: its label,
 * colour, line style among those of its colour, and the text. */
void figure_curve(struct figure *g, const struct scenario *s, size_t v,
                  const char *text);

/* Columns of its data: a number (NaN: missing), a text, the line's end. */
void figure_number(struct figure *g, double x);
void figure_column(struct figure *g, const char *text);
void figure_row(struct figure *g);
/* What follows is another block (gnuplot's `index`). */
void figure_block(struct figure *g);

/* A name for a label: at most n columns, its middle replaced by an ellipsis,
 * without control characters. */
const char *figure_label(struct arena *a, const char *name, int n);

/* The size in pixels of the whole picture, one that is of so many at its own
 * height: what the user asked for counts. */
void figure_size(const struct figures *f, double height, double *w, double *h);

/* The widest of all strategies' labels. */
#define FIGURE_LABEL 26
int figure_labels(const struct scenario *s);

/* The least of 1, 2, 5 times a power of ten that is not below x; 1 if x is
 * not above 0. */
double figure_round_up(double x);

/* Variables XMAX and XTICS: an axis of time in seconds. */
void figure_time(struct figure *g, double seconds);

/* Its colour: by the kind of strategy. */
enum ink figure_ink(const struct variant *v);

/* The tag of the version that is released, as series rows name it; "" if
 * nothing is. */
const char *figure_new_version(const struct spec *s);
/* Does a version, as rows name it, or an image mean the released one? */
bool figure_is_new(const struct spec *s, const char *version);

#endif
