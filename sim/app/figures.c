/*
 * figures.c - making pictures: files for gnuplot, or characters.
 *
 * Figures are in figure_*.c and the list figures.list.  Here is what they
 * share: each gets a data file and a script of variables, PICTURE.gp, which
 * loads the script of plots/, so that a picture can be changed and drawn again
 * by hand.  All computation is in C; the scripts hold looks only.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "app/execute.h"
#include "app/figure.h"
#include "app/optimum.h"
#include "io/file.h"
#include "io/gnuplot.h"
#include "models/world.h"

#define WIDTH 960               /* of a picture, in pixels */

static const struct figure_kind *const kinds[] = {
#define FIGURE(name) &figure_##name,
#include "app/figures.list"
#undef FIGURE
};
#define KINDS (sizeof kinds / sizeof kinds[0])

struct figures {
    struct app *app;
    const char *folder;         /* NULL: characters, on app->out */
    const char *plots;          /* where the scripts are */
    const char *format;         /* svg, png, pdf */
    bool cells;                 /* of parameters; else strategies alone */
    const struct found *found;  /* of a search; NULL: none */
    const struct figure_kind *only;     /* NULL: all */
    int width, height;          /* asked for; 0: each figure's own */
    void *state[KINDS];
    VEC(const char *) pictures; /* to be drawn at the end, or printed */
};

/* ---- where the scripts are ----------------------------------------------- */

/* The folder of the program, so that an installed one finds its share. */
static const char *program_folder(struct arena *a)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    char *slash;

    if (n <= 0)
        return ".";
    path[n] = '\0';
    slash = strrchr(path, '/');
    if (!slash)
        return ".";
    *slash = '\0';
    return arena_strdup(a, path);
}

/* The folder with the scripts; NULL after an error. */
static const char *find_plots(struct app *app)
{
    const char *own = getenv("ROLLSIM_PLOTS");
    const char *base = program_folder(app->arena);
    const char *places[4] = {
        own ? own : "plots", "plots",
        arena_printf(app->arena, "%s/../plots", base),
        arena_printf(app->arena, "%s/../share/rollsim/plots", base),
    };

    for (size_t i = 0; i < 4; i++)
        if (access(arena_printf(app->arena, "%s/style.gp", places[i]),
                   R_OK) == 0)
            return places[i];
    err_error(&app->errors, NULL, "the folder of the plot scripts is not "
              "found: set ROLLSIM_PLOTS");
    return NULL;
}


/* ---- which, how, how large ----------------------------------------------- */

/* WIDTHxHEIGHT. */
static bool read_size(const char *text, int *w, int *h)
{
    int used = 0;

    return sscanf(text, "%4dx%4d%n", w, h, &used) == 2 && !text[used] &&
           *w >= 600 && *h >= 300;
}

enum exit_code figures_check(struct app *app)
{
    int w, h;

    if (!app->o.size || read_size(app->o.size, &w, &h))
        return EXIT_DONE;
    return cli_usage(app, "--size must be WIDTHxHEIGHT in pixels, from 600x300 "
                     "to 9999x9999, got \"%s\"", app->o.size);
}

const struct figure_kind *figures_find(struct app *app, const char *name)
{
    const char *names[KINDS + 1] = {0};
    struct diag *d;

    for (size_t i = 0; i < KINDS; i++) {
        names[i] = kinds[i]->name;
        if (strcmp(names[i], name) == 0)
            return kinds[i];
    }
    d = err_error(&app->errors, NULL, "no figure \"%s\"", name);
    diag_choices(&app->errors, d, name, names);
    return NULL;
}

void figures_list(FILE *out)
{
    for (size_t i = 0; i < KINDS; i++)
        fprintf(out, "  %-10s %s\n", kinds[i]->name, kinds[i]->doc);
}

struct figures *figures_open(struct app *app, const char *folder,
                             const struct figure_kind *only, bool cells)
{
    struct figures *f = arena_make(app->arena, struct figures);

    f->app = app;
    f->folder = folder;
    f->only = only;
    f->cells = cells;
    f->format = app->o.picture ? app->o.picture : "svg";
    if (app->o.size)
        read_size(app->o.size, &f->width, &f->height);
    if (!folder)
        return f;
    f->plots = find_plots(app);
    if (!f->plots ||
        file_make_folder(app->arena, folder, &app->errors) != SIM_OK)
        return NULL;
    return f;
}

