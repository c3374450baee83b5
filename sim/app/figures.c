/*
 * figures.c - data files for the figures of plots/, and drawing them.
 *
 * All computation is here; the scripts hold looks only.  Each figure gets a
 * data file and a script of variables, FIGURE.gp, which loads the shared one,
 * so that a figure can be changed and drawn again by hand.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "app/report.h"
#include "base/text.h"
#include "io/file.h"
#include "io/gnuplot.h"
#include "models/world.h"

struct figures {
    struct app *app;
    const char *folder;
    const char *plots;          /* where the scripts are */
    VEC(const char *) scripts;  /* FIGURE: to be drawn at the end */
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

struct figures *figures_open(struct app *app, const char *folder)
{
    struct figures *f = arena_make(app->arena, struct figures);

    f->app = app;
    f->folder = folder;
    f->plots = find_plots(app);
    if (!f->plots ||
        file_make_folder(app->arena, folder, &app->errors) != SIM_OK)
        return NULL;
    return f;
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

/* A name of a strategy as part of a file's. */
static const char *slug(struct arena *a, const char *name)
{
    char *s = arena_strdup(a, name);

    for (char *p = s; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    "0123456789-_.", *p))
            *p = '-';
    return s;
}

/* Write FIGURE.dat and FIGURE.gp: the variables in vars, then the script. */
static void write_figure(struct figures *f, const char *figure,
                         const char *script, struct buf *data,
                         struct buf *vars)
{
    struct arena *a = f->app->arena;
    struct buf all = {0};

    gnuplot_text(&all, "TERM", "svg");
    gnuplot_text(&all, "OUT", arena_printf(a, "%s/%s.svg", f->folder, figure));
    gnuplot_text(&all, "DATA", arena_printf(a, "%s/%s.dat", f->folder,
                                            figure));
    gnuplot_text(&all, "STYLE", arena_printf(a, "%s/style.gp", f->plots));
    buf_put(&all, vars->text, vars->len);
    gnuplot_text(&all, "SCRIPT", arena_printf(a, "%s/%s", f->plots, script));
    buf_puts(&all, "load SCRIPT\n");
    if (write_file(f, arena_printf(a, "%s.dat", figure), data) &&
        write_file(f, arena_printf(a, "%s.gp", figure), &all))
        vec_push(a, &f->scripts, arena_strdup(a, figure));
    buf_free(&all);
    buf_free(data);
    buf_free(vars);
}

/* A column of text: in double quotes, which the text may not have. */
static void put_text(struct buf *b, const char *text)
{
    buf_putc(b, '"');
    for (const char *p = text; *p; p++)
        buf_putc(b, *p == '"' || (unsigned char)*p < ' ' ? '_' : *p);
    buf_putc(b, '"');
}

static void put_real(struct buf *b, double x)
{
    char room[32];

    buf_puts(b, isnan(x) ? "NaN" : format_real(room, x));
    buf_putc(b, ' ');
}

/* The least of 1, 2, 5 times a power of ten that is not below x. */
static double round_up(double x)
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
    return round_up(seconds / 8);
}

static void put_common(struct buf *vars, const struct world *w)
{
    gnuplot_real(vars, "XMAX", (double)w->spec->duration / 1e9);
    gnuplot_real(vars, "XTICS", time_tics((double)w->spec->duration / 1e9));
    gnuplot_real(vars, "RELEASE", w->spec->release.given
                 ? (double)w->spec->release.at / 1e9 : -1);
}

/* The tag of the new version, as series rows name it; "" without a release. */
static const char *new_version(const struct spec *s)
{
    const char *image, *slash, *colon;

    if (!s->release.given || s->release.nimages == 0)
        return "";
    image = s->release.images[0].image;
    slash = strrchr(image, '/');
    colon = strchr(slash ? slash : image, ':');
    return colon ? colon + 1 : image;
}

static bool is_new(const struct spec *s, const char *version)
{
    const char *tag = new_version(s);

    return tag[0] && (strcmp(version, tag) == 0 ||
                      strcmp(version, s->release.images[0].image) == 0);
}

/* ---- traffic ------------------------------------------------------------- */

struct second {
    double old, new_, failed;   /* requests of one second */
};

