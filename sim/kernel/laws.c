/*
 * laws.c - the laws that have a formula: parse, draw, average, print.
 *
 * Every law is drawn by its inverse: one uniform, one value, larger uniform,
 * larger value.  The gamma law has no closed inverse: 1024 of its quantiles
 * are computed when it is parsed, equally spaced in the logit of u (so both
 * tails are covered to the last uniform), and ln of the value is interpolated
 * between them; the error is below 10^-3 of the value.
 *
 * Parameters are what people measure.  lognormal: sigma is ln(p95 / median)
 * over the 95 % point of the normal law; from mean and cv, sigma^2 is
 * ln(1 + cv^2).
 * Source: Law & Kelton, "Simulation Modeling and Analysis", chapter 8.
 */
#include "law_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/units.h"

#define NORMAL_95 1.6448536269514722    /* 95 % point of the normal law */
#define GAMMA_POINTS 1024
#define LOGIT_MAX 37.0          /* beyond the logit of any uniform */
#define GAMMA_CV_MAX 2.5        /* GSL's inverse fails below shape 0.15 */

/* Parameters as written; what is absent is 0. */
struct parameters {
    int64_t mean, median, p95, scale, min;
    double cv, shape;
};

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

/* ---- text --------------------------------------------------------------- */

void law_put_seconds(struct buf *out, double s)
{
    char room[32];

    buf_puts(out, format_duration(room, llrint(s * 1e9)));
}

/* To twelve digits, so that what comes from a formula reads as it was
 * written. */
void law_put_number(struct buf *out, double x)
{
    char room[40];
    double rounded;

    snprintf(room, sizeof room, "%.11e", x);
    rounded = strtod(room, NULL);
    buf_puts(out, format_real(room, rounded));
}

static void put_named(struct buf *out, const char *name, double s)
{
    buf_printf(out, "%s: ", name);
    law_put_seconds(out, s);
}

/* ---- faults ------------------------------------------------------------- */

static struct diag *fault(struct binder *b, const struct value *v,
                          const char *text)
{
    struct diag *d = err_error(b->errors, v->mark.line ? &v->mark : NULL,
                               "%s", text);

    d->path = arena_strdup(b->errors->arena, b->path);
    d->type = "Invalid";
    return d;
}

bool law_wrong(struct binder *b, const struct value *v, const char *text)
{
    fault(b, v, text);
    return false;
}

static bool bind(struct binder *b, const struct law *law,
                 const struct value *v, struct parameters *p)
{
    *p = (struct parameters){ 0 };
    if (v->type != VALUE_MAP) {
        diag_help(b->errors, field_expected(b, v, "a map of parameters"),
                  "write {%s: {%s: 5s}}", law->name, law->fields->key);
        return false;
    }
    return field_bind(b, v, law->fields, p);
}

/* ---- constant and never ------------------------------------------------- */

struct dist dist_constant(sim_time t)
{
    return (struct dist){ .law = DIST_CONSTANT, .a = seconds(t), .fixed = t };
}

struct dist dist_never(void)
{
    return (struct dist){ .law = DIST_NEVER };
}

static bool parse_scalar(struct binder *b, const struct law *law,
                         const struct value *v, struct dist *d)
{
    const char *s = value_text(v, NULL);
    int64_t ns;

    (void)law;
    if (s && strcmp(s, "never") == 0) {
        *d = dist_never();
        return true;
    }
    if (!s || !parse_duration(s, &ns, NULL)) {
        diag_help(b->errors,
                  field_expected(b, v, "a duration or a distribution"),
                  "units are us, ms, s, m, h, d, for example 1m30s; or "
                  "{lognormal: {median: 12s, p95: 25s}}");
        return false;
    }
    *d = dist_constant(ns);
    return true;
}

static double constant_at(const struct dist *d, double u)
{
    (void)u;
    return d->a;
}

static double constant_mean(const struct dist *d)
{
    return d->a;
}

static void constant_put(struct buf *out, const struct dist *d)
{
    char room[32];

    buf_puts(out, format_duration(room, d->fixed));
}

static double never_at(const struct dist *d, double u)
{
    (void)d;
    (void)u;
    return INFINITY;
}

static double never_mean(const struct dist *d)
{
    (void)d;
    return INFINITY;
}

static void never_put(struct buf *out, const struct dist *d)
{
    (void)d;
    buf_puts(out, "never");
}

void law_scalar_schema(FILE *out)
{
    fputs("{\"anyOf\":[{\"const\":0},{\"type\":\"string\",\"pattern\":"
          "\"^(never|0|([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h|d))+)$\"}]}", out);
}

/* ---- exponential -------------------------------------------------------- */

