/*
 * attach_detach.c - the attach/detach controller: which disk is on which node.
 *
 * A disk is wanted on a node as long as a pod that is bound there and has not
 * ended uses a claim of it, also while that pod is Terminating.  What is
 * wanted and not attached gets a VolumeAttachment, which the storage driver
 * serves; what is attached and not wanted is detached, but
 *
 *     mounted on the node, as far as its status says: wait
 *     the node is unhealthy for six minutes from then on: detach by force
 *     the node has the taint out-of-service (not in 1.20): at once
 *     ReadWriteOnce and attached to another node: "Multi-Attach error", wait
 *
 * So a rolling update of a pod with such a disk cannot leave its node, and the
 * disk of a node that died is free six minutes after its pods are gone.
 *
 * Decisions fall on the 100 ms grid of the real loop; profile exact: at once.
 * Not modelled: limits of disks per node, the full check every minute.
 * Source: pkg/controller/volume/attachdetach/reconciler at v1.36; reference
 * 9.3.
 */
#include <string.h>

#include "models/controller.h"
#include "models/kubelet.h"
#include "models/nodelife.h"
#include "models/pod.h"
#include "models/storage.h"
#include "models/world.h"

#define LOOP (100 * SIM_MS)             /* reconcilerLoopPeriod */
#define FORCE_AFTER (360 * SIM_S)       /* maxWaitForUnmountDuration */
#define MOUNTED_AGAIN (SIM_S)           /* ask again whether it is mounted */

struct leaving {                /* an attachment that is not wanted */
    sim_time since;
    sim_time free;              /* when the node says so; SIM_NEVER */
};

struct disks {
    struct controller *c;
    struct informer *pods, *claims, *volumes, *attachments, *nodes;
    struct map leaving;         /* attachment uid -> struct leaving */
    struct map told;            /* pod uid: of a Multi-Attach error */
};

/* ---- events ------------------------------------------------------------- */

static void enqueue(struct disks *d, const struct volume *v)
{
    sim_time now = world_now(d->c->w);

    if (!v || !v->disk)
        return;
    if (d->c->w->spec->cluster.profile == PROFILE_EXACT)
        controller_enqueue(d->c, v->meta.uid);
    else
        controller_enqueue_after(d->c, v->meta.uid, LOOP - now % LOOP);
}

/* The volume of the i-th claim of a pod; NULL if it has none yet. */
static const struct volume *volume_at(const struct disks *d,
                                      const struct pod *p, size_t i)
{
    const struct meta *m = informer_find(d->claims, p->meta.space,
                                         p->template->spec->claims[i]);

    return m ? claim_volume(d->volumes, claim_seen(m)) : NULL;
}

static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct disks *d = ctx;
    const struct pod *p = pod_seen(after ? after : before);

    for (size_t i = 0; p->node && i < p->template->spec->nclaims; i++)
        enqueue(d, volume_at(d, p, i));
}

static void on_claim(void *ctx, const struct meta *before,
                     const struct meta *after)
{
    struct disks *d = ctx;

    (void)before;
    if (after)
        enqueue(d, claim_volume(d->volumes, claim_seen(after)));
}

static void on_volume(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    (void)before;
    if (after)
        enqueue(ctx, volume_seen(after));
}

/* All disks: a node has fallen ill, or has come back. */
static void on_node(void *ctx, const struct meta *before,
                    const struct meta *after)
{
    struct disks *d = ctx;
    object_uid node = (after ? after : before)->uid;

    for (size_t i = 0; i < informer_count(d->attachments); i++) {
        const struct attachment *t =
            attachment_seen(informer_at(d->attachments, i));
        const struct meta *m = informer_get(d->volumes, t->volume);

        if (t->node == node && m)
            enqueue(d, volume_seen(m));
    }
}

/* Does the pod keep the volume on its node? */
static bool uses(const struct disks *d, const struct pod *p,
                 const struct volume *v)
{
    if (!p->node || p->phase == POD_SUCCEEDED || p->phase == POD_FAILED)
        return false;
    for (size_t i = 0; i < p->template->spec->nclaims; i++)
        if (volume_at(d, p, i) == v)
            return true;
    return false;
}

