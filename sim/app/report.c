/*
 * report.c - tables for people.
 *
 * One metric a line, one strategy a column: the mean over the replications and
 * its interval.  What is zero in nearly every replication is said as "k of n",
 * what is undefined in some as "in k of n"; a mean of such values would
 * mislead.
 */
#include "report_impl.h"
#include <math.h>
#include <string.h>
#include "app/happening.h"
#include "app/table.h"
#include "base/text.h"

/* What a table shows unless the user says otherwise. */
static const enum metric shown[] = {
    METRIC_ROLLOUT_SECONDS, METRIC_OLD_GONE_SECONDS, METRIC_REQUESTS,
    METRIC_FAILED_REQUESTS, METRIC_FAILED_NO_ENDPOINT, METRIC_FAILED_REFUSED,
    METRIC_FAILED_HANG, METRIC_FAILED_RESET, METRIC_FAILED_TIMEOUT,
    METRIC_FAILED_OVERLOAD, METRIC_FAILED_ERROR, METRIC_AVAILABILITY,
    METRIC_DOWNTIME, METRIC_LONGEST_OUTAGE, METRIC_BROWNOUT,
    METRIC_LATENCY_P50, METRIC_LATENCY_P99, METRIC_MIXED_SECONDS,
    METRIC_EXPOSED_USERS, METRIC_LOST_SESSIONS, METRIC_BAD_ANSWERS,
    METRIC_DETECTION_SECONDS, METRIC_MITIGATION_SECONDS,
    METRIC_ROLLBACK_SECONDS, METRIC_CAPACITY_DIP, METRIC_PEAK_PODS,
    METRIC_EXTRA_POD_SECONDS, METRIC_DECISION, METRIC_DECISION_SECONDS,
    METRIC_FALSE_DECISION,
};

/* What is left out if it never occurred: causes of failure, and what only a
 * rollback, counted users or a test bring. */
