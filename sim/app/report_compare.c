/*
 * report_compare.c - strategies side by side, for people: differences and a
 * verdict in one sentence each.
 */
#include "report_impl.h"
#include <math.h>
#include "app/comparison.h"
#include "app/table.h"

/* What a finding adds to its cell. */
static const char *mark_of(const struct app *app, enum finding f)
{
    if (f == FINDING_BETTER)
        return app->glyphs ? " \u2714" : " better";
    if (f == FINDING_WORSE)
        return app->glyphs ? " \u2716" : " worse";
    return f == FINDING_HIGHER || f == FINDING_LOWER ? " *" : "";
}

/* "-85 pp [-97, -52]": percentage points */
static const char *points(struct arena *a, struct interval i)
{
    return arena_printf(a, "%s%s pp [%s, %s]", i.mean > 0 ? "+" : "",
                        report_number(a, 100 * i.mean, 0),
                        report_number(a, 100 * i.low, 0),
                        report_number(a, 100 * i.high, 0));
}

static const char *difference_cell(struct app *app, struct arena *a,
                                   const struct difference *d)
{
    const struct pairing *p = &d->pairing;
    const char *mark = mark_of(app, d->finding);

    if (d->finding == FINDING_UNDEFINED)
        return "undefined";
    if (d->finding == FINDING_SAME)
        return "0";
    if (d->subject->share)
        return arena_printf(a, "%s%s", points(a, p->difference), mark);
    if (p->rare)
        return arena_printf(a, "differs in %zu of %zu%s", p->differ,
                            p->difference.n, mark);
    return arena_printf(a, "%s%s", report_difference(a, p->difference,
                                                     d->subject->metric),
                        mark);
}

static void print_differences(struct app *app, const struct experiment *e,
                              const struct comparison *c)
{
    const struct scenario *s = e->scenario;
    struct arena *a = arena_new();
    struct table t = table_new(a, s->nvariants, c->nsubjects + 1);
    size_t column = 1;

    table_put(&t, 0, arena_printf(a, "compared with %s",
                                  s->variants[c->baseline].name));
    for (size_t v = 0; v < s->nvariants; v++)
        if (v != c->baseline)
            table_put(&t, column++, s->variants[v].name);
    t.rows++;
    for (size_t i = 0; i < c->nsubjects; i++, t.rows++) {
        table_put(&t, 0, c->subjects[i].name);
        for (size_t v = 0, k = 1; v < s->nvariants; v++)
            if (v != c->baseline)
                table_put(&t, k++, difference_cell(app, a,
                                                   comparison_of(c, i, v)));
    }
    table_print(&t, app->out);
    arena_free(a);
}

static void print_verdicts(struct app *app, const struct comparison *c)
{
    struct arena *a = arena_new();
    size_t n = c->experiment->scenario->nvariants;

    for (size_t v = 0; v < n; v++)
        if (v != c->baseline)
            print_filled(app->out, comparison_verdict(a, c, v), 2);
    fputc('\n', app->out);
    arena_free(a);
}

/* How to read it, and what pairing was worth. */
static void print_pairing(struct app *app, const struct comparison *c)
{
    struct arena *a = arena_new();
    const char *worth = comparison_pairing(a, c);

    print_filled(app->out, arena_printf(
        a, "Paired: same arrivals, start-up times and luck%s%s. %s: with "
        "%.4g %% confidence over the whole table (Holm).",
        worth ? "; " : "", worth ? worth : "",
        app->glyphs ? "\u2714 \u2716 better or worse" : "better, worse",
        100 * c->confidence), 0);
    arena_free(a);
}

void report_compare(struct app *app, const struct experiment *e,
                    const struct comparison *c, const enum metric *metrics,
                    size_t n)
{
    report_title(app, e->scenario, e->n);
    report_promises(app, e);
    report_means(app, e, metrics, n);
    if (c) {
        print_differences(app, e, c);
        print_verdicts(app, c);
        print_pairing(app, c);
    }
    report_notes(app, e);
}