const struct found *figures_found(const struct figures *f)
{
    return f->found;
}

enum verdict figures_judge(const struct figures *f, const struct experiment *e,
                           size_t v)
{
    return f->found || e->scenario->objective.nsubject > 0
        ? optimum_judge(e, v) : experiment_judge(e, f->app->arena, v);
}

bool figures_in_files(const struct figures *f)
{
    return f->folder != NULL;
}

struct app *figures_app(const struct figures *f)
{
    return f->app;
}

enum metric figures_metric(const struct figures *f, const struct scenario *s)
{
    enum metric m[METRIC_COUNT];
    size_t n = 0;

    if (!execute_metrics(f->app, m, &n) || n == 0)
        report_asked(s, m);
    return m[0];
}

void figure_size(const struct figures *f, double height, double *w, double *h)
{
    *w = f->width ? f->width : WIDTH;
    *h = f->height ? f->height : height;
}

struct arena *figures_arena(struct figures *f)
{
    return f->app->arena;
}

/* ---- files --------------------------------------------------------------- */

static bool write_file(struct figures *f, const char *name,
                       const struct buf *text)
{
    struct arena *a = f->app->arena;
    struct file_out out;

    if (file_create(a, arena_printf(a, "%s/%s", f->folder, name), &out,
                    &f->app->errors) != SIM_OK)
        return false;
    fwrite(text->text ? text->text : "", 1, text->len, out.stream);
    return file_commit(&out, &f->app->errors) == SIM_OK;
}

/* A name of a strategy as part of a file's, 60 bytes at most; another picture
 * of that name gets a number. */
static const char *safe_name(struct figures *f, const char *name)
{
    struct arena *a = f->app->arena;
    char *s = arena_strndup(a, name, strnlen(name, 60));
    const char *unique = s;
    int serial = 1;

    for (char *p = s; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    "0123456789-_.", *p))
            *p = '-';
    for (size_t i = 0; i < f->pictures.len; i++)
        if (strcmp(f->pictures.items[i], unique) == 0) {
            unique = arena_printf(a, "%s-%d", s, ++serial);
            i = (size_t)-1;
        }
    return unique;
}

