/*
 * operator_block.c - cluster.operators: who looks after custom resources.
 *
 * Checked like the rest of a scenario: the kind must be registered by a
 * definition, the manifests must be objects that are simulated, and what they
 * say for each resource that there is must be valid.
 */
#include "scenario_impl.h"
#include <string.h>
#include "models/action.h"
#include "models/api.h"
#include "models/custom.h"
#include "models/operator.h"

static const char *const triggers[] = { "level", "edge", NULL };
static const char *const failures[] = { "stop", "rollback", NULL };

static const struct field phase_fields[] = {
    { .type = FIELD_T_STRING, .key = "name", .unit = "-",
      .offset = offsetof(struct operator_phase, name),
      .flags = FIELD_REQUIRED, .doc = "of the phase, in events" },
    FIELD(BOOL, struct operator_phase, roll, "roll", "false", 0, 0, "-",
          "write the objects and wait until they have rolled out; else it is "
          "work that takes time"),
    FIELD_DIST(struct operator_phase, takes, "takes", "0s",
               "how long the work of one try takes"),
    FIELD(SHARE, struct operator_phase, fails, "fails", "0%", 0, 1, "share",
          "of the tries that come to nothing"),
    FIELD(INT32, struct operator_phase, backoff_limit, "backoffLimit", "6", 0,
          1000, "tries", "after the first, 10 s, 20 s, ... after each other"),
    FIELD(STRING, struct operator_phase, fails_when, "failsWhen", NULL, 0, 0,
          "-", "the phase fails for good when this is seen meanwhile; a "
          "condition as those of `guard`"),
    FIELD(DURATION, struct operator_phase, timeout, "timeout", "0s", 0, 1e7,
          "s", "roll: it fails after this time; 0: it waits"),
    FIELD_ENUM(struct operator_phase, on_failure, "onFailure", "stop",
               failures, "what follows: nothing, or the objects as they were "
               "when all phases went well last"),
    FIELD_END
};

static const struct field finalizer_fields[] = {
    { .type = FIELD_T_STRING, .key = "name", .unit = "-",
      .offset = offsetof(struct operator_finalizer, name),
      .flags = FIELD_REQUIRED, .doc = "example.com/backup" },
    FIELD_DIST(struct operator_finalizer, takes, "takes", "0s",
               "the work that is done before a deleted resource goes"),
    FIELD_END
};

const struct field operator_fields[] = {
    { .type = FIELD_T_STRING, .key = "name", .unit = "-",
      .offset = offsetof(struct operator_spec, name),
      .flags = FIELD_REQUIRED, .doc = "of the operator" },
    { .type = FIELD_T_STRING, .key = "for", .unit = "-",
      .offset = offsetof(struct operator_spec, kind),
      .flags = FIELD_REQUIRED, .doc = "the kind of its resources, as a "
      "CustomResourceDefinition registers it" },
    FIELD(VALUE, struct operator_spec, owns, "owns", NULL, 0, 0, "-",
          "manifests of the objects that belong to each resource; "
          "$(spec.PATH) is what the resource says there"),
    FIELD_ENUM(struct operator_spec, trigger, "trigger", "level", triggers,
               "acts on what is, or only on changes that it is told of"),
    FIELD_DIST(struct operator_spec, reconcile, "reconcile", "50ms",
               "its own work before the first call of each reconcile"),
    FIELD(INT32, struct operator_spec, workers, "workers", "1", 1, 1000,
          "resources", "reconciled at a time (maxConcurrentReconciles)"),
    FIELD(DURATION, struct operator_spec, resync, "resync", "10h", 0, 1e7,
          "s", "level: it looks at each resource again after this time; 0: "
          "never"),
    FIELD_SUB(LIST, struct operator_spec, phases, "phases", phase_fields,
              struct operator_phase, "the way from one spec to the next, in "
              "order; one that rolls if absent"),
    FIELD_SUB(OPTIONAL, struct operator_spec, finalizer, "finalizer",
              finalizer_fields, struct operator_finalizer, "what it does "
              "before a resource may go"),
    FIELD_END
};

/* ---- definitions -------------------------------------------------------- */

/* The definition that a document holds; NULL if it holds none. */
static const struct crd *definition(struct loader *l, const struct value *v)
{
    struct err_list errors;
    const char *kind = value_text(value_get(v, "kind"), "");

    if (strcmp(kind, kind_name(KIND_CRD)) != 0)
        return NULL;
    err_init(&errors, l->arena);        /* they are told elsewhere */
    return crd_seen(kind_ops_of(KIND_CRD)->decode(l->arena, v, &errors));
}

/* Is it the definition that is asked for? */
struct asked {
    const char *api_version, *kind;     /* what serves these; or NULL ... */
    const char *word;                   /* ... and what people call it */
};

static bool is_asked(const struct crd *c, const struct asked *q)
{
    return c && (q->word ? crd_called(c, q->word)
                         : crd_serves(c, q->api_version, q->kind));
}

static const struct crd *find(struct loader *l, const struct asked *q)
{
    for (size_t i = 0; i < l->objects.len; i++) {
        const struct crd *c = definition(l, l->objects.items[i].value);

        if (is_asked(c, q))
            return c;
    }
    for (size_t i = 0; i < l->applied.len; i++) {
        const struct crd *c = definition(l, l->applied.items[i]);

        if (is_asked(c, q))
            return c;
    }
    return NULL;
}

const struct crd *operators_definition(struct loader *l, const char *version,
                                       const char *kind)
{
    return find(l, &(struct asked){ version, kind, NULL });
}

