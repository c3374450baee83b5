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
#include <string.h>
#include "base/text.h"

const struct field parameter_fields[] = {
    { .type = FIELD_T_STRING, .key = "path", .unit = "-",
      .offset = offsetof(struct parameter_section, path),
      .flags = FIELD_REQUIRED,
      .doc = "what is varied, as in --set: Deployment/web:spec.replicas, "
             "cluster.profile" },
    FIELD(VALUE, struct parameter_section, values, "values", NULL, 0, 0, "-",
          "a list of the values that a sweep tries"),
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
    const char **texts = arena_many(l->arena, const char *, list->len);

    for (size_t i = 0; i < list->len; i++) {
        texts[i] = text_of(l->arena, list->u.items[i]);
        for (size_t k = 0; k < i; k++)
            if (strcmp(texts[k], texts[i]) == 0)
                err_error(l->errors, &list->u.items[i]->mark, "parameter "
                          "\"%s\" has the value %s twice", p->name, texts[i]);
    }
    p->values = list->u.items;
    p->texts = texts;
    p->n = list->len;
}

static void read_parameter(struct loader *l, const struct parameter_section *s,
                           const struct value *v, struct parameter *p)
{
    const struct value *path = value_get(v, "path");
    struct loader trial;

    if (!s->path)
        return;                 /* reported by the binder */
    p->path = s->path;
    if (is_shared(s->path)) {
        err_error(l->errors, &path->mark, "\"%s\" cannot be varied: it is the "
                  "same for all cells", s->path);
        return;
    }
    if (!s->values || s->values->type != VALUE_LIST || s->values->len == 0) {
        err_error(l->errors, s->values ? &s->values->mark : &v->mark,
                  "parameter \"%s\" needs a list of values: values: [1, 2, "
                  "25%%]", p->name);
        return;
    }
    read_values(l, s->values, p);
    trial = copy_of(l, l->errors);
    documents_assign(&trial, s->path, s->values->u.items[0], &path->mark);
}

void parameters_read(struct loader *l, const struct document_section *d,
                     struct scenario *out)
{
    const struct parameter_section *s = d->parameters.items;
    const struct value *section = value_get(l->root, "parameters");
    struct parameter *p = arena_many(l->arena, struct parameter,
                                     d->parameters.len);

    for (size_t i = 0; i < d->parameters.len; i++) {
        p[i].name = d->parameters.keys[i];
        p[i].mark = d->parameters.marks[i];
        read_parameter(l, &s[i], value_get(section, p[i].name), &p[i]);
    }
    out->parameters = p;
    out->nparameters = d->parameters.len;
}

/* ---- cells --------------------------------------------------------------- */

const struct point *scenario_grid(const struct scenario *s, size_t *n)
{
    struct point *points;

    *n = 1;
    for (size_t k = 0; k < s->nparameters; k++)
        *n *= s->parameters[k].n;
    points = arena_many(s->arena, struct point, *n);
    for (size_t i = 0; i < *n; i++) {
        const struct value **x = arena_many(s->arena, const struct value *,
                                            s->nparameters + 1);
        size_t rest = i;

        for (size_t k = s->nparameters; k-- > 0;) {
            x[k] = s->parameters[k].values[rest % s->parameters[k].n];
            rest /= s->parameters[k].n;
        }
        points[i].values = x;
    }
    return points;
}

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
    out->refused = refused.items;
    out->nrefused = refused.len;
    if (variants.len > 0)
        return app->errors.errors == 0 ? SIM_OK : SIM_INVALID;
    err_error(&app->errors, NULL, "no combination of the parameters can be "
              "simulated: %s", refused.len ? refused.items[0].why : "none");
    return SIM_INVALID;
}
