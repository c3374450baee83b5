/*
 * report.c - tables for people.
 *
 * One metric a line, one strategy a column: the mean over the replications and
 * its interval.  What is zero in nearly every replication is said as "k of n",
 * what is undefined in some as "in k of n"; a mean of such values would
 * mislead.
 */
#include "app/report.h"
#include <math.h>
#include <string.h>
#include "base/text.h"
#include "stats/pair.h"

/* What a table shows unless the user says otherwise. */
static const enum metric shown[] = {
    METRIC_ROLLOUT_SECONDS, METRIC_OLD_GONE_SECONDS, METRIC_REQUESTS,
    METRIC_FAILED_REQUESTS, METRIC_FAILED_NO_ENDPOINT, METRIC_FAILED_REFUSED,
    METRIC_FAILED_HANG, METRIC_FAILED_RESET, METRIC_FAILED_TIMEOUT,
    METRIC_FAILED_OVERLOAD, METRIC_FAILED_ERROR, METRIC_AVAILABILITY,
    METRIC_DOWNTIME, METRIC_LONGEST_OUTAGE, METRIC_BROWNOUT,
    METRIC_LATENCY_P50, METRIC_LATENCY_P99, METRIC_MIXED_SECONDS,
    METRIC_EXPOSED_USERS, METRIC_LOST_SESSIONS, METRIC_BAD_ANSWERS, METRIC_DETECTION_SECONDS,
    METRIC_MITIGATION_SECONDS, METRIC_ROLLBACK_SECONDS, METRIC_CAPACITY_DIP,
    METRIC_PEAK_PODS, METRIC_EXTRA_POD_SECONDS,
};

/* What is left out if it never occurred: causes of failure, and what only a
 * rollback or counted users bring. */
static bool is_optional(enum metric m)
{
    return (m >= METRIC_FAILED_NO_ENDPOINT && m <= METRIC_FAILED_ERROR) ||
           m == METRIC_EXPOSED_USERS || m == METRIC_LOST_SESSIONS ||
           m == METRIC_BAD_ANSWERS ||
           m == METRIC_DETECTION_SECONDS || m == METRIC_MITIGATION_SECONDS ||
           m == METRIC_ROLLBACK_SECONDS;
}

struct summary report_summary(const struct experiment *e, struct arena *a,
                              size_t v, enum metric m)
{
    return summary_of(a, experiment_series(e, a, v, m), e->n,
                      e->scenario->confidence,
                      e->scenario->variants[v].spec->seed);
}

/* ---- cells --------------------------------------------------------------- */

/* Decimals at which a half-width shows two digits, 0 to 2; of a value alone,
 * those that show three. */
static int decimals_for(double half_width, double value)
{
    double x = half_width > 0 ? half_width : fabs(value) / 10;

    if (!(x > 0))
        return 0;
    x = 1 - floor(log10(x));
    return x < 0 ? 0 : x > 2 ? 2 : (int)x;
}

static double scale_of(enum metric m)
{
    return strcmp(metric_row(m)->unit, "share") == 0 ? 100 : 1;
}

static const char *unit_of(enum metric m)
{
    const char *unit = metric_row(m)->unit;

    return strcmp(unit, "share") == 0 ? " %"
           : strcmp(unit, "s") == 0 ? " s"
           : strcmp(unit, "ms") == 0 ? " ms" : "";
}

static const char *number(struct arena *a, double x, int decimals)
{
    const char *s = arena_printf(a, "%.*f", decimals, x);

    return strspn(s, "-0.") == strlen(s) ? "0" : s;
}

/* A value alone, with its unit. */
static const char *value_text_of(struct arena *a, double x, enum metric m)
{
    x *= scale_of(m);
    return arena_printf(a, "%s%s", number(a, x, x >= floor(x) && x <= floor(x)
                                          ? 0 : decimals_for(0, x)),
                        unit_of(m));
}

/* What cannot be negative, and shares, which cannot exceed 1, get no interval
 * that does. */
static struct interval clipped(struct interval i, enum metric m)
{
    bool signless = m < METRIC_EXTRA_POD_SECONDS ||
                    m > METRIC_EXTRA_MEMORY_GIB_SECONDS;

    if (signless && i.low < 0)
        i.low = 0;
    if (scale_of(m) > 1 && i.high > 1)
        i.high = 1;
    return i;
}

