/*
 * manifests.c - the Kubernetes objects of a scenario: found by name, patched
 * for a strategy, read once to find what the API server would refuse.
 */
#include "scenario_impl.h"
#include <string.h>
#include "models/api.h"
#include "models/argo.h"
#include "models/strategy.h"

typedef VEC(struct manifest) manifest_list;

const struct document *manifests_find(const struct loader *l, enum kind kind,
                                      const char *space, const char *name)
{
    for (size_t i = 0; i < l->objects.len; i++) {
        const struct document *o = &l->objects.items[i];

        if (o->kind == kind && (!name || strcmp(o->name, name) == 0) &&
            (!space || strcmp(o->space, space) == 0))
            return o;
    }
    return NULL;
}

static size_t count_kind(const struct loader *l, enum kind kind,
                         const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < l->objects.len; i++)
        n += l->objects.items[i].kind == kind &&
             (!name || strcmp(l->objects.items[i].name, name) == 0);
    return n;
}

/* No object of this kind has that name: say which there are. */
static void not_there(struct loader *l, const struct mark *m, enum kind kind,
                      const char *name)
{
    const char **names = arena_many(l->arena, const char *,
                                    l->objects.len + 1);
    struct buf all = {0};
    size_t n = 0;
    struct diag *d;

    for (size_t i = 0; i < l->objects.len; i++) {
        const struct document *o = &l->objects.items[i];

        if (o->kind != kind)
            continue;
        buf_printf(&all, "%s%s", n ? ", " : "", o->name);
        names[n++] = o->name;
    }
    d = n ? err_error(l->errors, m, "no %s named \"%s\" (there is: %s)",
                      kind_name(kind), name, all.text)
          : err_error(l->errors, m, "no %s named \"%s\": there is none at all",
                      kind_name(kind), name);
    diag_suggest(l->errors, d, name, names);
    buf_free(&all);
}

const struct document *manifests_resolve(struct loader *l,
                                         const struct value *at,
                                         const char *text, enum kind kind,
                                         const char *space)
{
    const char *slash = strchr(text, '/');
    const char *name = slash ? slash + 1 : text;
    const struct document *found;
    const struct mark *m = at ? &at->mark : NULL;

    if (slash && kind_by_resource(arena_strndup(l->arena, text,
                                  (size_t)(slash - text))) != kind) {
        err_error(l->errors, m, "a %s was expected, as in %s/NAME, got \"%s\"",
                  kind_name(kind), kind == KIND_SERVICE ? "service"
                                                        : "deployment", text);
        return NULL;
    }
    found = manifests_find(l, kind, space, name);
    if (!found)
        not_there(l, m, kind, name);
    else if (!space && count_kind(l, kind, name) > 1)
        err_error(l->errors, m, "there are two %ss named \"%s\": say which "
                  "with namespace", kind_name(kind), name);
    return found;
}

/* ---- images -------------------------------------------------------------- */

void manifests_images(struct loader *l, const struct value *v)
{
    if (v->type == VALUE_LIST) {
        for (size_t i = 0; i < v->len; i++)
            manifests_images(l, v->u.items[i]);
        return;
    }
    if (v->type != VALUE_MAP)
        return;
    for (size_t i = 0; i < v->len; i++) {
        const struct member *m = &v->u.members[i];

        if (m->value->type == VALUE_SCALAR && strcmp(m->key, "image") == 0)
            vec_push(l->arena, &l->images, m->value->u.text);
        else
            manifests_images(l, m->value);
    }
}

/* ---- workloadRef --------------------------------------------------------- */

/* A Rollout that takes the template (and, without one of its own, the
 * selector) of a Deployment: as if it were written there. */
