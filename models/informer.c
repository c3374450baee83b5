/*
 * informer.c - watches with caches.
 *
 * A commit makes one delivery per interested informer, due after a latency
 * drawn from the lane's own stream, and never before the one before it in the
 * lane: a watch keeps its order.  The cache changes when the delivery fires.
 *
 * Not modelled: resync, bookmarks, broken watches.
 * Source: client-go tools/cache; reference 15 for the latencies.
 */
#include "models/informer.h"

#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/vec.h"
#include "models/uids.h"
#include "models/world.h"

struct lane {
    sim_time last;              /* when the newest delivery is due */
    struct stream stream;
    bool open;                  /* stream started */
};

struct delivery {
    struct informer *inf;
    const struct meta *after;   /* counted; NULL: gone */
    const struct meta *last;    /* counted; what is gone, for those who never
                                 * saw it; or NULL */
    object_uid uid;
};

struct informer {
    struct world *w;
    const struct informer_ops *ops;
    void *ctx;
    VEC(const struct meta *) seen;      /* by uid; counted; NULL: none */
    struct uids present;
    struct owners owners;
    struct map by_name;                 /* "space/name" -> uid, once asked */
    bool named;
    VEC(struct lane) lanes;
};

struct informers {
    VEC(struct informer *) by_kind[KIND_COUNT];
    struct pool deliveries;
};

static struct informers *informers_of(struct world *w)
{
    if (!w->informers) {
        w->informers = arena_make(w->arena, struct informers);
        pool_init(&w->informers->deliveries, w->arena,
                  sizeof(struct delivery));
    }
    return w->informers;
}

/* ---- the cache ------------------------------------------------------------- */

static void name_put(struct informer *inf, const struct meta *m, bool present)
{
    map_put(&inf->by_name,
            arena_printf(inf->w->arena, "%s/%s", m->space, m->name),
            present ? (void *)(uintptr_t)m->uid : NULL);
}

/* Keep the indexes in step with a change of one entry. */
static void reindex(struct informer *inf, object_uid uid,
                    const struct meta *before, const struct meta *after)
{
    if (!before && after)
        uids_add(inf->w->arena, &inf->present, uid);
    if (before && !after)
        uids_remove(&inf->present, uid);
    if (!before || !after || before->owner != after->owner) {
        if (before)
            owners_remove(&inf->owners, before->owner, uid);
        if (after)
            owners_add(&inf->owners, after->owner, uid);
    }
    if (inf->named && !before != !after)
        name_put(inf, after ? after : before, after != NULL);
}

/* Bring the cache to `after` (NULL: gone); returns what was seen before, still
 * counted for the caller. */
static const struct meta *cache_set(struct informer *inf, object_uid uid,
                                    const struct meta *after)
{
    const struct meta *before;

    while (inf->seen.len <= uid)
        vec_push(inf->w->arena, &inf->seen, NULL);
    before = inf->seen.items[uid];
    inf->seen.items[uid] = after ? api_ref(after) : NULL;
    reindex(inf, uid, before, after);
    return before;
}

const struct meta *informer_get(const struct informer *inf, object_uid uid)
{
    return uid < inf->seen.len ? inf->seen.items[uid] : NULL;
}

const struct meta *informer_find(const struct informer *inf,
                                 const char *space, const char *name)
{
    struct informer *mine = (struct informer *)inf;
    char room[600];

    if (!inf->named) {          /* index only where somebody asks */
        mine->named = true;
        map_init(&mine->by_name, inf->w->arena);
        for (size_t i = 0; i < informer_count(inf); i++)
            name_put(mine, informer_at(inf, i), true);
    }
    snprintf(room, sizeof(room), "%s/%s", space, name);
    return informer_get(inf,
                        (object_uid)(uintptr_t)map_get(&inf->by_name, room));
}

size_t informer_count(const struct informer *inf)
{
    return uids_len(&inf->present);
}

const struct meta *informer_at(const struct informer *inf, size_t i)
{
    return inf->seen.items[uids_items(&inf->present)[i]];
}

const object_uid *informer_owned(const struct informer *inf,
                                 object_uid owner, size_t *n)
{
    return owners_get(&inf->owners, owner, n);
}

/* ---- deliveries ------------------------------------------------------------- */

/* Show the informer a version (NULL: gone, and then last may be what it was)
 * and tell its owner. */
