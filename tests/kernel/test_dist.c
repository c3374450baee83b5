/*
 * test_dist.c - laws against GSL's distribution functions and samplers.
 *
 * Every row of the table is drawn, compared with its exact distribution
 * function, its mean, GSL's own sampler, and read back from its own text.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include "base/bug.h"
#include "base/text.h"
#include "kernel/dist.h"

struct lab {
    struct arena *arena;
    struct err_list errors;
    struct binder binder;
};

static void setup(struct lab *l)
{
    gsl_set_error_handler_off();
    *l = (struct lab){ .arena = arena_new() };
    err_init(&l->errors, l->arena);
    l->binder.arena = l->arena;
    l->binder.errors = &l->errors;
    strcpy(l->binder.path, "startup");
}

static struct dist parse(struct lab *l, const char *text)
{
    const struct value *v = value_flow(l->arena, text, NULL);
    struct dist d = { 0 };

    ck_assert_msg(v != NULL, "malformed: %s", text);
    ck_assert_msg(dist_parse(&l->binder, v, &d), "refused: %s: %s", text,
                  l->errors.len ? l->errors.items[0].text : "");
    return d;
}

/* Exact distribution functions, from GSL (parameters worked out by hand from
 * how the rows below are written). */
static double exponential_p(double x)
{
    return gsl_cdf_exponential_P(x, 5);
}

static double lognormal_p(double x)
{
    return gsl_cdf_lognormal_P(x, log(12), log(25.0 / 12) / 1.6448536269514722);
}

/* cv 0.5: sigma^2 = ln 1.25, mu = ln 10 - ln(1.25) / 2 */
static double lognormal_cv_p(double x)
{
    return gsl_cdf_lognormal_P(x, log(10) - log(1.25) / 2, sqrt(log(1.25)));
}

static double gamma_p(double x)
{
    return gsl_cdf_gamma_P(x, 4, 2.5);
}

static double gamma_wide_p(double x)
{
    return gsl_cdf_gamma_P(x, 0.16, 62.5);
}

static double gamma_narrow_p(double x)
{
    return gsl_cdf_gamma_P(x, 400, 0.025);
}

static double weibull_p(double x)
{
    return gsl_cdf_weibull_P(x, 3, 2);
}

static double pareto_p(double x)
{
    return gsl_cdf_pareto_P(x, 3, 1);
}

static double uniform_p(double x)
{
    return gsl_cdf_flat_P(x, 1, 3);
}

/* Least 1, mode 2, greatest 6. */
static double triangular_p(double x)
{
    return x < 2 ? (x - 1) * (x - 1) / 5 : 1 - (6 - x) * (6 - x) / 20;
}

/* 1, 2, 4, 8 s, interpolated. */
static double empirical_p(double x)
{
    return (x < 2 ? x - 1 : x < 4 ? 1 + (x - 2) / 2 : 2 + (x - 4) / 4) / 3;
}

static double mixture_p(double x)
{
    return 0.75 * gsl_cdf_exponential_P(x, 1)
        + 0.25 * (x < 10 ? 0 : x > 20 ? 1 : (x - 10) / 10);
}

static double gsl_exponential(const gsl_rng *r)
{
    return gsl_ran_exponential(r, 5);
}

static double gsl_lognormal(const gsl_rng *r)
{
    return gsl_ran_lognormal(r, log(12),
                             log(25.0 / 12) / 1.6448536269514722);
}

static double gsl_gamma(const gsl_rng *r)
{
    return gsl_ran_gamma(r, 4, 2.5);
}

static double gsl_gamma_wide(const gsl_rng *r)
{
    return gsl_ran_gamma(r, 0.16, 62.5);
}

static double gsl_weibull(const gsl_rng *r)
{
    return gsl_ran_weibull(r, 3, 2);
}

static double gsl_pareto(const gsl_rng *r)
{
    return gsl_ran_pareto(r, 3, 1);
}

