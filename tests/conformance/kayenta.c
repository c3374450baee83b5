/*
 * kayenta.c - tables about Kayenta's judge.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "conformance.h"
#include "stats/judge.h"

static bool is(const struct conf_row *row, const char *column,
               const char *word)
{
    return strcmp(conf_get(row, column), word) == 0;
}

/* Numbers joined by ';'; "-": none. */
static struct sample sample_of(const char *cell, struct arena *a)
{
    double *x = arena_many(a, double, strlen(cell) + 1);
    struct sample s = { x, 0 };
    char *end = (char *)cell;

    while (strcmp(cell, "-") != 0 && *cell) {
        x[s.n++] = strtod(cell, &end);
        CHECK(end > cell);
        cell = *end == ';' ? end + 1 : end;
    }
    return s;
}

/* ---- one metric --------------------------------------------------------- */

static struct judge_metric metric_of(const struct conf_row *row)
{
    struct judge_metric m = judge_metric_defaults();

    m.tolerance = conf_real(row, "tolerance", NAN);
    m.confidence = conf_real(row, "conf", NAN);
    m.allowed_low = conf_real(row, "eff_low", NAN);
    m.allowed_high = conf_real(row, "eff_high", NAN);
    m.critical_low = conf_real(row, "crit_low", NAN);
    m.critical_high = conf_real(row, "crit_high", NAN);
    m.cles = is(row, "effect", "cles");
    m.direction = is(row, "direction", "increase")   ? JUDGE_INCREASE
                  : is(row, "direction", "decrease") ? JUDGE_DECREASE
                                                     : JUDGE_EITHER;
    m.replace = is(row, "nan", "replace");
    m.critical = is(row, "critical_metric", "yes");
    return m;
}

static bool check_classify(const struct conf_row *row, char *why, size_t room)
{
    struct arena *a = arena_new();
    struct judge_metric m = metric_of(row);
    struct judgement j = judge_classify(
        &m, sample_of(conf_get(row, "control"), a),
        sample_of(conf_get(row, "experiment"), a), a);

    arena_free(a);
    if (!is(row, "expect", judge_labels[j.label]))
        return conf_why(why, room, "got %s", judge_labels[j.label]);
    if (!is(row, "expect_critical", "-") &&
        is(row, "expect_critical", "yes") != j.fails)
        return conf_why(why, room, "critical: got %d", j.fails);
    return true;
}

const struct conf_table conf_kayenta_mannwhitney_classify = {
    .name = "kayenta-mannwhitney-classify", .check = check_classify,
};

/* ---- outliers ----------------------------------------------------------- */

static bool check_outliers(const struct conf_row *row, char *why, size_t room)
{
    struct arena *a = arena_new();
    struct sample s = sample_of(conf_get(row, "samples"), a);
    struct sample want = sample_of(conf_get(row, "expect_flags"), a);
    bool *flags = arena_many(a, bool, s.n + 1), good = s.n == want.n;
    double factor = conf_real(row, "factor", NAN);

    if (is(row, "detector", "iqr"))
        judge_outliers_iqr(s, factor, flags);
    else
        judge_outliers_sigma(s, factor, flags);
    for (size_t i = 0; good && i < s.n; i++)
        good = flags[i] == (want.x[i] != 0);
    arena_free(a);
    return good || conf_why(why, room, "other flags");
}

const struct conf_table conf_kayenta_outliers = {
    .name = "kayenta-outliers", .check = check_outliers,
};

/* ---- scores ------------------------------------------------------------- */

static enum judge_label label_of(const char *name)
{
    for (int l = JUDGE_PASS; l <= JUDGE_ERROR; l++)
        if (strcmp(judge_labels[l], name) == 0)
            return (enum judge_label)l;
    BUG("label %s", name);
}

/* The parts of text between marks, as copies; returns how many. */
static size_t split(const char *text, const char *marks, char **parts,
                    size_t most, struct arena *a)
{
    char *rest = arena_strdup(a, text), *part;
    size_t n = 0;

    while (n < most && (part = strtok_r(rest, marks, &rest)) != NULL)
        parts[n++] = part;
    return n;
}

static bool check_score(const struct conf_row *row, char *why, size_t room)
{
    struct arena *a = arena_new();
    char *parts[64], *words[3];
    struct judge_weight weights[64];
    struct judge_result results[64];
    size_t nw = 0, n;
    double got, want = conf_real(row, "expect_score", NAN);

    if (!is(row, "weights", "-"))
        nw = split(conf_get(row, "weights"), "|", parts, 64, a);
    for (size_t i = 0; i < nw; i++) {
        CHECK(split(parts[i], ":", words, 3, a) == 2);
        weights[i] = (struct judge_weight){ words[0], atof(words[1]) };
    }
    n = split(conf_get(row, "metrics"), "|", parts, 64, a);
    for (size_t i = 0; i < n; i++) {
        size_t k = split(parts[i], ":", words, 3, a);

        CHECK(k >= 2);
        results[i] = (struct judge_result){ words[0], label_of(words[1]),
                                            k == 3 };
    }
    got = judge_score(results, n, weights, nw);
    arena_free(a);
    return fabs(got - want) < 0.005 || conf_why(why, room, "got %g", got);
}

const struct conf_table conf_kayenta_scorer = {
    .name = "kayenta-scorer", .check = check_score,
};

/* ---- statistics --------------------------------------------------------- */

static double statistic(const struct conf_row *row, struct arena *a)
{
    struct sample c = sample_of(conf_get(row, "control"), a);
    struct sample e = sample_of(conf_get(row, "experiment"), a);
    double p = conf_real(row, "p", NAN);

    if (is(row, "function", "percentile"))
        return judge_percentile(c, p);
    if (is(row, "function", "std"))
        return judge_deviation(c);
    if (is(row, "function", "mean"))
        return judge_mean(c);
    if (is(row, "function", "mean_ratio"))
        return judge_mean_ratio(c, e);
    if (is(row, "function", "cohen_d"))
        return judge_cohen_d(c, e);
    if (is(row, "function", "cles"))
        return judge_cles(c, e);
    if (is(row, "function", "z_quantile"))
        return judge_quantile(p);
    if (is(row, "function", "mw_ci_low"))
        return judge_shift(c, e, p / 100).low;
    if (is(row, "function", "mw_ci_high"))
        return judge_shift(c, e, p / 100).high;
    if (is(row, "function", "mw_estimate"))
        return judge_shift(c, e, p / 100).estimate;
    return INFINITY;
}

static bool check_stats(const struct conf_row *row, char *why, size_t room)
{
    struct arena *a = arena_new();
    double got = statistic(row, a);
    double want = strtod(conf_get(row, "expect"), NULL);

    arena_free(a);
    if ((isnan(got) && isnan(want)) ||
        fabs(got - want) <= conf_real(row, "tolerance", 0))
        return true;
    return conf_why(why, room, "got %.10g", got);
}

const struct conf_table conf_kayenta_stats = {
    .name = "kayenta-stats", .check = check_stats,
};