static void refer(struct loader *l, struct document *o)
{
    const struct value *ref = value_at(o->value, "spec.workloadRef");
    const char *name = value_text(value_get(ref, "name"), "");
    const struct document *d;

    if (!ref)
        return;
    if (value_at(o->value, "spec.template")) {
        err_error(l->errors, &ref->mark, "spec must have either template or "
                  "workloadRef");
        return;
    }
    d = manifests_find(l, KIND_DEPLOYMENT, o->space, name);
    if (!d) {
        not_there(l, &ref->mark, KIND_DEPLOYMENT, name);
        return;
    }
    o->value = value_set(l->arena, o->value, "spec.template",
                         value_at(d->value, "spec.template"));
    if (!value_at(o->value, "spec.selector"))
        o->value = value_set(l->arena, o->value, "spec.selector",
                             value_at(d->value, "spec.selector"));
}

void manifests_refer(struct loader *l)
{
    for (size_t i = 0; i < l->objects.len; i++)
        if (l->objects.items[i].kind == KIND_ROLLOUT)
            refer(l, &l->objects.items[i]);
}

/* ---- patches ------------------------------------------------------------- */

/* Is o what a user's patch means: the object that it names, else the target
 * (else every Deployment)? */
static bool patch_means(const struct value *patch, const struct document *o,
                        const struct document *target)
{
    const char *kind = value_text(value_get(patch, "kind"), NULL);
    const char *name = value_text(value_at(patch, "metadata.name"), NULL);

    if (kind || name)
        return (!kind || strcmp(kind, value_text(value_get(o->value, "kind"),
                                                 "")) == 0) &&
               (!name || strcmp(name, value_text(value_at(o->value,
                                                 "metadata.name"), "")) == 0);
    return target ? o == target : o->kind == KIND_DEPLOYMENT;
}

/* v, which was o, after the pieces of a user's patch that mean o. */
static const struct value *merged(struct loader *l, const struct value *v,
                                  const struct value *p,
                                  const struct document *o,
                                  const struct document *target)
{
    if (p && p->type == VALUE_MAP && patch_means(p, o, target))
        v = value_strategic(l->arena, v, p);
    for (size_t i = 0; p && p->type == VALUE_LIST && i < p->len; i++)
        if (patch_means(p->u.items[i], o, target))
            v = value_strategic(l->arena, v, p->u.items[i]);
    return v;
}

static const struct value *patched(struct loader *l,
                                   const struct strategy_spec *s,
                                   const struct document *o,
                                   const struct document *target)
{
    const struct value *v = o->value;
    bool mine = o->kind == KIND_DEPLOYMENT && (!target || o == target);

    if (mine && s->ops && s->ops->patch)
        v = value_strategic(l->arena, v,
                            s->ops->patch(l->arena, s->spec, s->given));
    return merged(l, v, s->patch, o, target);
}

/* A patch that touches nothing is a mistake. */
static void check_patch(struct loader *l, const struct value *p,
                        const struct document *target)
{
    if (p->type == VALUE_LIST) {
        for (size_t i = 0; i < p->len; i++)
            if (p->u.items[i]->type == VALUE_MAP)
                check_patch(l, p->u.items[i], target);
        return;
    }
    if (p->type != VALUE_MAP) {
        err_error(l->errors, &p->mark, "a patch is a piece of a manifest, or "
                  "a list of such");
        return;
    }
    for (size_t i = 0; i < l->objects.len; i++)
        if (patch_means(p, &l->objects.items[i], target))
            return;
    err_error(l->errors, &p->mark, "this patch fits no object");
}

/* --strict: fields of manifests that are unknown or not simulated, reported
 * from entry `from` on, are errors. */
static void make_strict(struct loader *l, size_t from)
{
    for (size_t i = from; i < l->errors->len; i++) {
        struct diag *d = &l->errors->items[i];

        if (d->level == ERR_ERROR || !d->code ||
            (strcmp(d->code, "unknown-field") != 0 &&
             strcmp(d->code, "not-simulated") != 0))
            continue;
        l->errors->warnings -= d->level == ERR_WARNING;
        l->errors->errors++;
        d->level = ERR_ERROR;
    }
}

/* Does this Service select pods of that Deployment? */
static bool selects(const struct loader *l, const struct value *service,
                    const struct value *deployment)
{
    const struct labels *labels = labels_from(
        l->arena, value_at(deployment, "spec.template.metadata.labels"));

    return selector_match(selector_from_map(l->arena,
                                            value_at(service,
                                                     "spec.selector")),
                          labels);
}

