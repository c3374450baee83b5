/*
 * parameters.c - the section `parameters`, and the cells that it spans.
 *
 * A cell is the scenario that the files would be with some values changed, as
 * by --set: it is bound and checked anew from what was read, so anything can
 * be varied that can be written, and what the API server would refuse (maxSurge
 * and maxUnavailable both 0) is found before anything runs.
 *
 * Not varied: what a scenario asks for rather than simulates (promises,
 * replications), which all cells share.
 */
#include "scenario_impl.h"
#include <math.h>
#include <string.h>
#include "base/text.h"
#include "base/units.h"

const struct field parameter_fields[] = {
    { .type = FIELD_T_STRING, .key = "path", .unit = "-",
      .offset = offsetof(struct parameter_section, path),
      .flags = FIELD_REQUIRED,
      .doc = "what is varied, as in --set: Deployment/web:spec.replicas, "
             "cluster.profile" },
    FIELD(VALUE, struct parameter_section, values, "values", NULL, 0, 0, "-",
          "a list of the values that a sweep tries"),
    FIELD(VALUE, struct parameter_section, range, "range", NULL, 0, 0, "-",
          "or the least and the greatest: [1s, 15s], for designs that spread "
          "points"),
    FIELD(BOOL, struct parameter_section, integer, "integer", "false", 0, 0,
          "-", "of a range: whole numbers (per cent, seconds) only"),
    FIELD_END
};

/* Sections that are the same in all cells. */
static const char *const shared[] = {
    "apiVersion", "kind", "metadata", "manifests", "parameters", "objective",
    "slo", "expect", "lesson", "run.replications", "run.confidence", NULL
};

/* Is path, or a part of it, one of the sections that cells share? */
static bool is_shared(const char *path)
{
    for (size_t i = 0; shared[i]; i++) {
        size_t len = strlen(shared[i]);

        if (strncmp(path, shared[i], len) == 0 &&
            strchr(".[", path[len]) != NULL)
            return true;
    }
    return strcmp(path, "run") == 0;
}

static const char *text_of(struct arena *a, const struct value *v)
{
    struct buf b = {0};
    const char *text;

    if (v->type == VALUE_SCALAR)
        return v->u.text;
    value_canonical(&b, v);
    text = arena_strndup(a, b.text, b.len);
    buf_free(&b);
    return text;
}

/* ---- the section --------------------------------------------------------- */

/* A copy of what was read whose objects can be changed. */
static struct loader copy_of(const struct loader *l, struct err_list *errors)
{
    struct loader c = *l;

    c.errors = errors;
    c.objects.items = arena_memdup(l->arena, l->objects.items,
                                   l->objects.len *
                                   sizeof(*l->objects.items));
    c.objects.cap = l->objects.len;
    memset(&c.images, 0, sizeof(c.images));
    memset(&c.data, 0, sizeof(c.data));
    memset(&c.ignored, 0, sizeof(c.ignored));
    return c;
}

static void read_values(struct loader *l, const struct value *list,
                        struct parameter *p)
{
    const struct value *const *v = list->u.items;

    for (size_t i = 0; i < list->len; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(text_of(l->arena, v[k]), text_of(l->arena, v[i])) == 0)
                err_error(l->errors, &v[i]->mark, "parameter \"%s\" has the "
                          "value %s twice", p->name, text_of(l->arena, v[i]));
    p->values = v;
    p->n = list->len;
}

/* An end of a range: a number, per cent, or a duration in seconds. */
static bool read_end(const struct value *v, double *out, enum range_unit *unit)
{
    const char *text = value_text(v, "");
    size_t len = strlen(text);
    int64_t ns;

    *unit = RANGE_NUMBER;
    if (parse_real(text, out, NULL))
        return true;
    *unit = RANGE_PERCENT;
    if (len > 1 && text[len - 1] == '%') {
        bool good = parse_share(text, true, out, NULL);

        *out *= 100;
        return good;
    }
    *unit = RANGE_DURATION;
    if (!parse_duration(text, &ns, NULL))
        return false;
    *out = (double)ns / 1e9;
    return true;
}

static void read_range(struct loader *l, const struct value *v,
                       struct parameter *p)
{
    enum range_unit other;

