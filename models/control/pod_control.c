/*
 * pod_control.c - how workload controllers make pods.
 *
 * Source: kubernetes pkg/controller/controller_utils.go (GetPodFromTemplate)
 * and apiserver storage/names at v1.36.2; reference 1.5.
 */
#include "models/pod_control.h"

#include <string.h>

#include "models/world.h"

#define BASE_MOST 58            /* 63 characters less the random five */

struct meta *pod_draft(struct world *w, const struct meta *owner,
                       const struct pod_template *t, const char *name)
{
    struct meta *draft = api_new_draft(w->api, KIND_POD);
    struct pod *p = pod_of(draft);

    draft->name = name;
    draft->space = owner->space;
    draft->labels = t->labels;
    draft->annotations = t->annotations;
    draft->owner = owner->uid;
    p->template = t;
    p->phase = POD_PENDING;
    p->ready_changed = SIM_NEVER;
    p->started = SIM_NEVER;
    p->finished = SIM_NEVER;
    return draft;
}

const char *pod_name(struct world *w, const char *base)
{
    size_t len = strlen(base);

    if (len >= BASE_MOST)
        return arena_printf(w->arena, "%.*s%s", BASE_MOST, base,
                            world_suffix(w));
    return arena_printf(w->arena, "%s-%s", base, world_suffix(w));
}
