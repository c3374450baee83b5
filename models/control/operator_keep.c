/*
 * operator_keep.c - the objects of a custom resource, kept as they ought to be.
 *
 * What is absent is created, with the resource as its controller; what differs
 * in its spec, labels or annotations is written.  Objects that the operator's
 * manifests do not name any more stay.
 */
#include <string.h>

#include "operator_impl.h"
#include "models/batch.h"
#include "models/rollout.h"
#include "models/world.h"

/* The objects as a resource says, by its manifest. */
struct wanted {
    const struct value *of;
    const struct meta *const *objects;  /* NULL: they cannot be made */
    const char *why;            /* then */
};

/* The first error. */
static const char *why_not(struct arena *a, const struct err_list *errors)
{
    for (size_t i = 0; i < errors->len; i++) {
        const struct diag *d = &errors->items[i];

        if (d->level == ERR_ERROR)
            return arena_printf(a, "%s%s%s", d->path ? d->path : "",
                                d->path ? ": " : "", d->text);
    }
    return "its objects cannot be made";
}

static const struct wanted *wanted_by(struct operator *o, const struct meta *m)
{
    struct wanted *had = map_get_number(&o->wanted, m->uid);
    const struct value *applied = custom_seen(m)->status.applied;
    struct arena *a = o->c.w->arena;
    struct err_list errors;

    if (had && had->of == applied)
        return had;
    if (!had) {
        had = arena_make(a, struct wanted);
        map_put_number(&o->wanted, m->uid, had);
    }
    err_init(&errors, a);
    had->of = applied;
    had->objects = operator_objects(a, o->spec, applied, &errors);
    had->why = had->objects ? NULL : why_not(a, &errors);
    return had;
}

/* What there is of a wanted object, as seen; NULL. */
static const struct meta *seen(const struct operator *o,
                               const struct meta *want)
{
    return informer_find(o->owned[want->kind], want->space, want->name);
}

static bool is_as_wanted(const struct meta *have, const struct meta *want)
{
    return value_equal(object_raw(have), object_raw(want));
}

/* The spec of want in a draft that keeps who have is; the store adds the
 * status. */
static struct meta *updated(struct operator *o, const struct meta *have,
                            const struct meta *want)
{
    struct meta *draft = api_draft(o->c.w->api, have);
    struct meta who = *draft;

    memcpy(draft, want, kind_ops_of(want->kind)->size);
    who.labels = want->labels;
    who.annotations = want->annotations;
    *draft = who;
    return draft;
}

static void keep_one(struct operator *o, struct sync *s, const struct meta *m,
                     const struct meta *want)
{
    const struct meta *have = seen(o, want);
    struct meta *draft;

    if (have && (meta_deleting(have) || is_as_wanted(have, want)))
        return;
    if (have) {
        sync_update(s, updated(o, have, want));
        return;
    }
    draft = api_draft(o->c.w->api, want);
    draft->owner = m->uid;
    sync_create(s, draft);
}

void operator_keep(struct operator *o, struct sync *s, const struct meta *m)
{
    const struct wanted *w;

    if (!custom_seen(m)->status.applied)
        return;
    w = wanted_by(o, m);
    for (size_t i = 0; w->objects && i < o->spec->nmanifests; i++)
        keep_one(o, s, m, w->objects[i]);
}

/* Is an object in the state for which one waits? */
static bool is_complete(struct operator *o, const struct meta *have,
                        bool *failed)
{
    struct rollout_status rolled;

    if (have->kind == KIND_JOB) {
        *failed |= batch_job_seen(have)->failure.status == CONDITION_TRUE;
        return batch_job_seen(have)->complete.status == CONDITION_TRUE;
    }
    if (!kind_rolls_out(have->kind))
        return true;
    rolled = rollout_status_of(o->c.w->arena, have);
    *failed |= rolled.failed;
    return rolled.done;
}

bool operator_rolled_out(struct operator *o, const struct meta *m,
                         const char **failed)
{
    const struct wanted *w = wanted_by(o, m);
    bool done = w->objects != NULL, never = false;

    for (size_t i = 0; w->objects && i < o->spec->nmanifests; i++) {
        const struct meta *have = seen(o, w->objects[i]);

        done &= have && is_as_wanted(have, w->objects[i]) &&
                is_complete(o, have, &never);
    }
    *failed = w->why ? w->why : never ? "the rollout has failed" : NULL;
    return done;
}