static const struct row {
    const char *text;
    double mean, sd;            /* by their formulas */
    double (*p)(double x);
    double (*sampler)(const gsl_rng *r);
} rows[] = {
    { "{exponential: {mean: 5s}}", 5, 5, exponential_p, gsl_exponential },
    { "{lognormal: {median: 12s, p95: 25s}}", 13.2561752, 6.22223, lognormal_p,
      gsl_lognormal },
    { "{lognormal: {mean: 10s, cv: 0.5}}", 10, 5, lognormal_cv_p, NULL },
    { "{gamma: {mean: 10s, cv: 0.5}}", 10, 5, gamma_p, gsl_gamma },
    { "{gamma: {mean: 10s, cv: 2.5}}", 10, 25, gamma_wide_p, gsl_gamma_wide },
    { "{gamma: {mean: 10s, cv: 0.05}}", 10, 0.5, gamma_narrow_p, NULL },
    { "{weibull: {scale: 3s, shape: 2}}", 2.6586808, 1.38976, weibull_p,
      gsl_weibull },
    { "{pareto: {min: 1s, shape: 3}}", 1.5, 0.8660254, pareto_p, gsl_pareto },
    { "{uniform: [1s, 3s]}", 2, 0.5773503, uniform_p, NULL },
    { "{triangular: [1s, 2s, 6s]}", 3, 1.0801234, triangular_p, NULL },
    { "{empirical: [4s, 1s, 8s, 2s]}", 3.5, 1.94, empirical_p, NULL },
    { "{mixture: [{weight: 25%, uniform: [10s, 20s]}, "
      "{weight: 0.75, exponential: {mean: 1s}}]}", 4.5, 6.3, mixture_p, NULL },
};

/* All rows but the mixture, whose parts overlap and keep their own order. */
START_TEST(quantiles_invert_the_distribution_function)
{
    const struct row *row = &rows[_i];
    struct lab l;
    struct dist d;

    setup(&l);
    d = parse(&l, row->text);
    for (int i = 1; i < 2000; i++) {
        double u = i < 1000 ? i / 1000.0 : pow(10, -(i - 999) / 70.0);
        double x = dist_real_at(&d, u);

        /* The gamma table is interpolated. */
        if (fabs(row->p(x) - u) > (d.law == DIST_GAMMA ? 3e-4 : 1e-9) * u
            + 1e-12)
            ck_abort_msg("%s at %g: P(%g) = %g", row->text, u, x, row->p(x));
    }
    arena_free(l.arena);
}
END_TEST

START_TEST(draws_are_monotone_in_the_uniform)
{
    struct lab l;
    struct dist d;
    sim_time last = 0;

    setup(&l);
    d = parse(&l, rows[_i].text);
    for (int i = 0; i < 20000; i++) {
        double u = (i + 0.5) / 20000;
        sim_time t = dist_at(&d, u);

        /* A mixture is monotone within each of its parts only. */
        if (d.law == DIST_MIXTURE && i == 15000)
            last = 0;
        if (t < last)
            ck_abort_msg("%s at %g", rows[_i].text, u);
        last = t;
    }
    ck_assert_int_ge(dist_at(&d, 0x1p-53), 0);
    ck_assert(dist_real_at(&d, 1 - 0x1p-53) < INFINITY);
    ck_assert(dist_real_at(&d, 0x1p-53) >= 0);
    arena_free(l.arena);
}
END_TEST

#define DRAWS 100000

START_TEST(mean_of_draws_is_the_mean)
{
    const struct row *row = &rows[_i];
    struct lab l;
    struct dist d;
    struct stream s;
    double sum = 0;

    setup(&l);
    d = parse(&l, row->text);
    ck_assert_double_eq_tol(dist_mean(&d), row->mean, 1e-6 * row->mean);
    stream_init(&s, 17, 0, (uint64_t)_i, 0);
    for (int i = 0; i < DRAWS; i++)
        sum += (double)dist_draw(&d, &s) / 1e9;
    ck_assert_double_lt(fabs(sum / DRAWS - row->mean),
                        3.29 * row->sd / sqrt(DRAWS));
    arena_free(l.arena);
}
END_TEST

static int ascending(const void *va, const void *vb)
{
    const double *a = va, *b = vb;

    return (*a > *b) - (*a < *b);
}

