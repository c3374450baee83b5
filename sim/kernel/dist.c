/*
 * dist.c - distributions of durations: the table of laws, and their use.
 *
 * Here are also the two laws that are made of data: an empirical law is its
 * sorted sample, linearly interpolated, so nothing beyond the sample's
 * extremes ever occurs; a mixture splits its uniform into the part that it
 * falls into and the place within it.
 */
#include "kernel/dist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/units.h"
#include "law_impl.h"

static const struct law *law_of(const struct dist *d);

/* ---- empirical ---------------------------------------------------------- */

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
        x = law_times(b, v);
    }
    if (!x)
        return false;
    if (n == 0)
        return law_wrong(b, v, "an empirical distribution needs a value");
    sorted = arena_memdup(b->arena, x, n * sizeof *x);
    qsort(sorted, n, sizeof *sorted, ascending);
    if (!(sorted[0] >= 0))
        return law_wrong(b, v, "a sample of durations has a negative one");
    *d = (struct dist){ .law = DIST_EMPIRICAL, .table = sorted, .len = n };
    return true;
}

static double empirical_at(const struct dist *d, double u)
{
    return d->len == 1 ? d->table[0]
        : law_between(d->table, u * (double)(d->len - 1));
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
        law_put_seconds(out, d->table[i]);
    }
    buf_putc(out, ']');
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
        return law_wrong(b, v, "a part of a mixture needs a positive weight "
                         "and a law: {weight: 90%, lognormal: {...}}");
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
        law_put_number(out, d->cumulative[i] - before);
        buf_printf(out, ", %s: ", law->name ? law->name : "constant");
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

static const struct law law_empirical = {
    "empirical", NULL, empirical_parse, empirical_at, empirical_mean,
    empirical_put, sample_schema
};
static const struct law law_mixture = {
    "mixture", NULL, mixture_parse, mixture_at, mixture_mean, mixture_put,
    mixture_schema
};

/* ---- the table ---------------------------------------------------------- */

static const struct law *const laws[] = {
    [DIST_CONSTANT] = &law_constant,
    [DIST_EXPONENTIAL] = &law_exponential,
    [DIST_LOGNORMAL] = &law_lognormal,
    [DIST_GAMMA] = &law_gamma,
    [DIST_WEIBULL] = &law_weibull,
    [DIST_PARETO] = &law_pareto,
    [DIST_UNIFORM] = &law_uniform,
    [DIST_TRIANGULAR] = &law_triangular,
    [DIST_EMPIRICAL] = &law_empirical,
    [DIST_MIXTURE] = &law_mixture,
    [DIST_NEVER] = &law_never,
};

static const struct law *law_of(const struct dist *d)
{
    return laws[d->law];
}

static bool parse_law(struct binder *b, const struct value *v, struct dist *d)
{
    const char *names[COUNT_OF(laws)];
    const struct member *m = &v->u.members[0];
    struct diag *fault;

    for (size_t i = 0; i < COUNT_OF(laws); i++)
        names[i] = laws[i]->name;
    if (v->len != 1)
        return law_wrong(b, v, "a distribution names one law, such as "
                         "{exponential: {mean: 5s}}");
    for (size_t i = 0; laws[i]->name; i++) {
        if (strcmp(laws[i]->name, m->key) == 0) {
            size_t mark = field_enter(b, m->key);
            bool ok = laws[i]->parse(b, laws[i], m->value, d);

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
        : law_constant.parse(b, &law_constant, v, &d);

    if (ok)
        *(struct dist *)out = d;
    return ok;
}

void dist_schema(FILE *out)
{
    const char *separator = "";

    fputs("{\"anyOf\":[", out);
    law_scalar_schema(out);
    fputs(",{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":1,"
          "\"additionalProperties\":false,\"properties\":{", out);
    for (size_t i = 0; laws[i]->name; i++) {
        const struct law *law = laws[i];

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

sim_time law_at(const struct dist *d, double u)
{
    double ns;

    if (d->law == DIST_CONSTANT)
        return d->fixed;
    if (d->law == DIST_MIXTURE) {
        const struct dist *part = part_at(d, &u);

        return law_at(part, u);
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