static double sum_seconds(const struct world *w, struct second *s, size_t n)
{
    double peak = 0;

    for (size_t i = 0; i < w->record.series.len; i++) {
        const struct series_row *r = &w->record.series.items[i];
        int64_t at = (r->at - w->spec->warmup) / SIM_S;
        double good = (double)(r->requests - r->failed);

        if (r->at < w->spec->warmup || at < 0 || (size_t)at >= n)
            continue;
        if (is_new(w->spec, r->version))
            s[at].new_ += good;
        else
            s[at].old += good;
        s[at].failed += (double)r->failed;
    }
    for (size_t i = 0; i < n; i++)
        peak = fmax(peak, s[i].old + s[i].new_ + s[i].failed);
    return peak;
}

static void traffic_figure(struct figures *f, const struct variant *v,
                           const struct world *w)
{
    struct arena *a = f->app->arena;
    size_t n = (size_t)(w->spec->duration / SIM_S);
    struct second *s = arena_many(a, struct second, n + 1);
    double peak = sum_seconds(w, s, n), failed = 0;
    struct buf data = {0}, vars = {0};

    for (size_t i = 0; i < n; i++) {
        put_real(&data, (double)i);
        put_real(&data, s[i].old);
        put_real(&data, s[i].new_);
        put_real(&data, s[i].failed);
        buf_putc(&data, '\n');
        failed += s[i].failed;
    }
    if (n == 0 || w->record.series.len == 0) {
        buf_free(&data);
        return;
    }
    put_common(&vars, w);
    gnuplot_real(&vars, "YMAX", peak * 1.15);
    gnuplot_real(&vars, "YTICS", round_up(peak / 5));
    gnuplot_text(&vars, "NEW", new_version(w->spec));
    gnuplot_text(&vars, "T", arena_printf(a, "%s: %.0f request%s failed",
                                          v->name, failed,
                                          failed > 1 || failed < 1 ? "s" : ""));
    gnuplot_text(&vars, "ST", arena_printf(a, "%s, replication %u, seed %llu; "
                 "answered requests per second by version, failed ones on top",
                 w->spec->name, w->replication,
                 (unsigned long long)w->spec->seed));
    write_figure(f, arena_printf(a, "traffic-%s", slug(a, v->name)),
                 "traffic_area.gp", &data, &vars);
}

/* ---- pods ---------------------------------------------------------------- */

/* What a figure calls a state; NULL: nothing is drawn. */
static const char *colour_of(const struct world *w, const struct pod_row *r)
{
    static const char *const words[][2] = {
        { "Pending", "pending" }, { "Scheduled", "pending" },
        { "Pulling", "pulling" }, { "Starting", "starting" },
        { "Running", "starting" }, { "NotReady", "starting" },
        { "Terminating", "terminating" }, { "Failed", "crashed" },
        { "CrashLoopBackOff", "crashed" }, { "ImagePullBackOff", "crashed" },
    };
    const char *slash = strrchr(r->image, '/');
    const char *colon = strchr(slash ? slash : r->image, ':');

    if (strcmp(r->state, "Ready") == 0)
        return is_new(w->spec, colon ? colon + 1 : r->image) ||
               is_new(w->spec, r->image) ? "ready_new" : "ready_old";
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], r->state) == 0)
            return words[i][1];
    return NULL;
}

struct bar {                    /* a pod's row in the figure */
    size_t y;
    const struct pod_row *last;
};

static void put_bar(struct buf *data, const struct world *w,
                    const struct bar *b, sim_time end)
{
    const char *colour = b->last ? colour_of(w, b->last) : NULL;
    sim_time from = b->last ? b->last->at - w->spec->warmup : 0;

    end -= w->spec->warmup;
    if (!colour || end <= 0)
        return;
    put_real(data, (double)b->y);
    put_text(data, b->last->pod);
    buf_putc(data, ' ');
    put_real(data, from > 0 ? (double)from / 1e9 : 0);
    put_real(data, (double)end / 1e9);
    buf_printf(data, "%s\n", colour);
}

static size_t put_bars(struct arena *a, const struct world *w,
                       struct buf *data)
{
    sim_time end = w->spec->warmup + w->spec->duration;
    struct map bars;
    size_t n = 0;

    map_init(&bars, a);
    for (size_t i = 0; i < w->record.pods.len; i++) {
        const struct pod_row *r = &w->record.pods.items[i];
        struct bar *b = map_get(&bars, r->pod);

        if (!b) {
            b = arena_make(a, struct bar);
            b->y = n++;
            map_put(&bars, r->pod, b);
        }
        put_bar(data, w, b, r->at);
        b->last = r;
    }
    for (size_t i = 0; i < bars.len; i++)
        put_bar(data, w, bars.entries[i].value, end);
    return n;
}

