/*
 * volume_binder.c - the persistent volume controller: which claim has which
 * volume.
 *
 * A claim that has none yet gets the smallest volume that suits it; if there
 * is none and its class has a provisioner, the claim is marked for the storage
 * driver.  A class that waits for its first consumer waits until the scheduler
 * has chosen a node for a pod of the claim; then only a volume reserved for the
 * claim, or a new one, will do.  What cannot be helped is looked at again every
 * 15 s and when something changes.  Binding writes the volume's claimRef, then
 * the claim's volumeName.  A volume whose claim is gone is released; one that
 * disappears leaves its claim Lost.
 *
 * Not modelled: in-tree provisioners, the protection of claims and volumes in
 * use from deletion.
 * Source: pkg/controller/volume/persistentvolume/pv_controller.go at v1.36;
 * reference 9.1.
 */
#include <string.h>

#include "models/controller.h"
#include "models/storage.h"
#include "models/world.h"

#define RESYNC (15 * SIM_S)     /* pvClaimBinderSyncPeriod */

struct binders {
    struct controller *c;
    struct informer *claims, *volumes;
    struct storage_classes classes;
    struct map told;            /* claim uid -> the reason of its last Event */
};

/* ---- events ------------------------------------------------------------- */

static void enqueue_unbound(struct binders *b)
{
    for (size_t i = 0; i < informer_count(b->claims); i++) {
        const struct meta *m = informer_at(b->claims, i);

        if (claim_seen(m)->phase == CLAIM_PENDING)
            controller_enqueue(b->c, m->uid);
    }
}

static void on_claim(void *ctx, const struct meta *before,
                     const struct meta *after)
{
    struct binders *b = ctx;
    const struct meta *m = after ? after : before;
    const struct meta *v = claim_seen(m)->spec.volume
        ? informer_find(b->volumes, "", claim_seen(m)->spec.volume) : NULL;

    if (after)
        controller_enqueue(b->c, after->uid);
    else if (v)
        controller_enqueue(b->c, v->uid);
}

static void on_volume(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    struct binders *b = ctx;
    const struct volume *v = volume_seen(after ? after : before);
    const struct meta *m = v->claim_name
        ? informer_find(b->claims, v->claim_space, v->claim_name) : NULL;

    if (after)
        controller_enqueue(b->c, after->uid);
    if (m)
        controller_enqueue(b->c, m->uid);
    else if (!v->claim_name)
        enqueue_unbound(b);
}

static void on_class(void *ctx, const struct meta *before,
                     const struct meta *after)
{
    (void)before;
    (void)after;
    enqueue_unbound(ctx);
}

static const struct informer_ops watch_claims = {
    .name = "binder.claims", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_claim,
};
static const struct informer_ops watch_volumes = {
    .name = "binder.volumes", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_volume,
};
static const struct informer_ops watch_classes = {
    .name = "binder.classes", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_class,
};

/* ---- binding ------------------------------------------------------------ */

/* Give the volume to the claim: whatever of the four writes is missing. */
static void bind(struct binders *b, struct sync *s, const struct claim *c,
                 const struct volume *v)
{
    struct api *api = b->c->w->api;
    struct meta *draft;

    if (v->claim != c->meta.uid) {
        draft = api_draft(api, &v->meta);
        volume_of(draft)->claim_space = c->meta.space;
        volume_of(draft)->claim_name = c->meta.name;
        volume_of(draft)->claim = c->meta.uid;
        sync_update(s, draft);
    }
    if (v->phase != VOLUME_BOUND) {
        draft = api_draft(api, &v->meta);
        draft->version = 0;
        volume_of(draft)->phase = VOLUME_BOUND;
        sync_update_status(s, draft);
    }
    if (!c->spec.volume) {
        draft = api_draft(api, &c->meta);
        claim_of(draft)->spec.volume = v->meta.name;
        sync_update(s, draft);
    }
    if (c->phase != CLAIM_BOUND) {
        draft = api_draft(api, &c->meta);
        draft->version = 0;
        claim_of(draft)->phase = CLAIM_BOUND;
        sync_update_status(s, draft);
    }
}

/* Say once why a claim waits. */
static void tell(struct binders *b, const struct claim *c, const char *type,
                 const char *reason, const char *text)
{
    const char *last = map_get_number(&b->told, c->meta.uid);

    if (last && strcmp(last, reason) == 0)
        return;
    map_put_number(&b->told, c->meta.uid, (void *)reason);
    controller_event(b->c, &c->meta, type, reason, "%s", text);
}