static const char *interval_text(struct arena *a, struct interval i,
                                 enum metric m)
{
    double k = scale_of(m);
    int d = decimals_for(k * (i.high - i.low) / 2, k * i.mean);

    if (!isfinite(i.low) || !isfinite(i.high))
        return value_text_of(a, i.mean, m);
    return arena_printf(a, "%s%s [%s, %s]", number(a, k * i.mean, d),
                        unit_of(m), number(a, k * i.low, d),
                        number(a, k * i.high, d));
}

/* "4 in 17 of 20, else up to 6" */
static const char *rare_text(struct arena *a, const struct summary *s,
                             enum metric m)
{
    bool above = s->hit_max > s->usual;

    return arena_printf(a, "%s in %zu of %zu, else %s %s",
                        value_text_of(a, s->usual, m), s->n - s->hits, s->n,
                        above ? "up to" : "down to",
                        value_text_of(a, above ? s->hit_max : s->hit_min, m));
}

static const char *cell(struct arena *a, const struct summary *s,
                        enum metric m)
{
    const char *part = s->undefined
        ? arena_printf(a, ", in %zu of %zu", s->n, s->n + s->undefined) : "";

    switch (s->kind) {
    case SUMMARY_NONE:
        return strstr(metric_row(m)->name, "_seconds") ? "never" : "undefined";
    case SUMMARY_CONSTANT:
        return arena_printf(a, "%s%s", value_text_of(a, s->usual, m), part);
    case SUMMARY_RARE:
        return arena_printf(a, "%s%s", rare_text(a, s, m), part);
    case SUMMARY_MEAN:
        break;
    }
    return arena_printf(a, "%s%s", interval_text(a, clipped(s->mean, m), m),
                        part);
}

/* ---- tables -------------------------------------------------------------- */

static void pad(FILE *out, const char *text, int width)
{
    int used = display_width(text, strlen(text));

    fputs(text, out);
    for (; used < width; used++)
        fputc(' ', out);
}

struct table {
    struct arena *arena;
    size_t columns, rows;
    const char **cells;         /* row by row; column 0 is the label */
    int *width;
};

static struct table table_new(struct arena *a, size_t columns, size_t rows)
{
    return (struct table){ a, columns, 0,
                           arena_many(a, const char *, columns * rows),
                           arena_many(a, int, columns) };
}

static void put(struct table *t, size_t column, const char *text)
{
    int used = display_width(text, strlen(text));

    t->cells[t->rows * t->columns + column] = text;
    if (used > t->width[column])
        t->width[column] = used;
}

/* Columns that fit into 100 places, beginning with `from`. */
static size_t fitting(const struct table *t, size_t from)
{
    int used = 2 + t->width[0];
    size_t n = 0;

    while (from + n < t->columns &&
           (n == 0 || used + 3 + t->width[from + n] <= 100)) {
        used += 3 + t->width[from + n];
        n++;
    }
    return n;
}

static void print_row(const struct table *t, FILE *out, size_t row,
                      size_t from, size_t n)
{
    const char *const *cells = t->cells + row * t->columns;

    fputs("  ", out);
    pad(out, cells[0], t->width[0]);
    for (size_t c = from; c < from + n; c++) {
        fputs("   ", out);
        if (c + 1 < from + n)
            pad(out, cells[c], t->width[c]);
        else
            fputs(cells[c], out);
    }
    fputc('\n', out);
}

static void table_print(const struct table *t, FILE *out)
{
    for (size_t from = 1; from < t->columns;) {
        size_t n = fitting(t, from);

        for (size_t r = 0; r < t->rows; r++)
            print_row(t, out, r, from, n);
        fputc('\n', out);
        from += n;
    }
}

/* A line of a table; nothing if it is optional and never occurred. */
static void metric_line(struct table *t, const struct experiment *e,
                        enum metric m)
{
    size_t n = e->scenario->nvariants;
    bool something = !is_optional(m);

    put(t, 0, metric_row(m)->name);
    for (size_t v = 0; v < n; v++) {
        struct summary s = report_summary(e, t->arena, v, m);

        something |= s.max > 0;
        put(t, v + 1, cell(t->arena, &s, m));
    }
    if (something)
        t->rows++;
}

