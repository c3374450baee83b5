/*
 * volume_binding.c - where a pod's volumes can be used; one pod per
 * ReadWriteOncePod claim.
 *
 * A bound claim admits the nodes that its volume reaches.  An unbound claim of
 * a class that binds at once keeps the pod waiting.  One of a class that waits
 * for its first consumer admits the nodes on which a free volume suits it, or
 * where its class can make one; once a node is chosen the volume is reserved
 * (its claimRef), or the claim is marked with the node.
 *
 * Not modelled: scores by capacity (off by default), limits of disks per node,
 * storage capacity objects.
 * Source: plugins volumebinding, volumerestrictions, volumezone at v1.36;
 * reference 9.1.
 */
#include <string.h>

#include "models/client.h"
#include "models/world.h"
#include "volume_impl.h"

/* ---- what is decided ---------------------------------------------------- */

void sched_volumes_watch(struct sched_volumes *v, struct world *w,
                         const struct informer_ops *ops, void *ctx)
{
    map_init(&v->reserved, w->arena);
    storage_classes_watch(&v->classes, w, ops, ctx);
    v->volumes = informer_new(w, KIND_VOLUME, ops, ctx);
    v->claims = informer_new(w, KIND_CLAIM, ops, ctx);
}

static const struct claim *claim_at(const struct sched_volumes *v,
                                    const char *space,
                                    const struct pod_spec *s, size_t i)
{
    const struct meta *m = informer_find(v->claims, space, s->claims[i]);

    return m && !meta_deleting(m) ? claim_seen(m) : NULL;
}

static bool is_bound(const struct sched_volumes *v, const struct claim *c)
{
    return c->phase == CLAIM_BOUND && claim_volume(v->volumes, c);
}

bool sched_volumes_bound(const struct sched_volumes *v, const char *space,
                         const struct pod_spec *s)
{
    for (size_t i = 0; i < s->nclaims; i++) {
        const struct claim *c = claim_at(v, space, s, i);

        if (!c || !is_bound(v, c))
            return false;
    }
    return true;
}

struct asking {                 /* for volume_best */
    const struct sched_volumes *v;
    object_uid claim;
};

/* Reserved for another claim, by a decision that may not be seen yet? */
static bool is_taken(void *ctx, object_uid volume)
{
    const struct asking *a = ctx;
    uintptr_t holder = (uintptr_t)map_get_number(&a->v->reserved, volume);

    return holder != 0 && holder != (uintptr_t)a->claim + 1;
}

static const struct volume *free_volume(const struct sched_volumes *v,
                                        const struct claim *c,
                                        const struct node *n)
{
    struct asking a = { v, c->meta.uid };

    return volume_best(v->volumes, c, storage_class_name(&v->classes, c), n,
                       is_taken, &a);
}

static void reserve(struct sched_volumes *v, struct world *w,
                    struct client *client, const struct claim *c,
                    const struct node *n)
{
    const struct volume *found = free_volume(v, c, n);
    struct call *call = call_new(w, CALL_UPDATE);

    if (found) {
        map_put_number(&v->reserved, found->meta.uid,
                       (void *)((uintptr_t)c->meta.uid + 1));
        call->draft = api_draft(w->api, &found->meta);
        volume_of(call->draft)->claim_space = c->meta.space;
        volume_of(call->draft)->claim_name = c->meta.name;
        volume_of(call->draft)->claim = c->meta.uid;
    } else {
        call->draft = api_draft(w->api, &c->meta);
        call->draft->annotations = labels_with(
            w->arena, c->meta.annotations, CLAIM_NODE, n->meta.name);
    }
    client_send(client, call);
}

void sched_volumes_reserve(struct sched_volumes *v, struct world *w,
                           struct client *client, const char *space,
                           const struct pod_spec *s, const struct node *n)
{
    for (size_t i = 0; i < s->nclaims; i++) {
        const struct claim *c = claim_at(v, space, s, i);

        if (c && !c->spec.volume)
            reserve(v, w, client, c, n);
    }
}

/* ---- VolumeBinding ------------------------------------------------------ */