static bool is_optional(enum metric m)
{
    return (m >= METRIC_FAILED_NO_ENDPOINT && m <= METRIC_FAILED_ERROR) ||
           m == METRIC_EXPOSED_USERS || m == METRIC_LOST_SESSIONS ||
           m == METRIC_BAD_ANSWERS ||
           m == METRIC_DETECTION_SECONDS || m == METRIC_MITIGATION_SECONDS ||
           m == METRIC_ROLLBACK_SECONDS || m >= METRIC_DECISION;
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

const char *report_number(struct arena *a, double x, int decimals)
{
    const char *s = arena_printf(a, "%.*f", decimals, x);

    return strspn(s, "-0.") == strlen(s) ? "0" : s;
}

/* A value alone, with its unit. */
static const char *value_text_of(struct arena *a, double x, enum metric m)
{
    bool whole;

    x *= scale_of(m);
    whole = x >= floor(x) && x <= floor(x);
    return arena_printf(a, "%s%s",
                        report_number(a, x, whole ? 0 : decimals_for(0, x)),
                        unit_of(m));
}

/* What cannot be negative, and shares, which cannot exceed 1, get no interval
 * that does. */
static struct interval clipped(struct interval i, enum metric m)
{
    bool signless = m < METRIC_EXTRA_POD_SECONDS ||
                    m > METRIC_DECISION;

    if (signless && i.low < 0)
        i.low = 0;
    if (scale_of(m) > 1 && i.high > 1)
        i.high = 1;
    return i;
}

const char *report_interval(struct arena *a, struct interval i, enum metric m)
{
    double k = scale_of(m);
    int d = decimals_for(k * (i.high - i.low) / 2, k * i.mean);

    if (!isfinite(i.low) || !isfinite(i.high) || i.high <= i.low)
        return value_text_of(a, i.mean, m);
    return arena_printf(a, "%s%s [%s, %s]", report_number(a, k * i.mean, d),
                        unit_of(m), report_number(a, k * i.low, d),
                        report_number(a, k * i.high, d));
}

const char *report_difference(struct arena *a, struct interval i,
                              enum metric m)
{
    const char *text = report_interval(a, i, m);
    bool none = text[0] == '0' && text[1] != '.';

    return arena_printf(a, "%s%s", i.mean > 0 && !none ? "+" : "", text);
}

/* "3 of 20 [3, 38 %]", the bounds of i */
static const char *share_text(struct arena *a, struct interval i, size_t k)
{
    int d = i.high < 0.1;

    return arena_printf(a, "%zu of %zu [%s, %s %%]", k, i.n,
                        report_number(a, i.low * 100, d),
                        report_number(a, i.high * 100, d));
}

/* "0 s, but 2 s to 6 s in 3 of 20 [3, 38 %]" */
static const char *rare_text(struct arena *a, const struct summary *s,
                             enum metric m)
{
    const char *least = value_text_of(a, s->hit_min, m);
    const char *most = value_text_of(a, s->hit_max, m);
    bool one = strcmp(least, most) == 0;

    return arena_printf(a, "%s, but %s%s%s in %s",
                        value_text_of(a, s->usual, m), least,
                        one ? "" : " to ", one ? "" : most,
                        share_text(a, s->share, s->hits));
}

/* The same where columns are many: "0 s in 17 of 20, to 6 s"; of values other
 * than 0, which the rest are near, only how many they are. */
static const char *brief_rare_text(struct arena *a, const struct summary *s,
                                   enum metric m)
{
    size_t n = s->share.n;
    bool zero = s->usual >= 0 && s->usual <= 0;

    return arena_printf(a, "%s in %zu of %zu%s%s",
                        value_text_of(a, s->usual, m), n - s->hits, n,
                        zero ? ", to " : "",
                        zero ? value_text_of(a, s->hit_max, m) : "");
}

const char *report_cell(struct arena *a, const struct summary *s,
                        enum metric m, bool brief)
{
    const char *part = s->undefined
        ? arena_printf(a, ", in %zu of %zu", s->n, s->n + s->undefined) : "";

    switch (s->kind) {
    case SUMMARY_NONE:
        return strstr(metric_row(m)->name, "_seconds") ? "never" : "undefined";
    case SUMMARY_CONSTANT:
        return arena_printf(a, "%s%s", value_text_of(a, s->usual, m), part);
    case SUMMARY_RARE:
        return arena_printf(a, "%s%s", brief ? brief_rare_text(a, s, m)
                                             : rare_text(a, s, m), part);
    case SUMMARY_MEAN:
        break;
    }
    return arena_printf(a, "%s%s", report_interval(a, clipped(s->mean, m), m),
                        part);
}

/* "promoted 17, inconclusive 3": how many replications decided what. */
static const char *decision_cell(struct arena *a, const double *x, size_t n)
{
    static const char *const words[] = { "aborted", "inconclusive",
                                         "promoted" };
    size_t counts[3] = { 0 };
    const char *text = "";

    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            counts[(int)x[i] + 1]++;
    for (int k = 2; k >= 0; k--)
        if (counts[k] > 0)
            text = arena_printf(a, "%s%s%s %zu", text, *text ? ", " : "",
                                words[k], counts[k]);
    return *text ? text : "undefined";
}

/* ---- tables -------------------------------------------------------------- */

/* From how many strategies on their columns are narrow, to stand side by
 * side. */
#define MANY 3

static bool are_many(const struct experiment *e)
{
    return e->scenario->nvariants >= MANY;
}

/* A line of a table; nothing if it is optional and never occurred. */
static void metric_line(struct table *t, const struct experiment *e,
                        enum metric m)
{
    size_t n = e->scenario->nvariants;
    bool something = !is_optional(m);

    table_put(t, 0, metric_row(m)->name);
    for (size_t v = 0; v < n; v++) {
        struct summary s = experiment_summary(e, t->arena, v, m);

        something |= s.max > 0 || (m == METRIC_DECISION && s.n > 0);
        table_put(t, v + 1, m == METRIC_DECISION
                  ? decision_cell(t->arena,
                                  experiment_series(e, t->arena, v, m), e->n)
                  : report_cell(t->arena, &s, m, are_many(e)));
    }
    if (something)
        t->rows++;
}

/* Does it say something that the metrics do not?  Of downtime and failures
 * also that there was none, since that has a bound. */
static bool is_worth_saying(const struct experiment *e, enum happening h)
{
    bool all = true, none = true;

    for (size_t v = 0; v < e->scenario->nvariants; v++) {
        size_t k = happening_count(e, v, h);

        all &= k == e->n;
        none &= k == 0;
    }
    if (isnan(experiment_value(e, 0, 0, METRIC_AVAILABILITY)) || e->n < 2)
        return false;
    return happening_row(h)->better == BETTER_LOWER ? !all : !none;
}

/* "none in 20: below 14 %", "3 of 20 [3, 38 %]", "62 % [58, 66]" */
static const char *happening_cell(struct arena *a, const struct experiment *e,
                                  size_t v, enum happening h)
{
    double level = e->scenario->confidence;
    size_t k = happening_count(e, v, h), n = e->n;
    struct interval i = ci_share(k, n, level);
    double bound = 100 * ci_share_none(n, level);

    if (k == 0 && are_many(e))
        return arena_printf(a, "none: below %.2g %%", bound);
    if (k == 0)
        return arena_printf(a, "none in %zu: below %.2g %%", n, bound);
    if (k == n)
        return arena_printf(a, "all %zu: above %.2g %%", n, 100 - bound);
    if (summary_is_rare(k, n) || summary_is_rare(n - k, n))
        return share_text(a, ci_share_exact(k, n, level), k);
    return arena_printf(a, "%.0f %% [%.0f, %.0f]", 100 * i.mean, 100 * i.low,
                        100 * i.high);
}

/* Lines of what happens with a metric. */
static void happening_lines(struct table *t, const struct experiment *e,
                            enum metric m)
{
    for (int i = 0; i < HAPPENING_COUNT; i++) {
        enum happening h = (enum happening)i;

        if (happening_row(h)->metric != m || !is_worth_saying(e, h))
            continue;
        table_put(t, 0, happening_row(h)->name);
        for (size_t v = 0; v < e->scenario->nvariants; v++)
            table_put(t, v + 1, happening_cell(t->arena, e, v, h));
        t->rows++;
    }
}

void report_means(struct app *app, const struct experiment *e,
                  const enum metric *metrics, size_t n)
{
    struct arena *a = arena_new();
    const enum metric *list = n ? metrics : shown;
    size_t len = n ? n : sizeof shown / sizeof shown[0];
    struct table t = table_new(a, e->scenario->nvariants + 1,
                               len + HAPPENING_COUNT + 1);

    table_put(&t, 0, "");
    for (size_t v = 0; v < e->scenario->nvariants; v++)
        table_put(&t, v + 1, e->scenario->variants[v].name);
    t.rows++;
    for (size_t i = 0; i < len && e->n > 0; i++) {
        metric_line(&t, e, list[i]);
        happening_lines(&t, e, list[i]);
    }
    table_print(&t, app->out);
    arena_free(a);
}

/* ---- promises ------------------------------------------------------------ */

const char *report_sign(const struct app *app, enum verdict d)
{
    static const char *const glyphs[] = { "\u2714", "\u2716", "?" };
    static const char *const words[] = { "met      ", "missed   ",
                                         "undecided" };

    return app->glyphs ? glyphs[d] : words[d];
}

/* Columns of the strategies' names. */
static int name_width(const struct scenario *s)
{
    int width = 12;

    for (size_t v = 0; v < s->nvariants; v++) {
        const char *name = s->variants[v].name;
        int own = display_width(name, strlen(name));

        width = own > width ? own : width;
    }
    return width;
}

/* The sign of a verdict and whose it is. */
static void print_verdict(struct app *app, const struct scenario *s,
                          struct arena *a, size_t v, enum verdict d)
{
    fprintf(app->out, "  %s %s ", report_sign(app, d),
            table_pad(a, s->variants[v].name, name_width(s)));
}

static void print_promise(struct app *app, const struct experiment *e,
                          struct arena *a, size_t v, const struct promise *p)
{
    struct interval i = experiment_bounds(e, a, v, p->metric);

    print_verdict(app, e->scenario, a, v, promise_verdict(p, i));
    fprintf(app->out, "%-16s %-28s %s %s\n",
            metric_row(p->metric)->name,
            isnan(i.mean) ? "undefined"
            : isinf(i.mean) ? "not always reached"
                          : report_interval(a, clipped(i, p->metric), p->metric),
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
    print_verdict(app, e->scenario, a, v,
                  held == e->n ? VERDICT_MET : VERDICT_MISSED);
    fprintf(app->out, "%s: in %zu of %zu replication%s\n", x->text, held,
            e->n, e->n == 1 ? "" : "s");
}

/* Promises and expectations, and what was found. */
void report_promises(struct app *app, const struct experiment *e)
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

void report_title(struct app *app, const struct scenario *s, size_t n)
{
    const struct spec *spec = s->variants[0].spec;

    fprintf(app->out, "%s", s->name);
    if (spec->release.given && spec->release.nimages)
        fprintf(app->out, "   %s -> %s", spec->release.workload,
                spec->release.images[0].image);
    if (n > 0)
        fprintf(app->out, "   %zu replication%s,", n, n == 1 ? "" : "s");
    fprintf(app->out, "%s seed %llu\n", n > 0 ? "" : "  ",
            (unsigned long long)spec->seed);
    if (s->description)
        fprintf(app->out, "%s\n", s->description);
    fputc('\n', app->out);
}

void report_notes(struct app *app, const struct experiment *e)
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
    report_title(app, e->scenario, e->n);
    report_promises(app, e);
    report_means(app, e, NULL, 0);
    report_notes(app, e);
}
