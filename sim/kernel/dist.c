/*
 * dist.c - distributions of durations and other positive numbers.
 *
 * Every law is drawn by its inverse: one uniform, one value, larger uniform,
 * larger value.  The gamma law has no closed inverse: 1024 of its quantiles
 * are computed when it is parsed, equally spaced in the logit of u (so both
 * tails are covered to the last uniform), and ln of the value is interpolated
 * between them; the error is below 10^-3 of the value.  A mixture splits its
 * uniform: the part it falls into, and the place within it.
 *
 * Parameters are what people measure.  lognormal: sigma is ln(p95 / median)
 * over the 95 % point of the normal law; from mean and cv, sigma^2 is
 * ln(1 + cv^2).  An empirical law is its sorted sample, linearly interpolated,
 * so nothing beyond the sample's extremes ever occurs.
 * Source: Law & Kelton, "Simulation Modeling and Analysis", chapter 8.
 */
#include "kernel/dist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>

#include "base/bug.h"
#include "base/text.h"
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

struct law {
    const char *name;
    enum dist_law law;
    const struct field *fields; /* NULL: the law is written as a list */
    bool (*parse)(struct binder *b, const struct law *law,
                  const struct value *v, struct dist *d);
    double (*at)(const struct dist *d, double u);
    double (*mean)(const struct dist *d);
    void (*put)(struct buf *out, const struct dist *d);
    void (*schema)(FILE *out);  /* NULL: that of fields */
};

static const struct law *law_of(const struct dist *d);
static void put_dist(struct buf *out, const struct dist *d);

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

/* ---- text --------------------------------------------------------------- */

static void put_seconds(struct buf *out, double s)
{
    char room[32];

    buf_puts(out, format_duration(room, llrint(s * 1e9)));
}

/* To twelve digits, so that what comes from a formula reads as it was
 * written. */
static void put_number(struct buf *out, double x)
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
    put_seconds(out, s);
}

/* ---- faults ------------------------------------------------------------- */