#define POSITIVE_TIME(member, key_, doc_)                                     \
    { .type = FIELD_T_DURATION, .key = key_, .max = 1e9, .unit = "s",         \
      .offset = offsetof(struct parameters, member), .doc = doc_,             \
      .flags = FIELD_EXCLUSIVE }
#define POSITIVE_REAL(member, key_, max_, doc_)                               \
    { .type = FIELD_T_REAL, .key = key_, .max = max_, .unit = "-",            \
      .offset = offsetof(struct parameters, member), .doc = doc_,             \
      .flags = FIELD_EXCLUSIVE }

static const struct field exponential_fields[] = {
    POSITIVE_TIME(mean, "mean", "The mean."),
    FIELD_END
};

struct dist dist_exponential(double mean_s)
{
    return (struct dist){ .law = DIST_EXPONENTIAL, .a = mean_s };
}

static bool exponential_parse(struct binder *b, const struct law *law,
                              const struct value *v, struct dist *d)
{
    struct parameters p;

    if (!bind(b, law, v, &p))
        return false;
    if (!p.mean)
        return law_wrong(b, v, "an exponential distribution needs its mean");
    *d = dist_exponential(seconds(p.mean));
    return true;
}

static double exponential_at(const struct dist *d, double u)
{
    return -d->a * log1p(-u);
}

static double exponential_mean(const struct dist *d)
{
    return d->a;
}

static void exponential_put(struct buf *out, const struct dist *d)
{
    put_named(out, "{mean", d->a);
    buf_putc(out, '}');
}

/* ---- lognormal ---------------------------------------------------------- */

static const struct field lognormal_fields[] = {
    POSITIVE_TIME(median, "median", "The median; goes with p95."),
    POSITIVE_TIME(p95, "p95", "What 95 % lie below; goes with median."),
    POSITIVE_TIME(mean, "mean", "The mean; goes with cv."),
    POSITIVE_REAL(cv, "cv", 100, "Standard deviation over mean; goes with "
                  "mean."),
    FIELD_END
};

struct dist dist_lognormal(double median_s, double p95_s)
{
    return (struct dist){ .law = DIST_LOGNORMAL, .a = log(median_s),
                          .b = log(p95_s / median_s) / NORMAL_95 };
}

static bool lognormal_parse(struct binder *b, const struct law *law,
                            const struct value *v, struct dist *d)
{
    struct parameters p;

    if (!bind(b, law, v, &p))
        return false;
    if (p.median && p.p95 && !p.mean && p.cv == 0) {
        if (p.p95 < p.median)
            return law_wrong(b, v, "p95 of a lognormal distribution lies below "
                             "its median");
        *d = dist_lognormal(seconds(p.median), seconds(p.p95));
        return true;
    }
    if (p.mean && p.cv > 0 && !p.median && !p.p95) {
        double square = log1p(p.cv * p.cv);

        *d = (struct dist){ .law = DIST_LOGNORMAL, .b = sqrt(square),
                            .a = log(seconds(p.mean)) - square / 2 };
        return true;
    }
    return law_wrong(b, v, "a lognormal distribution needs median and p95, or "
                     "mean and cv");
}

static double lognormal_at(const struct dist *d, double u)
{
    return exp(d->a + d->b * gsl_cdf_ugaussian_Pinv(u));
}

static double lognormal_mean(const struct dist *d)
{
    return exp(d->a + d->b * d->b / 2);
}

static void lognormal_put(struct buf *out, const struct dist *d)
{
    put_named(out, "{median", exp(d->a));
    put_named(out, ", p95", exp(d->a + d->b * NORMAL_95));
    buf_putc(out, '}');
}

/* ---- gamma -------------------------------------------------------------- */

static const struct field gamma_fields[] = {
    POSITIVE_TIME(mean, "mean", "The mean."),
    POSITIVE_REAL(cv, "cv", 1e3, "Standard deviation over mean, at most 2.5."),
    FIELD_END
};

