/*
 * storage_driver.c - the storage driver: what makes volumes and attaches them.
 *
 * It stands for the external provisioner and attacher of a CSI driver and for
 * the storage behind them.  A claim that is marked with a provisioner gets a
 * volume of exactly the size asked for, in the zone of the node that the
 * scheduler chose or, without one, in any zone of the cluster (by the claim's
 * own luck).  A VolumeAttachment is attached in its time, one that is deleted
 * is detached in its time.  A released volume of reclaim policy Delete goes
 * when it is attached nowhere.
 *
 * How long each takes: timings volumeProvision, volumeAttach, volumeDetach,
 * from a stream of each claim's disk, so that strategies share their luck.
 *
 * Not modelled: failures and limits of the storage, how many disks a node can
 * have, snapshots, expansion.
 * Source: kubernetes-csi external-provisioner, external-attacher;
 * reference 9.1, 9.3.
 */
#include <string.h>

#include "base/text.h"
#include "models/client.h"
#include "models/storage.h"
#include "models/world.h"

struct driver {
    struct world *w;
    struct informer *claims, *volumes, *attachments, *nodes;
    struct storage_classes classes;
    struct client client;
    struct map disks;           /* entity -> struct stream */
    struct map making;          /* claim uid: a volume is on its way */
};

#define DRIVER_ENTITY UINT64_C(0x637369)        /* "csi" */

/* The luck of the disk of a claim. */
static struct stream *luck_of(struct driver *d, const char *space,
                              const char *name)
{
    const char *key = arena_printf(d->w->arena, "disk/%s/%s", space, name);
    struct stream *s = map_get(&d->disks, key);

    if (!s) {
        s = arena_make(d->w->arena, struct stream);
        world_stream(d->w, s, PURPOSE_TIMING,
                     fnv64(FNV_START, key, strlen(key)));
        map_put(&d->disks, key, s);
    }
    return s;
}

static void send_draft(struct driver *d, enum call_verb verb,
                       struct meta *draft)
{
    struct call *call = call_new(d->w, verb);

    call->draft = draft;
    client_send(&d->client, call);
}

/* ---- making volumes ----------------------------------------------------- */

/* A zone of the cluster that the class allows; "" if it has no zones. */
static const char *any_zone(struct driver *d, const struct storage_class *k,
                            struct stream *luck)
{
    VEC(const char *) zones = { 0 };

    for (size_t i = 0; i < informer_count(d->nodes); i++) {
        const struct node *n = node_seen(informer_at(d->nodes, i));
        size_t z = 0;

        if (!*n->zone || !node_terms_match(k->topologies, k->ntopologies, n))
            continue;
        while (z < zones.len && strcmp(zones.items[z], n->zone) != 0)
            z++;
        if (z == zones.len)
            vec_push(d->w->arena, &zones, n->zone);
    }
    return zones.len ? zones.items[stream_below(luck, (uint32_t)zones.len)]
                     : "";
}

static const char *zone_for(struct driver *d, const struct claim *c,
                            const struct storage_class *k,
                            struct stream *luck)
{
    const char *name = labels_get(c->meta.annotations, CLAIM_NODE);
    const struct meta *m = name ? informer_find(d->nodes, "", name) : NULL;

    return m ? node_seen(m)->zone : any_zone(d, k, luck);
}

/* The volume is of this zone. */
static void pin(struct arena *a, struct volume *v, const char *zone)
{
    struct node_term *term = arena_make(a, struct node_term);

    term->labels = selector_with(a, NULL, STORAGE_ZONE, zone);
    v->terms = term;
    v->nterms = 1;
    v->pinned = true;
    v->meta.labels = labels_with(a, NULL, STORAGE_ZONE, zone);
}

static void fire_made(struct sim *sim, void *subject, int64_t arg)
{
    struct driver *d = subject;
    const struct meta *m = informer_get(d->claims, (object_uid)arg);
    const struct claim *c = m ? claim_seen(m) : NULL;
    const struct storage_class *k = c ? storage_class_of(&d->classes, c)
                                      : NULL;
    struct stream *luck;
    struct volume *v;
    const char *zone;

    (void)sim;
    map_put_number(&d->making, (uint64_t)arg, NULL);
    if (!k || c->spec.volume)
        return;                 /* not wanted any more */
    luck = luck_of(d, m->space, m->name);
    v = volume_of(api_new_draft(d->w->api, KIND_VOLUME));
    v->meta.name = arena_printf(d->w->arena, "pvc-%s-%u", m->name, m->uid);
    v->bytes = c->spec.bytes;
    v->access = c->spec.access;
    v->storage_class = storage_class_name(&d->classes, c);
    v->mode = c->spec.mode;
    v->disk = v->dynamic = true;
    v->keep = k->keep;
    v->claim_space = m->space;
    v->claim_name = m->name;
    v->claim = m->uid;
    zone = zone_for(d, c, k, luck);
    if (*zone)
        pin(d->w->arena, v, zone);
    record_event(d->w, m, "Normal", "ProvisioningSucceeded",
                 "Successfully provisioned volume %s", v->meta.name);
    send_draft(d, CALL_CREATE, &v->meta);
}