static int terminal_width(const struct app *app)
{
    struct winsize size;

    if (isatty(fileno(app->out)) == 1 &&
        ioctl(fileno(app->out), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col;
    return 80;
}

struct figure figure_begin(struct figures *f, const char *name,
                           const char *script, double height, int label)
{
    struct arena *a = f->app->arena;
    struct figure g = { .set = f, .arena = a, .name = safe_name(f, name),
                        .script = script };
    double w, h;

    figure_size(f, height, &w, &h);
    if (!f->folder) {
        g.draw = arena_make(a, struct draw);
        *g.draw = draw_new(a, terminal_width(f->app), label,
                           f->app->colour_out, f->app->glyphs);
        return g;
    }
    gnuplot_text(&g.vars, "TERM", f->format);
    gnuplot_text(&g.vars, "OUT", arena_printf(a, "%s/%s.%s", f->folder, g.name,
                                              f->format));
    gnuplot_text(&g.vars, "DATA", arena_printf(a, "%s/%s.dat", f->folder,
                                               g.name));
    gnuplot_text(&g.vars, "STYLE", arena_printf(a, "%s/style.gp", f->plots));
    gnuplot_real(&g.vars, "W", w);
    gnuplot_real(&g.vars, "H", h);
    gnuplot_real(&g.vars, "LABEL", label);
    return g;
}

void figure_head(struct figure *g, const char *finding, const char *done)
{
    double width, height;

    figure_size(g->set, 0, &width, &height);
    if (g->draw) {
        draw_head(g->draw, finding, done);
        return;
    }
    /* 14 and 10 point letters are about 9.6 and 6.7 pixels wide. */
    gnuplot_text(&g->vars, "T", figure_label(g->arena, finding,
                                             (int)((width - 40) / 9.6)));
    gnuplot_text(&g->vars, "ST", figure_label(g->arena, done,
                                              (int)((width - 40) / 6.7)));
}

void figure_end(struct figure *g)
{
    struct figures *f = g->set;
    struct arena *a = g->arena;

    if (g->draw) {
        if (f->pictures.len > 0)
            fputc('\n', f->app->out);
        fwrite(g->draw->out.text, 1, g->draw->out.len, f->app->out);
        buf_free(&g->draw->out);
        vec_push(a, &f->pictures, g->name);
        return;
    }
    figure_word(g, "SCRIPT", arena_printf(a, "%s/%s", f->plots, g->script));
    buf_puts(&g->vars, "load SCRIPT\n");
    if (write_file(f, arena_printf(a, "%s.dat", g->name), &g->data) &&
        write_file(f, arena_printf(a, "%s.gp", g->name), &g->vars))
        vec_push(a, &f->pictures, g->name);
    buf_free(&g->data);
    buf_free(&g->vars);
}

void figure_real(struct figure *g, const char *name, double x)
{
    if (!g->draw)
        gnuplot_real(&g->vars, name, x);
}

void figure_word(struct figure *g, const char *name, const char *text)
{
    if (!g->draw)
        gnuplot_text(&g->vars, name, text);
}

void figure_number(struct figure *g, double x)
{
    char room[32];

    if (g->draw)
        return;
    buf_puts(&g->data, isfinite(x) ? format_real(room, x) : "NaN");
    buf_putc(&g->data, ' ');
}

void figure_column(struct figure *g, const char *text)
{
    if (g->draw)
        return;
    buf_putc(&g->data, '"');
    for (const char *p = text; *p; p++)
        if (*p == '\\')
            buf_puts(&g->data, "\\\\");
        else
            buf_putc(&g->data, *p == '"' ? '\'' :
                     (unsigned char)*p < ' ' ? ' ' : *p);
    buf_puts(&g->data, "\" ");
}

void figure_row(struct figure *g)
{
    if (!g->draw)
        buf_putc(&g->data, '\n');
}

void figure_block(struct figure *g)
{
    if (!g->draw)
        buf_puts(&g->data, "\n\n");
}

void figure_real_of(struct figure *g, const char *name, size_t i, double x)
{
    figure_real(g, arena_printf(g->arena, "%s%zu", name, i), x);
}

void figure_word_of(struct figure *g, const char *name, size_t i,
                    const char *text)
{
    figure_word(g, arena_printf(g->arena, "%s%zu", name, i), text);
}

/* Which line style tells a strategy from others of its kind: 0, 1, ... */
static int dash_of(const struct scenario *s, size_t v)
{
    int n = 0;

    for (size_t i = 0; i < v; i++)
        n += figure_ink(&s->variants[i]) == figure_ink(&s->variants[v]);
    return n;
}

void figure_curve(struct figure *g, const struct scenario *s, size_t v,
                  const char *text)
{
    const struct variant *x = &s->variants[v];

    figure_word_of(g, "NAME", v + 1, figure_label(g->arena, x->name,
                                                  FIGURE_LABEL));
    figure_word_of(g, "KIND", v + 1, ink_name(figure_ink(x)));
    figure_real_of(g, "DASH", v + 1, 1 + dash_of(s, v) % 5);
    figure_word_of(g, "SAYS", v + 1, text);
}

/* ---- what figures share -------------------------------------------------- */

/* Append the code points of s that fit in n columns. */
static void put_head(struct buf *b, const char *s, int n)
{
    size_t len = strlen(s), at = 0;

    for (int used = 0; at < len;) {
        uint32_t code;
        size_t step = utf8_next(s + at, len - at, &code);

        used += display_width(s + at, step);
        if (used > n)
            return;
        if ((unsigned char)s[at] < ' ' || s[at] == 127)
            buf_putc(b, ' ');
        else if (code == 0xfffd)
            buf_putc(b, '?');
        else
            buf_put(b, s + at, step);
        at += step;
    }
}

/* The end of s that fits in n columns. */
static const char *tail_of(const char *s, int n)
{
    const char *p = s + strlen(s);

    while (p > s) {
        const char *q = p - 1;

        while (q > s && ((unsigned char)*q & 0xc0) == 0x80)
            q--;
        if (display_width(q, strlen(q)) > n)
            break;
        p = q;
    }
    return p;
}

const char *figure_label(struct arena *a, const char *name, int n)
{
    struct buf b = {0};
    const char *copy;

    if (display_width(name, strlen(name)) <= n) {
        put_head(&b, name, n);
    } else {
        put_head(&b, name, (n - 1) * 2 / 3);
        buf_puts(&b, "\u2026");
        put_head(&b, tail_of(name, n - 1 - (n - 1) * 2 / 3), n);
    }
    copy = arena_strdup(a, b.text ? b.text : "");
    buf_free(&b);
    return copy;
}

int figure_labels(const struct scenario *s)
{
    int most = 4;

    for (size_t v = 0; v < s->nvariants; v++) {
        const char *name = s->variants[v].name;
        int n = display_width(name, strlen(name));

        most = n > most ? n : most;
    }
    return most > FIGURE_LABEL ? FIGURE_LABEL : most;
}

double figure_round_up(double x)
{
    double base;

    if (!(x > 0))
        return 1;
    base = pow(10, floor(log10(x)));
    return x <= base ? base : x <= 2 * base ? 2 * base
           : x <= 5 * base ? 5 * base : 10 * base;
}

/* Seconds between ticks of an axis of time: about eight of them. */
static double time_tics(double seconds)
{
    static const double steps[] = { 1, 2, 5, 10, 15, 30, 60, 120, 300, 600,
                                    1800, 3600 };
    size_t n = sizeof steps / sizeof steps[0];

    for (size_t i = 0; i < n; i++)
        if (seconds / steps[i] <= 8)
            return steps[i];
    return figure_round_up(seconds / 8);
}

void figure_time(struct figure *g, double seconds)
{
    figure_real(g, "XMAX", seconds);
    figure_real(g, "XTICS", time_tics(seconds));
}

enum ink figure_ink(const struct variant *v)
{
    static const struct {
        const char *name;
        enum ink ink;
    } rows[] = {
        { "rollingUpdate", INK_ROLLING }, { "recreate", INK_RECREATE },
        { "canary", INK_CANARY }, { "blueGreen", INK_BLUE_GREEN },
        { "abTest", INK_AB_TEST }, { "shadow", INK_SHADOW },
    };

    if (!v->strategy || !v->strategy->ops)
        return INK_ROLLING;     /* a manifest's own, as a rule */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, v->strategy->ops->name) == 0)
            return rows[i].ink;
    return INK_OTHER;
}