struct search {
    const struct loader *l;
    const char *space;
};

static const struct value *find_template(void *ctx, bool cluster,
                                         const char *name)
{
    const struct search *s = ctx;
    enum kind kind = cluster ? KIND_CLUSTERANALYSISTEMPLATE
                             : KIND_ANALYSISTEMPLATE;

    for (size_t i = 0; i < s->l->objects.len; i++) {
        const struct document *o = &s->l->objects.items[i];

        if (o->kind == kind && strcmp(o->name, name) == 0 &&
            (cluster || strcmp(o->space, s->space) == 0))
            return o->value;
    }
    return NULL;
}

/* Read an object for its faults. */
static void judge(const struct loader *l, enum kind kind, const char *space,
                  const struct value *v, const struct spec *spec)
{
    int before = l->errors->errors;
    const struct meta *m = kind_ops_of(kind)->decode(l->arena, v, l->errors);
    struct search search = { l, space };
    const struct analysis_shelf shelf = { find_template, &search,
                                          spec->sources, spec->nsources };

    if (kind == KIND_ROLLOUT && l->errors->errors == before)
        argo_check_analyses(l->arena, argo_seen(m), &shelf, l->errors);
}

const char *manifests_service_of(const struct loader *l,
                                 const struct document *o)
{
    for (size_t i = 0; i < l->objects.len; i++)
        if (l->objects.items[i].kind == KIND_SERVICE &&
            strcmp(l->objects.items[i].space, o->space) == 0 &&
            selects(l, l->objects.items[i].value, o->value))
            return l->objects.items[i].name;
    return NULL;
}

/* Let the strategy put other objects in the place of the Deployment o. */
static void convert(struct loader *l, const struct strategy_spec *s,
                    const struct document *o, const struct value *v,
                    const struct spec *spec, manifest_list *out)
{
    const struct value **services = arena_many(l->arena, const struct value *,
                                               l->objects.len);
    struct conversion c = {
        .arena = l->arena, .errors = l->errors, .spec = s->spec,
        .given = s->given, .mark = s->mark, .deployment = v, .name = o->name,
        .space = o->space, .services = services, .scenario = spec,
    };

    for (size_t i = 0; i < l->objects.len; i++)
        if (l->objects.items[i].kind == KIND_SERVICE &&
            strcmp(l->objects.items[i].space, o->space) == 0 &&
            selects(l, l->objects.items[i].value, v))
            services[c.nservices++] = l->objects.items[i].value;
    s->ops->convert(&c);
    for (size_t i = 0; i < c.out.len; i++) {
        const struct value *made = c.out.items[i];
        struct manifest m = {
            kind_find(value_text(value_get(made, "apiVersion"), ""),
                      value_text(value_get(made, "kind"), "")),
            made, o->space, value_text(value_at(made, "metadata.name"), ""),
            made->mark };

        judge(l, m.kind, o->space, made, spec);
        vec_push(l->arena, out, m);
    }
}

/* Can the strategy release this workload (NULL: the scenario names none)? */
static void check_target(struct loader *l, const struct strategy_spec *s,
                         const struct document *target)
{
    enum kind kind = s->ops->workload;

    if (kind != KIND_NONE && (!target || target->kind != kind))
        err_error(l->errors, &s->mark, "strategy \"%s\" needs a `release` of "
                  "a %s", s->ops->name, kind_name(kind));
    else if (kind == KIND_NONE && target && target->kind != KIND_DEPLOYMENT &&
             !(target->kind == KIND_ROLLOUT && s->ops->convert))
        err_error(l->errors, &s->mark, "strategy \"%s\" releases "
                  "Deployments: that of a %s is in its manifest, or in a "
                  "patch", s->ops->name, kind_name(target->kind));
}

void manifests_build(struct loader *l, const struct strategy_spec *strategy,
                     const struct document *target, const struct value *also,
                     struct spec *spec)
{
    manifest_list out = { 0 };
    size_t from = l->errors->len;