static const struct event_kind ev_made = {
    .name = "volume.made", .rank = RANK_WORLD, .fire = fire_made,
};

static void on_claim(void *ctx, const struct meta *before,
                     const struct meta *after)
{
    struct driver *d = ctx;

    (void)before;
    if (!after || claim_seen(after)->spec.volume ||
        !labels_get(after->annotations, CLAIM_PROVISIONER) ||
        map_get_number(&d->making, after->uid))
        return;
    map_put_number(&d->making, after->uid, d);
    sim_after(d->w->sim,
              world_draw(d->w, TIMING_PROVISION,
                         luck_of(d, after->space, after->name)),
              &ev_made, d, after->uid);
}

/* ---- attaching, detaching ----------------------------------------------- */

static bool is_attached(const struct driver *d, object_uid volume)
{
    for (size_t i = 0; i < informer_count(d->attachments); i++)
        if (attachment_seen(informer_at(d->attachments, i))->volume == volume)
            return true;
    return false;
}

/* Delete a volume that nobody wants or has any more. */
static void delete_if_free(struct driver *d, const struct meta *m)
{
    struct call *call;

    if (!m || volume_seen(m)->phase != VOLUME_RELEASED ||
        volume_seen(m)->keep || is_attached(d, m->uid))
        return;
    call = call_new(d->w, CALL_DELETE);
    call->uid = m->uid;
    client_send(&d->client, call);
}

static void on_volume(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    (void)before;
    delete_if_free(ctx, after);
}

static void fire_attached(struct sim *sim, void *subject, int64_t arg)
{
    struct driver *d = subject;
    const struct meta *m = informer_get(d->attachments, (object_uid)arg);
    struct meta *draft;

    (void)sim;
    if (!m || meta_deleting(m))
        return;
    draft = api_draft(d->w->api, m);
    draft->version = 0;
    attachment_of(draft)->attached = true;
    send_draft(d, CALL_UPDATE_STATUS, draft);
}

static void fire_detached(struct sim *sim, void *subject, int64_t arg)
{
    struct driver *d = subject;
    const struct meta *m = informer_get(d->attachments, (object_uid)arg);
    struct meta *draft;

    (void)sim;
    if (!m)
        return;
    draft = api_draft(d->w->api, m);
    draft->version = 0;
    draft->finalizers = NULL;
    send_draft(d, CALL_UPDATE, draft);
}

static const struct event_kind ev_attached = {
    .name = "volume.attached", .rank = RANK_WORLD, .fire = fire_attached,
};
static const struct event_kind ev_detached = {
    .name = "volume.detached", .rank = RANK_WORLD, .fire = fire_detached,
};

static void on_attachment(void *ctx, const struct meta *before,
                          const struct meta *after)
{
    struct driver *d = ctx;
    const struct attachment *t = attachment_seen(after ? after : before);
    const struct meta *m = informer_get(d->volumes, t->volume);
    const char *space = m ? volume_seen(m)->claim_space : NULL;
    struct stream *luck = luck_of(d, space ? space : "",
                                  space ? volume_seen(m)->claim_name : "");

    if (!after)
        delete_if_free(d, m);
    else if (!before && !meta_deleting(after))
        sim_after(d->w->sim, world_draw(d->w, TIMING_ATTACH, luck),
                  &ev_attached, d, after->uid);
    else if (meta_deleting(after) && !(before && meta_deleting(before)))
        sim_after(d->w->sim, world_draw(d->w, TIMING_DETACH, luck),
                  &ev_detached, d, after->uid);
}

/* ---- life --------------------------------------------------------------- */

static const struct informer_ops watch_claims = {
    .name = "driver.claims", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_claim,
};
static const struct informer_ops watch_volumes = {
    .name = "driver.volumes", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_volume,
};
static const struct informer_ops watch_attachments = {
    .name = "driver.attachments", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_attachment,
};
static const struct informer_ops watch_nodes = {
    .name = "driver.nodes", .latency = TIMING_WATCH_CONTROLLER,
};
static const struct informer_ops watch_classes = {
    .name = "driver.classes", .latency = TIMING_WATCH_CONTROLLER,
};

void storage_driver_new(struct world *w)
{
    struct driver *d = arena_make(w->arena, struct driver);

    d->w = w;
    map_init(&d->disks, w->arena);
    map_init(&d->making, w->arena);
    client_init(&d->client, w, 0, 0, TIMING_API_WRITE, DRIVER_ENTITY);
    d->nodes = informer_new(w, KIND_NODE, &watch_nodes, d);
    storage_classes_watch(&d->classes, w, &watch_classes, d);
    d->volumes = informer_new(w, KIND_VOLUME, &watch_volumes, d);
    d->attachments = informer_new(w, KIND_ATTACHMENT, &watch_attachments, d);
    d->claims = informer_new(w, KIND_CLAIM, &watch_claims, d);
}