/* Two-sample Kolmogorov-Smirnov distance, scaled; 1.95 is the 99.9 % point. */
static double ks(double *x, double *y, size_t n)
{
    size_t i = 0, k = 0;
    double d = 0;

    qsort(x, n, sizeof *x, ascending);
    qsort(y, n, sizeof *y, ascending);
    while (i < n && k < n) {
        if (x[i] <= y[k])
            i++;
        else
            k++;
        d = fmax(d, fabs((double)i - (double)k) / (double)n);
    }
    return d * sqrt((double)n / 2);
}

START_TEST(draws_follow_the_distribution_function)
{
    double *x = malloc(DRAWS * sizeof *x), distance = 0;
    struct lab l;
    struct dist d;
    struct stream s;

    setup(&l);
    d = parse(&l, rows[_i].text);
    stream_init(&s, 5, 0, 0, 0);
    for (int i = 0; i < DRAWS; i++)
        x[i] = dist_real_at(&d, stream_u01(&s));
    qsort(x, DRAWS, sizeof *x, ascending);
    for (int i = 0; i < DRAWS; i++) {
        double p = rows[_i].p(x[i]);

        distance = fmax(distance, fmax(p - (double)i / DRAWS,
                                       (i + 1.0) / DRAWS - p));
    }
    ck_assert_double_lt(distance * sqrt(DRAWS), 1.95);
    free(x);
    arena_free(l.arena);
}
END_TEST

START_TEST(draws_and_gsl_samplers_agree)
{
    const struct row *row = &rows[_i];
    double *x = malloc(DRAWS * sizeof *x), *y = malloc(DRAWS * sizeof *y);
    gsl_rng *r = gsl_rng_alloc(gsl_rng_taus2);
    struct lab l;
    struct dist d;
    struct stream s;

    setup(&l);
    d = parse(&l, row->text);
    stream_init(&s, 3, 0, 0, 0);
    gsl_rng_set(r, 3);
    for (int i = 0; row->sampler && i < DRAWS; i++) {
        x[i] = dist_real_at(&d, stream_u01(&s));
        y[i] = row->sampler(r);
    }
    if (row->sampler)
        ck_assert_double_lt(ks(x, y, DRAWS), 1.95);
    gsl_rng_free(r);
    free(x);
    free(y);
    arena_free(l.arena);
}
END_TEST

START_TEST(text_of_a_law_is_read_back)
{
    struct lab l;
    struct dist d, again;
    char *text;

    setup(&l);
    d = parse(&l, rows[_i].text);
    text = dist_format(l.arena, &d);
    again = parse(&l, text);
    ck_assert_str_eq(dist_format(l.arena, &again), text);
    for (int i = 1; i < 100; i++) {
        double x = dist_real_at(&d, i / 100.0);

        ck_assert_double_eq_tol(dist_real_at(&again, i / 100.0), x, 1e-7 * x);
    }
    arena_free(l.arena);
}
END_TEST

START_TEST(constants_are_exact_and_use_no_uniform)
{
    static const struct {
        const char *text;
        sim_time t;
    } cases[] = { { "0", 0 }, { "250ms", 250 * SIM_MS }, { "1ns", 1 },
                  { "0.1s", 100 * SIM_MS }, { "31536000s", 31536000 * SIM_S },
                  { "never", SIM_NEVER }, { "{constant: 5s}", 5 * SIM_S } };
    struct lab l;
    struct stream s, before;

    setup(&l);
    stream_init(&s, 1, 0, 0, 0);
    before = s;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dist d = parse(&l, cases[i].text);

        ck_assert_int_eq(dist_draw(&d, &s), cases[i].t);
    }
    ck_assert_mem_eq(&s, &before, sizeof s);
    arena_free(l.arena);
}
END_TEST