    if (strategy && strategy->patch)
        check_patch(l, strategy->patch, target);
    if (also)
        check_patch(l, also, target);
    if (strategy && strategy->ops)
        check_target(l, strategy, target);
    for (size_t i = 0; i < l->objects.len; i++) {
        const struct document *o = &l->objects.items[i];
        const struct value *v = strategy ? patched(l, strategy, o, target)
                                         : o->value;
        struct manifest m = { o->kind, v, o->space, o->name,
                              o->value->mark };

        m.value = v = merged(l, v, also, o, target);
        if (strategy && strategy->ops && strategy->ops->convert &&
            (o->kind == KIND_DEPLOYMENT || o->kind == KIND_ROLLOUT) &&
            (o == target || (!target && o->kind == KIND_DEPLOYMENT))) {
            convert(l, strategy, o, v, spec, &out);
            continue;
        }
        if (!strategy || v != o->value)
            judge(l, o->kind, o->space, v, spec);
        vec_push(l->arena, &out, m);
    }
    if (l->app->o.strict)
        make_strict(l, from);
    spec->manifests = out.items;
    spec->nmanifests = out.len;
}

/* ---- lints --------------------------------------------------------------- */

#define NO_PROBE "no-readiness-probe"

static bool allowed(const struct loader *l, const char *code)
{
    const text_list *a = &l->app->o.allows;

    for (size_t i = 0; i < a->len; i++)
        if (strcmp(a->items[i], code) == 0)
            return true;
    return false;
}

static void lint(struct loader *l, const struct value *v, const char *code,
                 const char *text)
{
    struct diag *d;

    if (allowed(l, code))
        return;
    d = err_warn(l->errors, &v->mark, "%s", text);
    d->code = code;
    diag_help(l->errors, d, "silence with --allow %s", code);
}

/* Does anything with a readiness probe stand between a start and traffic? */
static void lint_probes(struct loader *l, const struct document *o)
{
    const struct value *list = value_at(o->value,
                                        "spec.template.spec.containers");

    for (size_t i = 0; list && list->type == VALUE_LIST && i < list->len; i++)
        if (value_get(list->u.items[i], "readinessProbe"))
            return;
    lint(l, list ? list : o->value, NO_PROBE,
         arena_printf(l->arena, "no container of Deployment \"%s\" has a "
                      "readinessProbe: a pod gets traffic as soon as its "
                      "process starts", o->name));
}

/* Is this Deployment behind a Service? */
static bool is_served(const struct loader *l, const struct document *o)
{
    const struct labels *labels = labels_from(
        l->arena, value_at(o->value, "spec.template.metadata.labels"));

    for (size_t i = 0; i < l->objects.len; i++) {
        const struct document *s = &l->objects.items[i];

        if (s->kind == KIND_SERVICE && strcmp(s->space, o->space) == 0 &&
            selector_match(selector_from_map(l->arena,
                           value_at(s->value, "spec.selector")), labels))
            return true;
    }
    return false;
}

void manifests_lint(struct loader *l, const struct spec *spec)
{
    const text_list *allows = &l->app->o.allows;

    for (size_t i = 0; i < allows->len; i++)
        if (strcmp(allows->items[i], NO_PROBE) != 0)
            diag_choices(l->errors, err_warn(l->errors, NULL, "no lint is "
                         "called \"%s\"", allows->items[i]),
                         allows->items[i], (const char *[]){ NO_PROBE, NULL });
    for (size_t i = 0; i < l->objects.len; i++) {
        const struct document *o = &l->objects.items[i];

        if (o->kind == KIND_PSP && spec->cluster.version != KUBE_1_20)
            lint(l, o->value, "gone", arena_printf(
                     l->arena, "PodSecurityPolicy \"%s\" has no effect: the "
                     "kind is gone since 1.25 (kubernetes: \"1.20\" knows it)",
                     o->name));
        if (o->kind == KIND_DEPLOYMENT && is_served(l, o))
            lint_probes(l, o);
    }
}