const char *operators_type(struct loader *l, const char *word)
{
    const struct crd *c = find(l, &(struct asked){ NULL, NULL, word });

    return c ? crd_type(l->arena, c) : NULL;
}

/* ---- one operator ------------------------------------------------------- */

/* An object that an operator may keep; false after an error. */
static bool check_manifest(struct loader *l, const struct value *v)
{
    const char *kind = value_text(value_get(v, "kind"), "");
    enum kind k = kind_find(value_text(value_get(v, "apiVersion"), ""), kind);

    if (k != KIND_NONE && kind_ops_of(k)->decode && k != KIND_NODE &&
        k != KIND_POD && k != KIND_CUSTOM && k != KIND_CRD)
        return true;
    err_error(l->errors, &v->mark, *kind
              ? "an operator cannot own a %s here"
              : "owns: apiVersion and kind are missing%s", kind);
    return false;
}

static void take_owns(struct loader *l, struct operator_spec *o)
{
    const struct value **list;

    if (!o->owns || value_is_null(o->owns))
        return;
    if (o->owns->type != VALUE_LIST) {
        err_error(l->errors, &o->owns->mark, "owns is a list of manifests");
        return;
    }
    list = arena_many(l->arena, const struct value *, o->owns->len);
    for (size_t i = 0; i < o->owns->len; i++) {
        const struct value *v = o->owns->u.items[i];

        if (!check_manifest(l, v))
            continue;
        manifests_images(l, v);
        list[o->nmanifests++] = v;
    }
    o->manifests = list;
}

static void take_phases(struct loader *l, struct operator_spec *o,
                        const struct value *list)
{
    static const struct operator_phase roll = { .name = "Rolling",
                                                .roll = true };
    struct operator_phase *phases = o->phases.items;

    if (o->phases.len == 0) {
        o->phases.items = arena_memdup(l->arena, &roll, sizeof(roll));
        o->phases.len = 1;
        return;
    }
    for (size_t i = 0; i < o->phases.len; i++) {
        const struct value *v = list->u.items[i];
        const struct value *when = value_get(v, "failsWhen");
        const struct value *takes = value_get(v, "takes");
        const char *why = NULL;

        if (phases[i].fails_when)
            why = guard_parse(l->arena, phases[i].fails_when,
                              &phases[i].condition);
        if (why)
            err_error(l->errors, &when->mark, "%s", why);
        if (phases[i].roll && (takes || when || phases[i].fails > 0))
            err_error(l->errors, takes ? &takes->mark : &v->mark, "a phase "
                      "that rolls takes as long as the rollout: takes, fails "
                      "and failsWhen belong to other phases");
        if (!phases[i].roll && phases[i].timeout > 0)
            err_error(l->errors, &value_get(v, "timeout")->mark,
                      "timeout belongs to a phase with roll: true");
    }
}

/* Say which kinds there are. */
static void no_definition(struct loader *l, const struct value *at,
                          const char *kind)
{
    const char **names = arena_many(l->arena, const char *,
                                    l->objects.len + 1);
    struct diag *d;
    size_t n = 0;

    for (size_t i = 0; i < l->objects.len; i++) {
        const struct crd *c = definition(l, l->objects.items[i].value);

        if (c)
            names[n++] = c->kind;
    }
    d = err_error(l->errors, &at->mark, "no CustomResourceDefinition registers "
                  "the kind \"%s\"", kind);
    diag_suggest(l->errors, d, kind, names);
}

/* What the operator makes of the resources that there are must be valid. */
static void check_resources(struct loader *l, const struct operator_spec *o)
{
    for (size_t i = 0; i < l->objects.len; i++) {
        const struct document *d = &l->objects.items[i];
        size_t len = strlen(o->type);

        if (d->kind == KIND_CUSTOM && strncmp(d->name, o->type, len) == 0 &&
            d->name[len] == '/')
            operator_objects(l->arena, o, d->value, l->errors);
    }
}

static void take_one(struct loader *l, struct operator_spec *o,
                     const struct value *v)
{
    int before = l->errors->errors;

    o->mark = v->mark;
    take_phases(l, o, value_get(v, "phases"));
    take_owns(l, o);
    o->type = o->kind ? operators_type(l, o->kind) : NULL;
    if (o->kind && !o->type)
        no_definition(l, value_get(v, "for"), o->kind);
    if (o->type && l->errors->errors == before)
        check_resources(l, o);
}

void operators_read(struct loader *l, const struct field_list *list,
                    struct spec *spec)
{
    struct operator_spec *o = list->items;
    const struct value *v = value_at(l->root, "cluster.operators");

    for (size_t i = 0; i < list->len; i++) {
        take_one(l, &o[i], v->u.items[i]);
        for (size_t k = 0; k < i && o[i].name && o[k].name; k++)
            if (strcmp(o[i].name, o[k].name) == 0)
                err_error(l->errors, &o[i].mark, "there are two operators "
                          "called \"%s\"", o[i].name);
    }
    spec->cluster.operators = o;
    spec->cluster.noperators = list->len;
}

/* ---- what they make later ----------------------------------------------- */

bool operators_make(const struct spec *spec, enum kind kind)
{
    for (size_t i = 0; i < spec->cluster.noperators; i++) {
        const struct operator_spec *o = &spec->cluster.operators[i];

        for (size_t k = 0; k < o->nmanifests; k++)
            if (strcmp(value_text(value_get(o->manifests[k], "kind"), ""),
                       kind_name(kind)) == 0)
                return true;
    }
    return false;
}