/* Why the pod can go nowhere, whatever the node; NULL: it may. */
static const char *general(const struct sched_cycle *c)
{
    for (size_t i = 0; i < c->spec->nclaims; i++) {
        const struct claim *k = claim_at(c->volumes, c->space, c->spec, i);
        const struct storage_class *class;

        if (!k)
            return arena_printf(c->arena, "persistentvolumeclaim \"%s\" not "
                                "found", c->spec->claims[i]);
        class = storage_class_of(&c->volumes->classes, k);
        if (!k->spec.volume && !(class && class->waits))
            return "pod has unbound immediate PersistentVolumeClaims";
    }
    return NULL;
}

static bool prefilter_binding(struct sched_cycle *c, void **scratch)
{
    if (!c->volumes || c->spec->nclaims == 0)
        return false;
    *scratch = (void *)general(c);
    return true;
}

/* Can a volume be made for the claim on this node? */
static bool can_make(const struct sched_cycle *c, const struct claim *k,
                     const struct node *n)
{
    const struct storage_class *class =
        storage_class_of(&c->volumes->classes, k);

    return class && class->provisioner &&
           node_terms_match(class->topologies, class->ntopologies, n);
}

/* A claim for which another pod has chosen a node already stays there. */
static bool may_go(const struct claim *k, const struct node *n)
{
    const char *chosen = labels_get(k->meta.annotations, CLAIM_NODE);

    return !chosen || strcmp(chosen, n->meta.name) == 0;
}

static const char *filter_binding(const struct sched_cycle *c,
                                  const void *scratch,
                                  const struct sched_node *n)
{
    if (scratch)
        return scratch;
    for (size_t i = 0; i < c->spec->nclaims; i++) {
        const struct claim *k = claim_at(c->volumes, c->space, c->spec, i);
        const struct volume *v = claim_volume(c->volumes->volumes, k);

        if (v && !volume_reaches(v, &n->node))
            return "node(s) had volume node affinity conflict";
        if (!v && (!may_go(k, &n->node) ||
                   !(free_volume(c->volumes, k, &n->node) ||
                     can_make(c, k, &n->node))))
            return "node(s) didn't find available persistent volumes to bind";
    }
    return NULL;
}

const struct sched_plugin plugin_volume_binding = {
    .name = "VolumeBinding", .prefilter = prefilter_binding,
    .filter = filter_binding,
};

/* ---- VolumeRestrictions ------------------------------------------------- */

static bool names_claim(const struct pod_spec *s, const char *claim)
{
    for (size_t i = 0; i < s->nclaims; i++)
        if (strcmp(s->claims[i], claim) == 0)
            return true;
    return false;
}

/* Has any placed pod this claim? */
static bool in_use(const struct sched_cycle *c, const char *claim)
{
    for (size_t i = 0; i < c->nnodes; i++)
        for (size_t k = 0; k < c->nodes[i]->pods.len; k++) {
            const struct placed *p = &c->nodes[i]->pods.items[k];

            if (strcmp(p->space, c->space) == 0 &&
                names_claim(p->spec, claim))
                return true;
        }
    return false;
}

/* Has it a ReadWriteOncePod claim that another pod uses? */
static bool prefilter_restrictions(struct sched_cycle *c, void **scratch)
{
    (void)scratch;
    for (size_t i = 0; c->volumes && i < c->spec->nclaims; i++) {
        const struct claim *k = claim_at(c->volumes, c->space, c->spec, i);

        if (k && (k->spec.access & ACCESS_ONE_POD) &&
            in_use(c, c->spec->claims[i]))
            return true;
    }
    return false;
}

static const char *filter_restrictions(const struct sched_cycle *c,
                                       const void *scratch,
                                       const struct sched_node *n)
{
    (void)c;
    (void)scratch;
    (void)n;
    return "node has pod using PersistentVolumeClaim with the same name and "
           "ReadWriteOncePod access mode";
}

const struct sched_plugin plugin_volume_restrictions = {
    .name = "VolumeRestrictions", .prefilter = prefilter_restrictions,
    .filter = filter_restrictions,
};