START_TEST(makers_equal_what_is_parsed)
{
    static const struct dist fixed = DIST_CONST(0.4);
    struct lab l;
    struct dist d, e;

    setup(&l);
    ck_assert_int_eq(fixed.fixed, 400 * SIM_MS);
    d = parse(&l, "{exponential: {mean: 5s}}");
    e = dist_exponential(5);
    ck_assert_int_eq(dist_at(&d, 0.3), dist_at(&e, 0.3));
    d = parse(&l, "{lognormal: {median: 12s, p95: 25s}}");
    e = dist_lognormal(12, 25);
    ck_assert_int_eq(dist_at(&d, 0.3), dist_at(&e, 0.3));
    ck_assert_int_eq(dist_at(&e, 0.5), 12 * SIM_S);
    ck_assert_int_eq(dist_at(&e, 0.95), 25 * SIM_S);
    ck_assert_str_eq(dist_format(l.arena, &e),
                     "{lognormal: {median: 12s, p95: 25s}}");
    e = dist_constant(90 * SIM_S);
    ck_assert_str_eq(dist_format(l.arena, &e), "1m30s");
    e = dist_never();
    ck_assert_int_eq(dist_at(&e, 0.5), SIM_NEVER);
    ck_assert(isinf(dist_mean(&e)));
    arena_free(l.arena);
}
END_TEST

/* One uniform per draw, whatever the law: what follows is not shifted. */
START_TEST(every_draw_uses_one_uniform)
{
    struct lab l;
    struct stream s, t;
    struct dist d;

    setup(&l);
    d = parse(&l, rows[_i].text);
    stream_init(&s, 8, 0, 0, 0);
    t = s;
    dist_draw(&d, &s);
    stream_u01(&t);
    ck_assert_uint_eq(stream_u64(&s), stream_u64(&t));
    arena_free(l.arena);
}
END_TEST

/* What is refused, and how; the field is called startup. */
static const struct {
    const char *text, *message, *help;
} refused[] = {
    { "5min", "\"startup\" must be a duration or a distribution, got \"5min\"",
      "units are us, ms, s, m, h, d, for example 1m30s; or "
      "{lognormal: {median: 12s, p95: 25s}}" },
    { "[1s]", "\"startup\" must be a duration or a distribution, got a list",
      "units are us, ms, s, m, h, d, for example 1m30s; or "
      "{lognormal: {median: 12s, p95: 25s}}" },
    { "{lognorml: {}}", "unknown distribution \"lognorml\"",
      "did you mean \"lognormal\"?" },
    { "{}", "a distribution names one law, such as {exponential: {mean: 5s}}",
      NULL },
    { "{exponential: {mean: 1s}, weibull: {}}",
      "a distribution names one law, such as {exponential: {mean: 5s}}",
      NULL },
    { "{exponential: 5s}", "\"exponential\" must be a map of parameters, got "
      "\"5s\"", "write {exponential: {mean: 5s}}" },
    { "{exponential: {mean: 0}}",
      "\"mean\" must be more than 0 and less than 1000000000 s, got \"0\"",
      NULL },
    { "{exponential: {}}", "an exponential distribution needs its mean",
      NULL },
    { "{lognormal: {median: 2s}}", "a lognormal distribution needs median "
      "and p95, or mean and cv", NULL },
    { "{lognormal: {median: 2s, p95: 1s}}", "p95 of a lognormal distribution "
      "lies below its median", NULL },
    { "{lognormal: {median: 2s, p95: 3s, cv: 1}}", "a lognormal distribution "
      "needs median and p95, or mean and cv", NULL },
    { "{gamma: {mean: 1s, cv: 2.51}}", "a gamma distribution of cv above 2.5 "
      "is not supported", "use {lognormal: {mean, cv}}" },
    { "{gamma: {mean: 1s}}", "a gamma distribution needs mean and cv", NULL },
    { "{weibull: {scale: 1s}}", "a weibull distribution needs scale and "
      "shape", NULL },
    { "{pareto: {min: 1s, shap: 2}}", "unknown field \"shap\" in "
      "startup.pareto", "did you mean \"shape\"?" },
    { "{uniform: [1s]}", "a uniform distribution is written [least, "
      "greatest]", NULL },
    { "{uniform: [2s, 1s]}", "these durations must not decrease", NULL },
    { "{triangular: [1s, 5s, 4s]}", "these durations must not decrease",
      NULL },
    { "{triangular: [1s, 2]}", "\"triangular[1]\" must be a duration such as "
      "250ms, 90s, 1m30s or 2h, got \"2\"", NULL },
    { "{empirical: []}", "\"empirical\" must be a list of durations, got a "
      "list", NULL },
    { "{empirical: x.csv}", "\"empirical\" must be a list of durations, got "
      "\"x.csv\"", NULL },
    { "{mixture: [{exponential: {mean: 1s}}]}", "a part of a mixture needs a "
      "positive weight and a law: {weight: 90%, lognormal: {...}}", NULL },
    { "{mixture: 3}", "\"mixture\" must be a list of parts with weights, got "
      "\"3\"", NULL },
};