static void print_means(struct app *app, const struct experiment *e,
                        const enum metric *metrics, size_t n)
{
    struct arena *a = arena_new();
    struct table t = table_new(a, e->scenario->nvariants + 1, n + 1);

    put(&t, 0, "");
    for (size_t v = 0; v < e->scenario->nvariants; v++)
        put(&t, v + 1, e->scenario->variants[v].name);
    t.rows++;
    for (size_t i = 0; i < n; i++)
        metric_line(&t, e, metrics[i]);
    table_print(&t, app->out);
    arena_free(a);
}

/* ---- promises ------------------------------------------------------------ */

static const char *sign(const struct app *app, enum verdict d)
{
    static const char *const glyphs[] = { "\u2714", "\u2716", "?" };
    static const char *const words[] = { "met      ", "missed   ",
                                         "undecided" };

    return app->glyphs ? glyphs[d] : words[d];
}

static void print_promise(struct app *app, const struct experiment *e,
                          struct arena *a, size_t v, const struct promise *p)
{
    struct interval i = experiment_interval(e, a, v, p->metric);

    fprintf(app->out, "  %s %-12s %-16s %-28s %s %s\n",
            sign(app, promise_verdict(p, i)), e->scenario->variants[v].name,
            metric_row(p->metric)->name,
            isnan(i.mean) ? "undefined"
                          : interval_text(a, clipped(i, p->metric), p->metric),
            p->at_least ? "at least" : "at most",
            promise_value(a, p->metric, p->limit));
}

static void print_expectation(struct app *app, const struct experiment *e,
                              struct arena *a, size_t v,
                              const struct expectation *x)
{
    double *values = experiment_series(e, a, v, x->metric);
    size_t held = 0;

    for (size_t r = 0; r < e->n; r++)
        held += expectation_holds(x, values[r]);
    fprintf(app->out, "  %s %-12s %s: in %zu of %zu replications\n",
            sign(app, held == e->n ? VERDICT_MET : VERDICT_MISSED),
            e->scenario->variants[v].name, x->text, held, e->n);
}

/* Promises and expectations, and what was found. */
static void print_promises(struct app *app, const struct experiment *e)
{
    const struct scenario *s = e->scenario;
    struct arena *a = arena_new();

    for (size_t v = 0; v < s->nvariants; v++) {
        for (size_t i = 0; i < s->npromises; i++)
            print_promise(app, e, a, v, &s->promises[i]);
        for (size_t i = 0; i < s->nexpectations; i++)
            print_expectation(app, e, a, v, &s->expectations[i]);
    }
    if (s->npromises + s->nexpectations > 0)
        fputc('\n', app->out);
    arena_free(a);
}

/* ---- what is known ------------------------------------------------------- */

static void print_title(struct app *app, const struct experiment *e)
{
    const struct scenario *s = e->scenario;
    const struct spec *spec = s->variants[0].spec;

    fprintf(app->out, "%s", s->name);
    if (spec->release.given && spec->release.nimages)
        fprintf(app->out, "   %s -> %s", spec->release.workload,
                spec->release.images[0].image);
    fprintf(app->out, "   %zu replication%s, seed %llu\n", e->n,
            e->n == 1 ? "" : "s", (unsigned long long)spec->seed);
    if (s->description)
        fprintf(app->out, "%s\n", s->description);
    fputc('\n', app->out);
}

static void print_notes(struct app *app, const struct experiment *e)
{
    const struct spec *spec = e->scenario->variants[0].spec;
    double level = e->scenario->confidence * 100;
    char room[32];

    if (spec->ntraffic == 0)
        fputs("Nobody sends requests: a Scenario says who does, with "
              "`traffic`.\n", app->out);
    if (!spec->release.given && spec->nactions == 0)
        fputs("Nothing is released: a Scenario says what is, with "
              "`release`.\n", app->out);

    if (e->n > 1)
        fprintf(app->out, "Means over the replications, with %s %% intervals "
                "in brackets.\n", format_real(room, level));
    else
        fputs("One replication says nothing about luck: -n 20 gives "
              "intervals.\n", app->out);
    if (!e->precise)
        fprintf(app->out, "The precision asked for was not reached after %zu "
                "replications.\n", e->n);
}

void report_run(struct app *app, const struct experiment *e)
{
    print_title(app, e);
    print_promises(app, e);
    print_means(app, e, shown, sizeof shown / sizeof shown[0]);
    print_notes(app, e);
}