const char *figure_new_version(const struct spec *s)
{
    const char *image, *slash, *colon;

    if (!s->release.given || s->release.nimages == 0)
        return "";
    image = s->release.images[0].image;
    slash = strrchr(image, '/');
    colon = strchr(slash ? slash : image, ':');
    return colon ? colon + 1 : image;
}

bool figure_is_new(const struct spec *s, const char *version)
{
    const char *tag = figure_new_version(s);
    const char *slash = strrchr(version, '/');
    const char *colon = strchr(slash ? slash : version, ':');

    return tag[0] && (strcmp(version, tag) == 0 ||
                      (colon && strcmp(colon + 1, tag) == 0) ||
                      strcmp(version, s->release.images[0].image) == 0);
}

/* ---- making them --------------------------------------------------------- */

/* Is this one drawn? */
static bool wanted(const struct figures *f, const struct figure_kind *k)
{
    return (!f->only || f->only == k) &&
           (k->of == OF_BOTH || (k->of == OF_CELLS) == f->cells);
}

void figures_rows(void *ctx, const struct variant *v, const struct world *w)
{
    struct figures *f = ctx;

    if (w->replication > 0)
        return;
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i]->recorded && wanted(f, kinds[i]))
            kinds[i]->recorded(f, &f->state[i], v, w);
}

enum sim_code figures_draw(struct figures *f, const struct experiment *e,
                           const struct found *found)
{
    struct app *app = f->app;
    struct arena *a = app->arena;

    f->found = found;
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i]->finished && wanted(f, kinds[i]))
            kinds[i]->finished(f, &f->state[i], e);
    if (app->errors.errors)
        return SIM_SYSTEM;
    for (size_t i = 0; f->folder && i < f->pictures.len; i++) {
        const char *name = arena_printf(a, "%s/%s", f->folder,
                                        f->pictures.items[i]);

        if (gnuplot_run(a, arena_printf(a, "%s.gp", name),
                        arena_printf(a, "%s.%s", name, f->format),
                        &app->errors) != SIM_OK)
            return SIM_SYSTEM;
    }
    return SIM_OK;
}

const char *const *figures_pictures(const struct figures *f, size_t *n)
{
    *n = f->pictures.len;
    return f->pictures.items;
}

void figures_say(const struct app *app, size_t n)
{
    if (!app->o.quiet)
        fprintf(app->err, "wrote %zu figures, %s/*.%s\n", n, app->o.figures,
                app->o.picture ? app->o.picture : "svg");
}