static void tell_attached(struct disks *d, const struct attachment *t,
                          const struct volume *v)
{
    for (size_t i = 0; i < informer_count(d->pods); i++) {
        const struct pod *p = pod_seen(informer_at(d->pods, i));

        if (p->node == t->node && uses(d, p, v))
            controller_event(d->c, &p->meta, "Normal",
                             "SuccessfulAttachVolume", "AttachVolume.Attach "
                             "succeeded for volume \"%s\"", v->meta.name);
    }
}

static void on_attachment(void *ctx, const struct meta *before,
                          const struct meta *after)
{
    struct disks *d = ctx;
    const struct attachment *t = attachment_seen(after ? after : before);
    const struct meta *m = informer_get(d->volumes, t->volume);

    if (!m)
        return;
    if (after && t->attached && !(before && attachment_seen(before)->attached))
        tell_attached(d, t, volume_seen(m));
    enqueue(d, volume_seen(m));
}

#define WATCH(what)                                                           \
    static const struct informer_ops watch_##what##s = {                      \
        .name = "attach-detach." #what "s",                                   \
        .latency = TIMING_WATCH_CONTROLLER, .handle = on_##what,              \
    }
WATCH(pod);
WATCH(claim);
WATCH(volume);
WATCH(node);
WATCH(attachment);

/* ---- detach ------------------------------------------------------------- */

static bool is_wanted(const struct disks *d, const struct volume *v,
                      object_uid node)
{
    for (size_t i = 0; i < informer_count(d->pods); i++) {
        const struct pod *p = pod_seen(informer_at(d->pods, i));

        if (p->node == node && uses(d, p, v))
            return true;
    }
    return false;
}

enum health { NODE_WELL, NODE_ILL, NODE_OUT_OF_SERVICE };

static enum health health_of(const struct disks *d, object_uid node)
{
    const struct meta *m = informer_get(d->nodes, node);
    const struct node *n = m ? node_seen(m) : NULL;

    if (n && node_out_of_service(d->c->w, n))
        return NODE_OUT_OF_SERVICE;
    return n && n->ready.status == CONDITION_TRUE ? NODE_WELL : NODE_ILL;
}

static struct leaving *leaving_of(struct disks *d, const struct attachment *t)
{
    struct leaving *l = map_get_number(&d->leaving, t->meta.uid);

    if (l)
        return l;
    l = arena_make(d->c->w->arena, struct leaving);
    *l = (struct leaving){ world_now(d->c->w), SIM_NEVER };
    map_put_number(&d->leaving, t->meta.uid, l);
    return l;
}

/* When the attachment may go; asked again then. */
static sim_time detach_at(struct disks *d, const struct attachment *t,
                          const struct volume *v)
{
    struct world *w = d->c->w;
    enum health health = health_of(d, t->node);
    struct leaving *l = leaving_of(d, t);
    sim_time now = world_now(w), forced = l->since + FORCE_AFTER;

    if (health == NODE_OUT_OF_SERVICE)
        return now;
    if (kubelet_has_mounted(w, t->node, v->claim_space, v->claim_name)) {
        if (health == NODE_WELL)
            return now + MOUNTED_AGAIN;
        return forced > now ? forced : now;
    }
    if (l->free == SIM_NEVER)
        l->free = now + world_draw(w, TIMING_VOLUMES_IN_USE, &d->c->stream);
    return l->free > now ? l->free : now;
}

static void detach(struct disks *d, struct sync *s, const struct volume *v)
{
    sim_time now = world_now(d->c->w);

    for (size_t i = 0; i < informer_count(d->attachments); i++) {
        const struct attachment *t =
            attachment_seen(informer_at(d->attachments, i));
        sim_time at;

        if (t->volume != v->meta.uid || meta_deleting(&t->meta))
            continue;
        if (is_wanted(d, v, t->node)) {
            map_put_number(&d->leaving, t->meta.uid, NULL);
            continue;
        }
        at = detach_at(d, t, v);
        if (at <= now)
            sync_tolerate(s, sync_delete(s, t->meta.uid));
        else
            sync_requeue_after(s, at - now);
    }
}

/* ---- attach ------------------------------------------------------------- */