    if (v->type != VALUE_LIST || v->len != 2 ||
        !read_end(v->u.items[0], &p->low, &p->unit) ||
        !read_end(v->u.items[1], &p->high, &other) || other != p->unit)
        err_error(l->errors, &v->mark, "a range is two numbers, percentages "
                  "or durations: range: [1s, 15s]");
    else if (!(p->low < p->high) || (p->integer &&
                                     floor(p->high) <= ceil(p->low)))
        err_error(l->errors, &v->mark, "this range is empty: the least value "
                  "comes first");
}

/* Is path, written at m, one that can be varied?  x: a value for it. */
static bool check_path(struct loader *l, const char *path,
                       const struct value *x, const struct mark *m)
{
    struct loader trial = copy_of(l, l->errors);

    if (!is_shared(path))
        return documents_assign(&trial, path, x, m);
    err_error(l->errors, m, "\"%s\" cannot be varied: it is the same for all "
              "cells", path);
    return false;
}

static void read_parameter(struct loader *l, const struct parameter_section *s,
                           const struct value *v, struct parameter *p)
{
    const struct value *x = s->values ? s->values : s->range;

    if (!s->path)
        return;                 /* reported by the binder */
    p->path = s->path;
    p->integer = s->integer;
    if (!s->values == !s->range || x->type != VALUE_LIST || x->len == 0)
        err_error(l->errors, x ? &x->mark : &v->mark, "parameter \"%s\" needs "
                  "a list of values, or a range: values: [1, 2, 25%%]",
                  p->name);
    else if (check_path(l, p->path, x->u.items[0],
                        &value_get(v, "path")->mark)) {
        if (s->range)
            read_range(l, x, p);
        else
            read_values(l, x, p);
    }
}

/* ---- --param ------------------------------------------------------------- */

/* "Deployment/web:spec.replicas" says what is varied; "surge" is the name of a
 * row of the section. */
static bool is_path(const char *name)
{
    return strpbrk(name, ".:/") != NULL;
}

/* The last word of a path, as the name of its parameter; all of it if one of
 * the first n rows has that name. */
static const char *name_of(const char *path, const struct parameter *p,
                           size_t n)
{
    const char *last = path;

    for (const char *c = path; *c; c++)
        if (strchr(".:", *c) && c[1])
            last = c + 1;
    for (size_t i = 0; i < n; i++)
        if (strcmp(p[i].name, last) == 0)
            return path;
    return last;
}

/* The row that an option means: one of the first n, or after them a new one.
 * NULL after an error. */
static struct parameter *row_of(struct loader *l, struct parameter *p,
                                size_t n, const char *name)
{
    const char **names = arena_many(l->arena, const char *, n + 1);
    struct diag *d;

    for (size_t i = 0; i < n; i++) {
        names[i] = p[i].name;
        if (strcmp(p[i].name, name) == 0 ||
            (p[i].path && strcmp(p[i].path, name) == 0))
            return &p[i];
    }
    if (is_path(name)) {
        p[n] = (struct parameter){ .name = name_of(name, p, n),
                                     .path = name };
        return &p[n];
    }
    d = err_error(l->errors, NULL, "--param: no parameter \"%s\"", name);
    diag_suggest(l->errors, d, name, names);
    if (!d->help)
        diag_help(l->errors, d, "a path needs no row in `parameters`: "
                  "--param Deployment/web:spec.replicas=3,5");
    return NULL;
}

/* --param NAME=V,V or PATH=V,V; returns how many rows there are now. */
static size_t read_option(struct loader *l, const char *text,
                          struct parameter *rows, size_t n)
{
    const char *equals = strchr(text, '='), *name;
    const struct value *list = NULL;
    struct parameter *p;

    if (equals && equals > text && equals[1])
        list = value_flow(l->arena, arena_printf(l->arena, "[%s]", equals + 1),
                          NULL);
    if (!list || list->len == 0) {
        err_error(l->errors, NULL, "--param needs NAME=VALUE,VALUE or "
                  "PATH=VALUE,VALUE, got \"%s\"", text);
        return n;
    }
    name = arena_strndup(l->arena, text, (size_t)(equals - text));
    p = row_of(l, rows, n, name);
    if (!p)
        return n;
    if (p == &rows[n])
        check_path(l, p->path, list->u.items[0], &p->mark);
    read_values(l, list, p);
    return p == &rows[n] ? n + 1 : n;
}

void parameters_read(struct loader *l, const struct document_section *d,
                     struct scenario *out)
{
    const struct parameter_section *s = d->parameters.items;
    const struct value *section = value_get(l->root, "parameters");
    const text_list *options = &l->app->o.params;
    size_t n = d->parameters.len;
    struct parameter *p = arena_many(l->arena, struct parameter,
                                     n + options->len + 1);