/* No volume suits: have one made, or say why not. */
static void provision(struct binders *b, struct sync *s,
                      const struct claim *c, const struct storage_class *k)
{
    struct arena *a = b->c->w->arena;
    struct meta *draft;

    sync_requeue_after(s, RESYNC);
    if (!k) {
        const char *name = storage_class_name(&b->classes, c);

        if (*name)
            tell(b, c, "Warning", "ProvisioningFailed",
                 arena_printf(a, "storageclass.storage.k8s.io \"%s\" not "
                              "found", name));
        else
            tell(b, c, "Normal", "FailedBinding", "no persistent volumes "
                 "available for this claim and no storage class is set");
        return;
    }
    if (!k->provisioner) {
        tell(b, c, "Normal", "FailedBinding", "no persistent volumes "
             "available for this claim, and its class has no provisioner");
        return;
    }
    if (labels_get(c->meta.annotations, CLAIM_PROVISIONER))
        return;
    draft = api_draft(b->c->w->api, &c->meta);
    draft->annotations = labels_with(a, draft->annotations, CLAIM_PROVISIONER,
                                     k->provisioner);
    sync_update(s, draft);
    tell(b, c, "Normal", "ExternalProvisioning", "Waiting for a volume to be "
         "created by the external provisioner");
}

/* A claim without a volume. */
static void find_volume(struct binders *b, struct sync *s,
                        const struct claim *c)
{
    const struct storage_class *k = storage_class_of(&b->classes, c);
    const struct volume *v = volume_best(
        b->volumes, c, storage_class_name(&b->classes, c), NULL, NULL, NULL);
    bool waits = k && k->waits;

    if (waits && v && !v->claim_name)
        v = NULL;               /* the scheduler will reserve one */
    if (v)
        bind(b, s, c, v);
    else if (waits && !labels_get(c->meta.annotations, CLAIM_NODE))
        tell(b, c, "Normal", "WaitForFirstConsumer", "waiting for first "
             "consumer to be created before binding");
    else
        provision(b, s, c, k);
}

static void lost(struct binders *b, struct sync *s, const struct claim *c)
{
    struct meta *draft = api_draft(b->c->w->api, &c->meta);

    draft->version = 0;
    claim_of(draft)->phase = CLAIM_LOST;
    sync_update_status(s, draft);
    tell(b, c, "Warning", "ClaimLost", "Bound claim has lost its "
         "PersistentVolume. Data on the volume is lost!");
}

static void sync_claim(struct binders *b, struct sync *s,
                       const struct claim *c)
{
    const struct meta *m;

    if (c->phase == CLAIM_LOST)
        return;
    if (!c->spec.volume) {
        find_volume(b, s, c);
        return;
    }
    m = informer_find(b->volumes, "", c->spec.volume);
    if (m && (!volume_seen(m)->claim_name ||
              volume_is_for(volume_seen(m), c)))
        bind(b, s, c, volume_seen(m));
    else if (!m && c->phase == CLAIM_BOUND)
        lost(b, s, c);
    else if (!m)
        sync_requeue_after(s, RESYNC);
    else
        tell(b, c, "Warning", "FailedBinding", arena_printf(
             b->c->w->arena, "volume \"%s\" already bound to a different "
             "claim.", m->name));
}

/* A volume whose claim is gone is released. */
static void sync_volume(struct binders *b, struct sync *s,
                        const struct volume *v)
{
    struct meta *draft;

    if (v->claim == 0 || v->phase == VOLUME_RELEASED ||
        informer_get(b->claims, v->claim) || api_get(b->c->w->api, v->claim))
        return;
    draft = api_draft(b->c->w->api, &v->meta);
    draft->version = 0;
    volume_of(draft)->phase = VOLUME_RELEASED;
    sync_update_status(s, draft);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct binders *b = c->state;
    const struct meta *m = informer_get(b->claims, key);

    if (m && !meta_deleting(m))
        sync_claim(b, s, claim_seen(m));
    m = informer_get(b->volumes, key);
    if (m && !meta_deleting(m))
        sync_volume(b, s, volume_seen(m));
}

static void start(struct controller *c)
{
    struct binders *b = arena_make(c->w->arena, struct binders);

    b->c = c;
    c->state = b;
    map_init(&b->told, c->w->arena);
    storage_classes_watch(&b->classes, c->w, &watch_classes, b);
    b->volumes = informer_new(c->w, KIND_VOLUME, &watch_volumes, b);
    b->claims = informer_new(c->w, KIND_CLAIM, &watch_claims, b);
}

const struct controller_ops controller_volume_binder = {
    .name = "volume-binder",
    .doc = "gives each PersistentVolumeClaim its PersistentVolume",
    .workers = 2,               /* one queue each for claims and volumes */
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