/* Is the volume on this node, or on its way?  And on another one? */
static bool is_attached(const struct disks *d, const struct volume *v,
                        object_uid node, bool *elsewhere)
{
    bool here = false;

    *elsewhere = false;
    for (size_t i = 0; i < informer_count(d->attachments); i++) {
        const struct attachment *t =
            attachment_seen(informer_at(d->attachments, i));

        if (t->volume != v->meta.uid)
            continue;
        if (t->node == node)
            here = true;
        else
            *elsewhere = true;
    }
    return here;
}

/* The pods of other nodes that have the volume; "" if there are none. */
static const char *users_elsewhere(const struct disks *d,
                                   const struct volume *v, object_uid node)
{
    const char *names = "";

    for (size_t i = 0; i < informer_count(d->pods); i++) {
        const struct pod *p = pod_seen(informer_at(d->pods, i));
        bool other;

        if (p->node == node || !uses(d, p, v) ||
            !is_attached(d, v, p->node, &other))
            continue;
        names = arena_printf(d->c->w->arena, "%s%s%s", names,
                             *names ? ", " : "", p->meta.name);
    }
    return names;
}

/* Tell a pod once that it waits for another one's disk. */
static void tell_held(struct disks *d, const struct pod *p,
                      const struct volume *v)
{
    const char *names;

    if (map_get_number(&d->told, p->meta.uid))
        return;
    map_put_number(&d->told, p->meta.uid, d);
    names = users_elsewhere(d, v, p->node);
    controller_event(d->c, &p->meta, "Warning", "FailedAttachVolume",
                     "Multi-Attach error for volume \"%s\" %s%s",
                     v->meta.name, *names
                     ? "Volume is already used by pod(s) "
                     : "Volume is already exclusively attached to one node "
                       "and can't be attached to another", names);
}

static void attach_to(struct disks *d, struct sync *s, const struct volume *v,
                      const struct meta *node)
{
    static const char *const finalizers[] = { "external-attacher/csi", NULL };
    struct meta *draft = api_new_draft(d->c->w->api, KIND_ATTACHMENT);

    draft->name = arena_printf(d->c->w->arena, "csi-%s-%s", v->meta.name,
                               node->name);
    draft->finalizers = finalizers;
    attachment_of(draft)->volume = v->meta.uid;
    attachment_of(draft)->node = node->uid;
    sync_tolerate(s, sync_create(s, draft));
}

static void attach(struct disks *d, struct sync *s, const struct volume *v)
{
    object_uid begun = 0;       /* one at a time: others will see it */

    for (size_t i = 0; i < informer_count(d->pods); i++) {
        const struct pod *p = pod_seen(informer_at(d->pods, i));
        const struct meta *node = informer_get(d->nodes, p->node);
        bool elsewhere;

        if (!node || meta_deleting(&p->meta) || !uses(d, p, v) ||
            is_attached(d, v, p->node, &elsewhere) || begun == p->node)
            continue;
        if (volume_is_exclusive(v) && (elsewhere || begun)) {
            tell_held(d, p, v);
            continue;
        }
        attach_to(d, s, v, node);
        begun = p->node;
    }
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct disks *d = c->state;
    const struct meta *m = informer_get(d->volumes, key);

    if (!m || !volume_seen(m)->claim_name)
        return;
    detach(d, s, volume_seen(m));
    attach(d, s, volume_seen(m));
}

static void start(struct controller *c)
{
    struct disks *d = arena_make(c->w->arena, struct disks);

    d->c = c;
    c->state = d;
    map_init(&d->leaving, c->w->arena);
    map_init(&d->told, c->w->arena);
    d->nodes = informer_new(c->w, KIND_NODE, &watch_nodes, d);
    d->volumes = informer_new(c->w, KIND_VOLUME, &watch_volumes, d);
    d->claims = informer_new(c->w, KIND_CLAIM, &watch_claims, d);
    d->attachments = informer_new(c->w, KIND_ATTACHMENT, &watch_attachments,
                                  d);
    d->pods = informer_new(c->w, KIND_POD, &watch_pods, d);
}

const struct controller_ops controller_attach_detach = {
    .name = "attach-detach",
    .doc = "attaches disks to the nodes of the pods that use them",
    .workers = 10,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