    for (size_t i = 0; i < n; i++) {
        p[i].name = d->parameters.keys[i];
        p[i].mark = d->parameters.marks[i];
        read_parameter(l, &s[i], value_get(section, p[i].name), &p[i]);
    }
    for (size_t i = 0; i < options->len; i++)
        n = read_option(l, options->items[i], p, n);
    out->parameters = p;
    out->nparameters = n;
}

/* ---- cells --------------------------------------------------------------- */

const char *settings_text(struct arena *a, const struct scenario *s,
                          const char *const *settings)
{
    struct buf b = {0};
    const char *text;

    for (size_t k = 0; settings && k < s->nparameters; k++)
        buf_printf(&b, "%s%s=%s", k ? " " : "", s->parameters[k].name,
                   settings[k]);
    text = arena_strndup(a, b.text ? b.text : "", b.len);
    buf_free(&b);
    return text;
}

const char *variant_text(struct arena *a, const struct scenario *s, size_t v)
{
    const struct variant *x = &s->variants[v];
    const char *settings = settings_text(a, s, x->settings);

    if (!*settings)
        return x->name;
    return s->nvariants > 1 && s->variants[0].cell == s->variants[1].cell
        ? arena_printf(a, "%s %s", settings, x->name) : settings;
}

/* Warnings that only a cell brings (a field that Kubernetes does not know) are
 * said once. */
static void take_warnings(struct err_list *to, const struct err_list *from)
{
    for (size_t i = 0; i < from->len; i++) {
        const struct diag *d = &from->items[i];
        bool said = d->level == ERR_ERROR;

        for (size_t k = 0; k < to->len && !said; k++)
            said = strcmp(to->items[k].text, d->text) == 0;
        if (!said) {
            struct diag *copy = err_add(to, d->level, &d->mark, "%s",
                                        d->text);

            copy->help = d->help;
            copy->code = d->code;
        }
    }
}

static const char *first_error(const struct err_list *errors)
{
    for (size_t i = 0; i < errors->len; i++)
        if (errors->items[i].level == ERR_ERROR)
            return errors->items[i].text;
    return "it is invalid";
}

/* Build the variants of a cell into *out; false if it is refused. */
static bool build_cell(struct app *app, const struct scenario *s, size_t cell,
                       const struct point *point, struct scenario *out,
                       struct refused_cell *refused)
{
    const char **settings = arena_many(s->arena, const char *,
                                       s->nparameters + 1);
    struct err_list errors;
    struct loader l;

    err_init(&errors, s->arena);
    l = copy_of(s->loader, &errors);
    for (size_t k = 0; k < s->nparameters; k++) {
        settings[k] = text_of(s->arena, point->values[k]);
        documents_assign(&l, s->parameters[k].path, point->values[k],
                         &s->parameters[k].mark);
    }
    l.cell = cell;
    l.settings = s->nparameters ? settings : NULL;
    *out = (struct scenario){ .arena = s->arena, .until = METRIC_COUNT };
    scenario_bind(&l, out);
    take_warnings(&app->errors, &errors);
    *refused = (struct refused_cell){ cell, settings, NULL };
    if (errors.errors > 0)
        refused->why = first_error(&errors);
    return errors.errors == 0;
}

enum sim_code scenario_vary(struct app *app, const struct scenario *s,
                            const struct point *points, size_t n,
                            struct scenario *out)
{
    VEC(struct variant) variants = {0};
    VEC(struct refused_cell) refused = {0};

    for (size_t i = 0; i < n; i++) {
        struct refused_cell no;
        struct scenario cell;

        if (!build_cell(app, s, i, &points[i], &cell, &no)) {
            vec_push(s->arena, &refused, no);
            continue;
        }
        for (size_t v = 0; v < cell.nvariants; v++)
            vec_push(s->arena, &variants, cell.variants[v]);
    }
    *out = *s;
    out->variants = variants.items;
    out->nvariants = variants.len;
    out->points = points;
    out->npoints = n;
    out->refused = refused.items;
    out->nrefused = refused.len;
    if (variants.len > 0)
        return app->errors.errors == 0 ? SIM_OK : SIM_INVALID;
    err_error(&app->errors, NULL, "no combination of the parameters can be "
              "simulated: %s", refused.len ? refused.items[0].why : "none");
    return SIM_INVALID;
}