START_TEST(faulty_laws_are_refused_in_clear_words)
{
    struct lab l;
    struct dist d = dist_constant(7);

    setup(&l);
    ck_assert(!dist_parse(&l.binder,
                          value_flow(l.arena, refused[_i].text, NULL), &d));
    ck_assert_int_eq(d.fixed, 7);
    ck_assert_uint_eq(l.errors.len, 1);
    ck_assert_str_eq(l.errors.items[0].text, refused[_i].message);
    ck_assert_pstr_eq(l.errors.items[0].help, refused[_i].help);
    ck_assert_ptr_nonnull(l.errors.items[0].path);
    arena_free(l.arena);
}
END_TEST

static bool load(struct binder *b, const struct value *name, const double **x,
                 size_t *n)
{
    static const double sample[] = { 3, 1, 2 };

    if (strcmp(value_text(name, ""), "good.csv") != 0) {
        err_error(b->errors, NULL, "no such file");
        return false;
    }
    *x = sample;
    *n = COUNT_OF(sample);
    return true;
}

START_TEST(samples_come_from_files_through_the_hook)
{
    struct lab l;
    struct dist d;

    setup(&l);
    l.binder.load_sample = load;
    d = parse(&l, "{empirical: good.csv}");
    ck_assert_int_eq(dist_at(&d, 0.5), 2 * SIM_S);
    ck_assert_str_eq(dist_format(l.arena, &d), "{empirical: [1s, 2s, 3s]}");
    ck_assert(!dist_parse(&l.binder,
                          value_flow(l.arena, "{empirical: bad.csv}", NULL),
                          &d));
    ck_assert_str_eq(l.errors.items[0].text, "no such file");
    arena_free(l.arena);
}
END_TEST

START_TEST(mixtures_of_never_lose_nothing)
{
    struct lab l;
    struct dist d;
    struct stream s;
    int never = 0;

    setup(&l);
    d = parse(&l, "{mixture: [{weight: 30%, constant: never}, "
              "{weight: 70%, constant: 1s}]}");
    stream_init(&s, 1, 0, 0, 0);
    for (int i = 0; i < DRAWS; i++)
        never += dist_draw(&d, &s) == SIM_NEVER;
    /* 99.9 % of a binomial(100000, 0.3). */
    ck_assert_int_lt(abs(never - 30000), (int)(3.29 * sqrt(21000)));
    ck_assert(isinf(dist_mean(&d)));
    ck_assert_str_eq(dist_format(l.arena, &d), "{mixture: [{weight: 0.7, "
                     "constant: 1s}, {weight: 0.3, constant: never}]}");
    arena_free(l.arena);
}
END_TEST

START_TEST(schema_names_every_law)
{
    FILE *f = tmpfile();
    char text[8192];
    size_t n;

    dist_schema(f);
    rewind(f);
    n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char law[32];

        snprintf(law, sizeof law, "\"%.*s\":",
                 (int)strcspn(rows[i].text + 1, ":"), rows[i].text + 1);
        ck_assert_msg(strstr(text, law) != NULL, "%s", law);
    }
}
END_TEST

/* ---- tables ------------------------------------------------------------- */

static const char *const hastened[] = {
    "{lognormal: {median: 5ms, p95: 20ms}}",
    "{lognormal: {median: 900us, p95: 1100us}}",
    "{lognormal: {median: 1ms, p95: 10s}}",
    "{exponential: {mean: 5ms}}",
    "{exponential: {mean: 3us}}",
    "{exponential: {mean: 2h}}",
    "{weibull: {scale: 30ms, shape: 0.5}}",
    "{weibull: {scale: 30ms, shape: 8}}",
    "{pareto: {min: 1ms, shape: 1.1}}",
};