static void pods_figure(struct figures *f, const struct variant *v,
                        const struct world *w)
{
    struct arena *a = f->app->arena;
    struct buf data = {0}, vars = {0};
    size_t n = put_bars(a, w, &data);

    if (n == 0) {
        buf_free(&data);
        return;
    }
    put_common(&vars, w);
    gnuplot_real(&vars, "ROWS", (double)n);
    gnuplot_text(&vars, "T", arena_printf(a, "%s: what every pod was doing",
                                          v->name));
    gnuplot_text(&vars, "ST", arena_printf(a, "%s, replication %u, seed %llu; "
                 "dashed line: the release", w->spec->name, w->replication,
                 (unsigned long long)w->spec->seed));
    write_figure(f, arena_printf(a, "pods-%s", slug(a, v->name)),
                 "pod_gantt.gp", &data, &vars);
}

void figures_rows(void *ctx, const struct variant *v, const struct world *w)
{
    struct figures *f = ctx;

    if (w->replication > 0)
        return;
    traffic_figure(f, v, w);
    pods_figure(f, v, w);
}

/* ---- the comparison ------------------------------------------------------ */

static const enum metric panels[] = { METRIC_FAILED_REQUESTS, METRIC_DOWNTIME,
                                      METRIC_ROLLOUT_SECONDS };
#define PANELS (sizeof panels / sizeof panels[0])

/* A strategy's line; raises the ends of the axes to what it needs. */
static void put_strategy(const struct experiment *e, struct arena *a, size_t v,
                         struct buf *data, double *most)
{
    put_real(data, (double)v);
    put_text(data, e->scenario->variants[v].name);
    buf_putc(data, ' ');
    for (size_t i = 0; i < PANELS; i++) {
        struct interval c = experiment_interval(e, a, v, panels[i]);
        bool bounded = isfinite(c.low) && isfinite(c.high);

        put_real(data, c.mean);
        put_real(data, bounded ? c.low : c.mean);
        put_real(data, bounded ? c.high : c.mean);
        most[i] = fmax(most[i], isnan(c.mean) ? 0 : bounded ? c.high : c.mean);
    }
    buf_putc(data, '\n');
}

static void compare_figure(struct figures *f, const struct experiment *e)
{
    struct arena *a = f->app->arena;
    const struct scenario *s = e->scenario;
    struct buf data = {0}, vars = {0};
    double most[PANELS] = {0};

    for (size_t v = 0; v < s->nvariants; v++)
        put_strategy(e, a, v, &data, most);
    gnuplot_real(&vars, "ROWS", (double)s->nvariants);
    for (size_t i = 0; i < PANELS; i++) {
        gnuplot_real(&vars, arena_printf(a, "MOST%zu", i + 1),
                     most[i] > 0 ? most[i] * 1.35 : 1);
        gnuplot_real(&vars, arena_printf(a, "TICS%zu", i + 1),
                     round_up(most[i] / 3));
    }
    gnuplot_text(&vars, "T", arena_printf(a, "%s: %zu strateg%s under the same "
                                          "luck", s->name, s->nvariants,
                                          s->nvariants == 1 ? "y" : "ies"));
    gnuplot_text(&vars, "ST", arena_printf(a, "mean and %g %% interval of %zu "
                 "replication%s; lower is better in every panel",
                 s->confidence * 100, e->n, e->n == 1 ? "" : "s"));
    write_figure(f, "compare", "strategy_ci.gp", &data, &vars);
}

enum sim_code figures_draw(struct figures *f, const struct experiment *e)
{
    struct app *app = f->app;
    struct arena *a = app->arena;

    compare_figure(f, e);
    if (app->errors.errors)
        return SIM_SYSTEM;
    for (size_t i = 0; i < f->scripts.len; i++) {
        const char *name = arena_printf(a, "%s/%s", f->folder,
                                        f->scripts.items[i]);

        if (gnuplot_run(a, arena_printf(a, "%s.gp", name),
                        arena_printf(a, "%s.svg", name), &app->errors) !=
            SIM_OK)
            return SIM_SYSTEM;
    }
    if (!app->o.quiet)
        fprintf(app->err, "wrote %zu figures, %s/*.svg\n", f->scripts.len,
                f->folder);
    return SIM_OK;
}