/* ---- differences --------------------------------------------------------- */

struct difference {
    struct pairing pairing;
    enum metric metric;
    size_t variant;
    double adjusted;            /* Holm's p over all of the table */
};

static const char *difference_cell(struct app *app, struct arena *a,
                                   const struct difference *d)
{
    const struct pairing *p = &d->pairing;
    bool sure = d->adjusted < 0.05;
    bool lower = metric_row(d->metric)->better == BETTER_LOWER;
    bool better = (p->difference.mean < 0) == lower;
    const char *word = !sure || metric_row(d->metric)->better == BETTER_NONE
                           ? "" : app->glyphs ? (better ? " \u2714" : " \u2716")
                                  : better ? " better" : " worse";

    if (isnan(p->difference.mean))
        return "undefined";
    if (p->rare)
        return arena_printf(a, "differs in %zu of %zu%s", p->differ,
                            p->difference.n, word);
    return arena_printf(a, "%s%s%s", p->difference.mean > 0 ? "+" : "",
                        interval_text(a, p->difference, d->metric), word);
}

/* All comparisons of the table, and Holm's p-values over them. */
static struct difference *all_differences(const struct experiment *e,
                                          struct arena *a, size_t baseline,
                                          const enum metric *metrics,
                                          size_t n)
{
    const struct scenario *s = e->scenario;
    size_t m = n * (s->nvariants - 1), at = 0;
    struct difference *d = arena_many(a, struct difference, m + 1);
    double *p = arena_many(a, double, m + 1);
    double *adjusted = arena_many(a, double, m + 1);

    for (size_t i = 0; i < n; i++) {
        for (size_t v = 0; v < s->nvariants; v++) {
            if (v == baseline)
                continue;
            d[at].metric = metrics[i];
            d[at].variant = v;
            d[at].pairing = pair_compare(
                a, experiment_series(e, a, v, metrics[i]),
                experiment_series(e, a, baseline, metrics[i]), e->n,
                pair_bonferroni(s->confidence, m), s->variants[v].spec->seed);
            p[at] = d[at].pairing.p;
            at++;
        }
    }
    pair_holm(p, m, adjusted);
    for (size_t i = 0; i < m; i++)
        d[i].adjusted = adjusted[i];
    return d;
}

static void print_differences(struct app *app, const struct experiment *e,
                              size_t baseline, const enum metric *metrics,
                              size_t n)
{
    const struct scenario *s = e->scenario;
    struct arena *a = arena_new();
    struct difference *d = all_differences(e, a, baseline, metrics, n);
    struct table t = table_new(a, s->nvariants, n + 1);
    size_t column = 1;

    put(&t, 0, arena_printf(a, "compared with %s",
                            s->variants[baseline].name));
    for (size_t v = 0; v < s->nvariants; v++)
        if (v != baseline)
            put(&t, column++, s->variants[v].name);
    t.rows++;
    for (size_t i = 0; i < n; i++, t.rows++) {
        put(&t, 0, metric_row(metrics[i])->name);
        for (size_t c = 1; c < s->nvariants; c++)
            put(&t, c, difference_cell(app, a, d++));
    }
    table_print(&t, app->out);
    arena_free(a);
}

/* What is compared in pairs unless the user names metrics. */
static const enum metric compared[] = {
    METRIC_FAILED_REQUESTS, METRIC_DOWNTIME, METRIC_ROLLOUT_SECONDS,
    METRIC_LATENCY_P99, METRIC_PEAK_PODS
};

void report_compare(struct app *app, const struct experiment *e,
                    size_t baseline, const enum metric *metrics, size_t n)
{
    bool some = n > 0;

    print_title(app, e);
    print_promises(app, e);
    print_means(app, e, some ? metrics : shown,
                some ? n : sizeof shown / sizeof shown[0]);
    if (e->scenario->nvariants > 1 && e->n > 1) {
        print_differences(app, e, baseline, some ? metrics : compared,
                          some ? n : sizeof compared / sizeof compared[0]);
        fprintf(app->out, "Paired: same arrivals, start-up times and luck. "
                "%s: with 95 %% confidence over the\nwhole table (Holm).  ",
                app->glyphs ? "\u2714 \u2716 better or worse"
                            : "better, worse");
    }
    print_notes(app, e);
}