static void expect_same(const struct dist *formula, const struct dist *table,
                        double u)
{
    sim_time want = dist_at(formula, u), got = dist_at(table, u);

    if (want != got)
        ck_abort_msg("at %.17g: %lld, by table %lld", u, (long long)want,
                     (long long)got);
}

/* Where the formula steps from t to the next duration, and beside it. */
static void expect_same_step(const struct dist *formula,
                             const struct dist *table, sim_time t)
{
    double low = 0, high = 1;

    for (int i = 0; i < 60 && nextafter(low, 1) < high; i++) {
        double mid = (low + high) / 2;

        if (dist_at(formula, mid) <= t)
            low = mid;
        else
            high = mid;
    }
    for (int i = 0; i < 8; i++) {
        if (low > 0)
            expect_same(formula, table, low);
        if (high < 1)
            expect_same(formula, table, high);
        low = nextafter(low, 0);
        high = nextafter(high, 1);
    }
}

START_TEST(a_table_gives_what_the_formula_gives)
{
    struct dist formula, table;
    struct bulk b;
    struct lab l;

    setup(&l);
    formula = table = parse(&l, hastened[_i]);
    dist_hasten(l.arena, &table);
    ck_assert_msg(table.quick != NULL, "no table: %s", hastened[_i]);
    bulk_init(&b, 1, 2, 3, (uint32_t)_i);
    for (int i = 0; i < 200000; i++)
        expect_same(&formula, &table, bulk_u01(&b));
    for (int i = 0; i < 2000; i++) {
        double u = bulk_u01(&b);

        expect_same_step(&formula, &table, dist_at(&formula, u));
        expect_same(&formula, &table, ldexp(u, -(i % 45) - 1));
        expect_same(&formula, &table, 1 - ldexp(u, -(i % 45) - 1));
    }
    expect_same(&formula, &table, 0x1p-53);
    expect_same(&formula, &table, 1 - 0x1p-53);
    expect_same(&formula, &table, 0.5);
    arena_free(l.arena);
}
END_TEST

START_TEST(only_smooth_laws_get_a_table)
{
    struct dist d;
    struct lab l;

    setup(&l);
    d = parse(&l, "{triangular: [1s, 2s, 6s]}");
    dist_hasten(l.arena, &d);
    ck_assert(d.quick == NULL);
    d = parse(&l, "5ms");
    dist_hasten(l.arena, &d);
    ck_assert(d.quick == NULL && dist_at(&d, 0.3) == 5 * SIM_MS);
    arena_free(l.arena);
}
END_TEST

static void add_laws(TCase *tc)
{
    int n = (int)COUNT_OF(rows);

    tcase_add_loop_test(tc, quantiles_invert_the_distribution_function, 0,
                        n - 1);
    tcase_add_loop_test(tc, draws_follow_the_distribution_function, 0, n);
    tcase_add_loop_test(tc, draws_are_monotone_in_the_uniform, 0, n);
    tcase_add_loop_test(tc, mean_of_draws_is_the_mean, 0, n);
    tcase_add_loop_test(tc, draws_and_gsl_samplers_agree, 0, n);
    tcase_add_loop_test(tc, text_of_a_law_is_read_back, 0, n);
    tcase_add_loop_test(tc, every_draw_uses_one_uniform, 0, n);
}

int main(void)
{
    Suite *s = suite_create("dist");
    TCase *tc = tcase_create("dist");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_set_timeout(tc, 60);
    add_laws(tc);
    tcase_add_test(tc, constants_are_exact_and_use_no_uniform);
    tcase_add_test(tc, makers_equal_what_is_parsed);
    tcase_add_loop_test(tc, faulty_laws_are_refused_in_clear_words, 0,
                        (int)COUNT_OF(refused));
    tcase_add_test(tc, samples_come_from_files_through_the_hook);
    tcase_add_test(tc, mixtures_of_never_lose_nothing);
    tcase_add_test(tc, schema_names_every_law);
    tcase_add_loop_test(tc, a_table_gives_what_the_formula_gives, 0,
                        (int)COUNT_OF(hastened));
    tcase_add_test(tc, only_smooth_laws_get_a_table);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