static bool wrong(struct binder *b, const struct value *v, const char *text)
{
    struct diag *d = err_error(b->errors, v->mark.line ? &v->mark : NULL,
                               "%s", text);

    d->path = arena_strdup(b->errors->arena, b->path);
    d->type = "Invalid";
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

static void scalar_schema(FILE *out)
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
        return wrong(b, v, "an exponential distribution needs its mean");
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
            return wrong(b, v, "p95 of a lognormal distribution lies below "
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
    return wrong(b, v, "a lognormal distribution needs median and p95, or "
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
        return wrong(b, v, "a gamma distribution needs mean and cv");
    if (p.cv > GAMMA_CV_MAX) {
        wrong(b, v, "a gamma distribution of cv above 2.5 is not supported");
        diag_help(b->errors, &b->errors->items[b->errors->len - 1],
                  "use {lognormal: {mean, cv}}");
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

static double between(const double *table, double place)
{
    size_t i = (size_t)place;

    return table[i] + (place - (double)i) * (table[i + 1] - table[i]);
}

static double gamma_at(const struct dist *d, double u)
{
    double logit = log(u) - log1p(-u);
    double place = (logit / LOGIT_MAX + 1) * ((GAMMA_POINTS - 1) / 2.0);

    return d->b * exp(between(d->table, place));
}

static double gamma_mean(const struct dist *d)
{
    return d->a * d->b;
}

static void gamma_put(struct buf *out, const struct dist *d)
{
    put_named(out, "{mean", d->a * d->b);
    buf_puts(out, ", cv: ");
    put_number(out, 1 / sqrt(d->a));
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
        return wrong(b, v, "a weibull distribution needs scale and shape");
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
    put_number(out, d->b);
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
        return wrong(b, v, "a pareto distribution needs min and shape");
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
    put_number(out, d->b);
    buf_putc(out, '}');
}

/* ---- uniform, triangular, empirical: written as lists ------------------- */

/* The durations of list v, in seconds; NULL after a fault. */
static double *read_times(struct binder *b, const struct value *v)
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
    bool mode = law->law == DIST_TRIANGULAR;
    double *x = read_times(b, v);

    if (!x)
        return false;
    if (v->len != (mode ? 3 : 2))
        return wrong(b, v, mode ? "a triangular distribution is written "
                     "[least, most likely, greatest]"
                     : "a uniform distribution is written [least, greatest]");
    *d = (struct dist){ .law = law->law, .a = x[0], .b = x[v->len - 1],
                        .c = mode ? x[1] : 0 };
    if (d->a > d->b || (mode && (d->c < d->a || d->c > d->b)))
        return wrong(b, v, "these durations must not decrease");
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
    put_seconds(out, d->a);
    buf_puts(out, ", ");
    put_seconds(out, d->b);
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
    put_seconds(out, d->a);
    buf_puts(out, ", ");
    put_seconds(out, d->c);
    buf_puts(out, ", ");
    put_seconds(out, d->b);
    buf_putc(out, ']');
}

static int ascending(const void *va, const void *vb)
{
    const double *a = va, *b = vb;

    return (*a > *b) - (*a < *b);
}

static bool empirical_parse(struct binder *b, const struct law *law,
                            const struct value *v, struct dist *d)
{
    const double *x;
    double *sorted;
    size_t n = v->len;

    (void)law;
    if (v->type == VALUE_SCALAR && b->load_sample) {
        if (!b->load_sample(b, v, &x, &n))
            return false;
    } else {
        x = read_times(b, v);
    }
    if (!x)
        return false;
    if (n == 0)
        return wrong(b, v, "an empirical distribution needs a value");
    sorted = arena_memdup(b->arena, x, n * sizeof *x);
    qsort(sorted, n, sizeof *sorted, ascending);
    if (!(sorted[0] >= 0))
        return wrong(b, v, "a sample of durations has a negative one");
    *d = (struct dist){ .law = DIST_EMPIRICAL, .table = sorted, .len = n };
    return true;
}

static double empirical_at(const struct dist *d, double u)
{
    return d->len == 1 ? d->table[0]
        : between(d->table, u * (double)(d->len - 1));
}

static double empirical_mean(const struct dist *d)
{
    double sum = -(d->table[0] + d->table[d->len - 1]) / 2;

    if (d->len == 1)
        return d->table[0];
    for (size_t i = 0; i < d->len; i++)
        sum += d->table[i];
    return sum / (double)(d->len - 1);
}

static void empirical_put(struct buf *out, const struct dist *d)
{
    for (size_t i = 0; i < d->len; i++) {
        buf_puts(out, i ? ", " : "[");
        put_seconds(out, d->table[i]);
    }
    buf_putc(out, ']');
}

static void list_schema(FILE *out)
{
    fputs("{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"number\"]}}",
          out);
}

static void sample_schema(FILE *out)
{
    fputs("{\"type\":[\"array\",\"string\"]}", out);
}

/* ---- mixture ------------------------------------------------------------ */

struct part {
    double weight, mean;
    struct dist dist;
};

static int by_mean(const void *va, const void *vb)
{
    const struct part *a = va, *b = vb;

    return (a->mean > b->mean) - (a->mean < b->mean);
}

/* A copy of map v without its weight. */
static const struct value *without_weight(struct arena *a,
                                          const struct value *v)
{
    return value_set(a, v, "weight", NULL);
}

static bool part_parse(struct binder *b, const struct value *v,
                       struct part *part)
{
    const char *text = value_text(value_get(v, "weight"), NULL);

    if (v->type != VALUE_MAP || !text
        || !parse_share(text, true, &part->weight, NULL)
        || part->weight <= 0)
        return wrong(b, v, "a part of a mixture needs a positive weight and "
                     "a law: {weight: 90%, lognormal: {...}}");
    return dist_parse(b, without_weight(b->arena, v), &part->dist);
}

static void fill_mixture(struct binder *b, struct dist *d, struct part *parts,
                         size_t n)
{
    struct dist *copies = arena_many(b->arena, struct dist, n);
    double *cumulative = arena_many(b->arena, double, n), sum = 0, so_far = 0;

    for (size_t i = 0; i < n; i++) {
        parts[i].mean = dist_mean(&parts[i].dist);
        sum += parts[i].weight;
    }
    qsort(parts, n, sizeof *parts, by_mean);
    for (size_t i = 0; i < n; i++) {
        so_far += parts[i].weight;
        copies[i] = parts[i].dist;
        cumulative[i] = so_far / sum;
    }
    cumulative[n - 1] = 1;
    *d = (struct dist){ .law = DIST_MIXTURE, .len = n, .parts = copies,
                        .cumulative = cumulative };
}

static bool mixture_parse(struct binder *b, const struct law *law,
                          const struct value *v, struct dist *d)
{
    struct part *parts;
    bool ok = true;

    (void)law;
    if (v->type != VALUE_LIST || v->len == 0) {
        field_expected(b, v, "a list of parts with weights");
        return false;
    }
    parts = arena_many(b->arena, struct part, v->len);
    for (size_t i = 0; i < v->len; i++) {
        size_t mark = field_enter_item(b, i);

        ok &= part_parse(b, v->u.items[i], &parts[i]);
        field_leave(b, mark);
    }
    if (ok)
        fill_mixture(b, d, parts, v->len);
    return ok;
}

/* The part that u falls into; *u becomes its place in that part. */
static const struct dist *part_at(const struct dist *d, double *u)
{
    double before = 0, inside;
    size_t i = 0;

    while (i + 1 < d->len && *u >= d->cumulative[i])
        before = d->cumulative[i++];
    inside = (*u - before) / (d->cumulative[i] - before);
    *u = inside < 0x1p-53 ? 0x1p-53 : inside > 1 - 0x1p-53 ? 1 - 0x1p-53
        : inside;
    return &d->parts[i];
}

static double mixture_at(const struct dist *d, double u)
{
    const struct dist *part = part_at(d, &u);

    return dist_real_at(part, u);
}

static double mixture_mean(const struct dist *d)
{
    double sum = 0, before = 0;

    for (size_t i = 0; i < d->len; i++) {
        sum += (d->cumulative[i] - before) * dist_mean(&d->parts[i]);
        before = d->cumulative[i];
    }
    return sum;
}

static void mixture_put(struct buf *out, const struct dist *d)
{
    double before = 0;

    for (size_t i = 0; i < d->len; i++) {
        const struct law *law = law_of(&d->parts[i]);

        buf_puts(out, i ? ", {weight: " : "[{weight: ");
        put_number(out, d->cumulative[i] - before);
        buf_printf(out, ", %s: ", law->law == DIST_NEVER ? "constant"
                   : law->name);
        law->put(out, &d->parts[i]);
        buf_putc(out, '}');
        before = d->cumulative[i];
    }
    buf_putc(out, ']');
}

static void mixture_schema(FILE *out)
{
    fputs("{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":"
          "[\"weight\"]}}", out);
}

/* ---- the table ---------------------------------------------------------- */

static const struct law laws[] = {
    { "constant", DIST_CONSTANT, NULL, parse_scalar, constant_at,
      constant_mean, constant_put, scalar_schema },
    { "exponential", DIST_EXPONENTIAL, exponential_fields, exponential_parse,
      exponential_at, exponential_mean, exponential_put, NULL },
    { "lognormal", DIST_LOGNORMAL, lognormal_fields, lognormal_parse,
      lognormal_at, lognormal_mean, lognormal_put, NULL },
    { "gamma", DIST_GAMMA, gamma_fields, gamma_parse, gamma_at, gamma_mean,
      gamma_put, NULL },
    { "weibull", DIST_WEIBULL, weibull_fields, weibull_parse, weibull_at,
      weibull_mean, weibull_put, NULL },
    { "pareto", DIST_PARETO, pareto_fields, pareto_parse, pareto_at,
      pareto_mean, pareto_put, NULL },
    { "uniform", DIST_UNIFORM, NULL, limits_parse, uniform_at, uniform_mean,
      uniform_put, list_schema },
    { "triangular", DIST_TRIANGULAR, NULL, limits_parse, triangular_at,
      triangular_mean, triangular_put, list_schema },
    { "empirical", DIST_EMPIRICAL, NULL, empirical_parse, empirical_at,
      empirical_mean, empirical_put, sample_schema },
    { "mixture", DIST_MIXTURE, NULL, mixture_parse, mixture_at, mixture_mean,
      mixture_put, mixture_schema },
    { NULL, DIST_NEVER, NULL, NULL, never_at, never_mean, never_put, NULL },
};

/* The enum and the table have the same order.  ORDER LAW */
static const struct law *law_of(const struct dist *d)
{
    return &laws[d->law];
}

static bool parse_law(struct binder *b, const struct value *v, struct dist *d)
{
    const char *names[COUNT_OF(laws)];
    const struct member *m = &v->u.members[0];
    struct diag *fault;

    for (size_t i = 0; i < COUNT_OF(laws); i++)
        names[i] = laws[i].name;
    if (v->len != 1)
        return wrong(b, v, "a distribution names one law, such as "
                     "{exponential: {mean: 5s}}");
    for (size_t i = 0; laws[i].name; i++) {
        if (strcmp(laws[i].name, m->key) == 0) {
            size_t mark = field_enter(b, m->key);
            bool ok = laws[i].parse(b, &laws[i], m->value, d);

            field_leave(b, mark);
            return ok;
        }
    }
    fault = err_error(b->errors, m->mark.line ? &m->mark : NULL,
                      "unknown distribution \"%s\"", m->key);
    fault->path = arena_strdup(b->errors->arena, b->path);
    fault->type = "NotSupported";
    diag_suggest(b->errors, fault, m->key, names);
    return false;
}

bool dist_parse(struct binder *b, const struct value *v, void *out)
{
    struct dist d = { 0 };
    bool ok = v->type == VALUE_MAP ? parse_law(b, v, &d)
        : parse_scalar(b, NULL, v, &d);

    if (ok)
        *(struct dist *)out = d;
    return ok;
}

void dist_schema(FILE *out)
{
    const char *separator = "";

    fputs("{\"anyOf\":[", out);
    scalar_schema(out);
    fputs(",{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":1,"
          "\"additionalProperties\":false,\"properties\":{", out);
    for (const struct law *law = laws; law->name; law++) {
        fprintf(out, "%s\"%s\":", separator, law->name);
        if (law->schema)
            law->schema(out);
        else
            field_schema(out, law->fields);
        separator = ",";
    }
    fputs("}}]}", out);
}

/* ---- use ---------------------------------------------------------------- */

double dist_real_at(const struct dist *d, double u)
{
    return law_of(d)->at(d, u);
}

sim_time dist_at(const struct dist *d, double u)
{
    double ns;

    if (d->law == DIST_CONSTANT)
        return d->fixed;
    if (d->law == DIST_MIXTURE) {
        const struct dist *part = part_at(d, &u);

        return dist_at(part, u);
    }
    ns = dist_real_at(d, u) * 1e9;
    if (!(ns < (double)SIM_NEVER))
        return SIM_NEVER;
    if (ns < 0)
        return 0;
    return ns < (double)SIM_MS ? llrint(ns) : llrint(ns / 1e3) * SIM_US;
}

sim_time dist_draw(const struct dist *d, struct stream *s)
{
    if (d->law == DIST_CONSTANT)
        return d->fixed;
    if (d->law == DIST_NEVER)
        return SIM_NEVER;
    return dist_at(d, stream_u01(s));
}

double dist_mean(const struct dist *d)
{
    return law_of(d)->mean(d);
}

static void put_dist(struct buf *out, const struct dist *d)
{
    const struct law *law = law_of(d);

    if (d->law == DIST_CONSTANT || d->law == DIST_NEVER) {
        law->put(out, d);
        return;
    }
    buf_printf(out, "{%s: ", law->name);
    law->put(out, d);
    buf_putc(out, '}');
}

char *dist_format(struct arena *a, const struct dist *d)
{
    struct buf b = { 0 };
    char *text;

    put_dist(&b, d);
    text = arena_strdup(a, b.text);
    buf_free(&b);
    return text;
}