static void show(struct informer *inf, object_uid uid,
                 const struct meta *after, const struct meta *last)
{
    const struct meta *before = cache_set(inf, uid, after);
    const struct meta *was = before ? before : last;

    if ((was || after) && inf->ops->handle)
        inf->ops->handle(inf->ctx, was, after);
    if (before)
        api_unref(inf->w->api, before);
}

static void fire_delivery(struct sim *sim, void *subject, int64_t arg)
{
    struct delivery *d = subject;
    struct informer *inf = d->inf;

    (void)sim;
    (void)arg;
    show(inf, d->uid, d->after, d->last);
    if (d->after)
        api_unref(inf->w->api, d->after);
    if (d->last)
        api_unref(inf->w->api, d->last);
    pool_put(&inf->w->informers->deliveries, d);
}

static const struct event_kind ev_watch = {
    .name = "watch", .rank = RANK_WATCH, .fire = fire_delivery,
};

static struct lane *lane_of(struct informer *inf, const struct meta *m)
{
    unsigned i = inf->ops->lane ? inf->ops->lane(inf->ctx, m) : 0;
    struct lane *l;

    while (inf->lanes.len <= i)
        vec_push(inf->w->arena, &inf->lanes, (struct lane){ 0 });
    l = &inf->lanes.items[i];
    if (!l->open) {
        uint64_t name = fnv64(FNV_START, inf->ops->name,
                              strlen(inf->ops->name));

        world_stream(inf->w, &l->stream, PURPOSE_TIMING,
                     fnv64(name, &i, sizeof(i)));
        l->open = true;
    }
    return l;
}

static void tell(struct informer *inf, const struct meta *before,
                 const struct meta *after)
{
    struct world *w = inf->w;
    struct lane *l;
    struct delivery *d;
    sim_time due;

    if (inf->ops->wants && !inf->ops->wants(inf->ctx, before, after))
        return;
    l = lane_of(inf, after ? after : before);
    due = world_now(w) + world_draw(w, inf->ops->latency, &l->stream);
    l->last = due > l->last ? due : l->last;
    d = pool_take(&w->informers->deliveries);
    d->inf = inf;
    d->uid = after ? after->uid : before->uid;
    d->after = after ? api_ref(after) : NULL;
    if (!after && inf->ops->tombstones)
        d->last = api_ref(before);
    sim_at(w->sim, l->last, &ev_watch, d, d->uid);
}

void informers_publish(struct world *w, const struct meta *before,
                       const struct meta *after)
{
    struct informers *all = informers_of(w);
    enum kind kind = after ? after->kind : before->kind;

    for (size_t i = 0; i < all->by_kind[kind].len; i++)
        tell(all->by_kind[kind].items[i], before, after);
}

/* Does the cache hold exactly what the store does (of informers that want
 * everything), or nothing that the store does not?  Those that want tombstones
 * pick single changes and keep no books. */
static bool up_to_date(const struct informer *inf, enum kind kind)
{
    const struct api *api = inf->w->api;

    if (inf->ops->tombstones)
        return true;
    for (size_t i = 0; i < informer_count(inf); i++) {
        const struct meta *m = informer_at(inf, i);
        const struct meta *now = api_get(api, m->uid);

        if (!now || (!inf->ops->wants && now != m))
            return false;
    }
    return inf->ops->wants || informer_count(inf) == api_count(api, kind);
}

const char *informers_behind(const struct world *w)
{
    for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
        for (size_t i = 0; i < w->informers->by_kind[k].len; i++)
            if (!up_to_date(w->informers->by_kind[k].items[i], (enum kind)k))
                return w->informers->by_kind[k].items[i]->ops->name;
    return NULL;
}

struct informer *informer_new(struct world *w, enum kind kind,
                              const struct informer_ops *ops, void *ctx)
{
    struct informers *all = informers_of(w);
    struct informer *inf = arena_make(w->arena, struct informer);

    inf->w = w;
    inf->ops = ops;
    inf->ctx = ctx;
    owners_init(&inf->owners, w->arena);
    for (size_t i = 0; i < api_count(w->api, kind); i++) {
        const struct meta *m = api_at(w->api, kind, i);

        if (!ops->wants || ops->wants(ctx, NULL, m))
            cache_set(inf, m->uid, m);
    }
    vec_push(w->arena, &all->by_kind[kind], inf);
    return inf;
}