/* ln of the quantile of gamma(shape, 1) by bisection: slow and sure. */
static double gamma_bisect(double shape, double low_u, double high_u)
{
    double low = -800, high = 20;

    for (int i = 0; i < 80; i++) {
        double middle = (low + high) / 2, x = exp(middle);
        bool below = low_u < 0.5 ? gsl_cdf_gamma_P(x, shape, 1) < low_u
            : gsl_cdf_gamma_Q(x, shape, 1) > high_u;

        if (below)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* ln of the quantile at the given logit.  Near 0 the distribution function is
 * x^shape / Gamma(shape + 1), which is inverted directly; GSL's inverse is
 * used where it agrees with GSL's own distribution function. */
static double gamma_quantile(double shape, double logit)
{
    double u = 1 / (1 + exp(-logit)), v = 1 / (1 + exp(logit));
    double small = (log(u) + lgamma(shape + 1)) / shape, x, back;

    if (small < log(1e-9))
        return small;
    x = logit < 0 ? gsl_cdf_gamma_Pinv(u, shape, 1)
        : gsl_cdf_gamma_Qinv(v, shape, 1);
    if (!isfinite(x) || x <= 0)
        return gamma_bisect(shape, u, v);
    back = logit < 0 ? gsl_cdf_gamma_P(x, shape, 1) / u
        : gsl_cdf_gamma_Q(x, shape, 1) / v;
    if (!(fabs(back - 1) < 1e-6))
        return gamma_bisect(shape, u, v);
    return log(x);
}

static double logit_at(size_t i)
{
    return LOGIT_MAX * (2.0 * (double)i / (GAMMA_POINTS - 1) - 1);
}

static bool gamma_parse(struct binder *b, const struct law *law,
                        const struct value *v, struct dist *d)
{
    struct parameters p;
    double *table;

    if (!bind(b, law, v, &p))
        return false;
    if (!p.mean || p.cv == 0)
        return law_wrong(b, v, "a gamma distribution needs mean and cv");
    if (p.cv > GAMMA_CV_MAX) {
        diag_help(b->errors,
                  fault(b, v, "a gamma distribution of cv above 2.5 is not "
                        "supported"), "use {lognormal: {mean, cv}}");
        return false;
    }
    *d = (struct dist){ .law = DIST_GAMMA, .a = 1 / (p.cv * p.cv),
                        .b = seconds(p.mean) * p.cv * p.cv };
    table = arena_many(b->arena, double, GAMMA_POINTS);
    for (size_t i = 0; i < GAMMA_POINTS; i++) {
        table[i] = gamma_quantile(d->a, logit_at(i));
        if (i > 0 && table[i] < table[i - 1])
            table[i] = table[i - 1];
    }
    d->table = table;
    d->len = GAMMA_POINTS;
    return true;
}

double law_between(const double *table, double place)
{
    size_t i = (size_t)place;

    return table[i] + (place - (double)i) * (table[i + 1] - table[i]);
}

static double gamma_at(const struct dist *d, double u)
{
    double logit = log(u) - log1p(-u);
    double place = (logit / LOGIT_MAX + 1) * ((GAMMA_POINTS - 1) / 2.0);

    return d->b * exp(law_between(d->table, place));
}

static double gamma_mean(const struct dist *d)
{
    return d->a * d->b;
}

static void gamma_put(struct buf *out, const struct dist *d)
{
    put_named(out, "{mean", d->a * d->b);
    buf_puts(out, ", cv: ");
    law_put_number(out, 1 / sqrt(d->a));
    buf_putc(out, '}');
}

/* ---- weibull ------------------------------------------------------------ */

static const struct field weibull_fields[] = {
    POSITIVE_TIME(scale, "scale", "What 63.2 % lie below."),
    POSITIVE_REAL(shape, "shape", 100, "Below 1 wears in, above 1 wears out."),
    FIELD_END
};

static bool weibull_parse(struct binder *b, const struct law *law,
                          const struct value *v, struct dist *d)
{
    struct parameters p;

    if (!bind(b, law, v, &p))
        return false;
    if (!p.scale || p.shape == 0)
        return law_wrong(b, v, "a weibull distribution needs scale and shape");
    *d = (struct dist){ .law = DIST_WEIBULL, .a = seconds(p.scale),
                        .b = p.shape };
    return true;
}

static double weibull_at(const struct dist *d, double u)
{
    return d->a * pow(-log1p(-u), 1 / d->b);
}

static double weibull_mean(const struct dist *d)
{
    return d->a * tgamma(1 + 1 / d->b);
}

static void weibull_put(struct buf *out, const struct dist *d)
{
    put_named(out, "{scale", d->a);
    buf_puts(out, ", shape: ");
    law_put_number(out, d->b);
    buf_putc(out, '}');
}

/* ---- pareto ------------------------------------------------------------- */

static const struct field pareto_fields[] = {
    POSITIVE_TIME(min, "min", "The least value."),
    POSITIVE_REAL(shape, "shape", 100, "The exponent of the tail; the mean is "
                  "infinite up to 1, the variance up to 2."),
    FIELD_END
};

static bool pareto_parse(struct binder *b, const struct law *law,
                         const struct value *v, struct dist *d)
{
    struct parameters p;

    if (!bind(b, law, v, &p))
        return false;
    if (!p.min || p.shape == 0)
        return law_wrong(b, v, "a pareto distribution needs min and shape");
    *d = (struct dist){ .law = DIST_PARETO, .a = seconds(p.min),
                        .b = p.shape };
    return true;
}

static double pareto_at(const struct dist *d, double u)
{
    return d->a * exp(-log1p(-u) / d->b);
}

static double pareto_mean(const struct dist *d)
{
    return d->b <= 1 ? INFINITY : d->a * d->b / (d->b - 1);
}

static void pareto_put(struct buf *out, const struct dist *d)
{
    put_named(out, "{min", d->a);
    buf_puts(out, ", shape: ");
    law_put_number(out, d->b);
    buf_putc(out, '}');
}

/* ---- uniform, triangular, empirical: written as lists ------------------- */

/* The durations of list v, in seconds; NULL after a fault. */
double *law_times(struct binder *b, const struct value *v)
{
    double *x;
    bool ok = true;

    if (v->type != VALUE_LIST || v->len == 0) {
        field_expected(b, v, "a list of durations");
        return NULL;
    }
    x = arena_many(b->arena, double, v->len);
    for (size_t i = 0; i < v->len; i++) {
        const char *s = value_text(v->u.items[i], NULL), *why = "a duration";
        size_t mark = field_enter_item(b, i);
        int64_t ns = 0;

        if (!s || !parse_duration(s, &ns, &why)) {
            field_expected(b, v->u.items[i], why);
            ok = false;
        }
        field_leave(b, mark);
        x[i] = seconds(ns);
    }
    return ok ? x : NULL;
}

static bool limits_parse(struct binder *b, const struct law *law,
                         const struct value *v, struct dist *d)
{
    bool mode = law == &law_triangular;
    double *x = law_times(b, v);

    if (!x)
        return false;
    if (v->len != (mode ? 3 : 2))
        return law_wrong(b, v, mode
                         ? "a triangular distribution is written [least, most "
                         "likely, greatest]"
                         : "a uniform distribution is written [least, "
                         "greatest]");
    *d = (struct dist){ .law = mode ? DIST_TRIANGULAR : DIST_UNIFORM,
                        .a = x[0], .b = x[v->len - 1],
                        .c = mode ? x[1] : 0 };
    if (d->a > d->b || (mode && (d->c < d->a || d->c > d->b)))
        return law_wrong(b, v, "these durations must not decrease");
    return true;
}

static double uniform_at(const struct dist *d, double u)
{
    return d->a + u * (d->b - d->a);
}

static double uniform_mean(const struct dist *d)
{
    return (d->a + d->b) / 2;
}

static void uniform_put(struct buf *out, const struct dist *d)
{
    buf_putc(out, '[');
    law_put_seconds(out, d->a);
    buf_puts(out, ", ");
    law_put_seconds(out, d->b);
    buf_putc(out, ']');
}

static double triangular_at(const struct dist *d, double u)
{
    double width = d->b - d->a, left = d->c - d->a, right = d->b - d->c;

    if (u * width < left)
        return d->a + sqrt(u * width * left);
    return d->b - sqrt((1 - u) * width * right);
}

static double triangular_mean(const struct dist *d)
{
    return (d->a + d->b + d->c) / 3;
}

static void triangular_put(struct buf *out, const struct dist *d)
{
    buf_putc(out, '[');
    law_put_seconds(out, d->a);
    buf_puts(out, ", ");
    law_put_seconds(out, d->c);
    buf_puts(out, ", ");
    law_put_seconds(out, d->b);
    buf_putc(out, ']');
}

static void list_schema(FILE *out)
{
    fputs("{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"number\"]}}",
          out);
}

/* ---- the rows ----------------------------------------------------------- */

const struct law law_constant = {
    "constant", NULL, parse_scalar, constant_at, constant_mean, constant_put,
    law_scalar_schema
};
const struct law law_exponential = {
    "exponential", exponential_fields, exponential_parse, exponential_at,
    exponential_mean, exponential_put, NULL
};
const struct law law_lognormal = {
    "lognormal", lognormal_fields, lognormal_parse, lognormal_at,
    lognormal_mean, lognormal_put, NULL
};
const struct law law_gamma = {
    "gamma", gamma_fields, gamma_parse, gamma_at, gamma_mean, gamma_put, NULL
};
const struct law law_weibull = {
    "weibull", weibull_fields, weibull_parse, weibull_at, weibull_mean,
    weibull_put, NULL
};
const struct law law_pareto = {
    "pareto", pareto_fields, pareto_parse, pareto_at, pareto_mean, pareto_put,
    NULL
};
const struct law law_uniform = {
    "uniform", NULL, limits_parse, uniform_at, uniform_mean, uniform_put,
    list_schema
};
const struct law law_triangular = {
    "triangular", NULL, limits_parse, triangular_at, triangular_mean,
    triangular_put, list_schema
};
/* Written as the word, hence never looked up by name. */
const struct law law_never = {
    NULL, NULL, NULL, never_at, never_mean, never_put, NULL
};
