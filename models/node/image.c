/*
 * image.c - pulling images, one at a time on each node.
 *
 * An image that was pulled stays.  Policy IfNotPresent starts from it at once;
 * Always asks the registry first (TIMING_IMAGE_CHECK); Never fails with
 * ErrImageNeverPull if it is not there.  Pulls wait in line in the order in
 * which they were asked for; one that finds its image pulled meanwhile takes
 * as long as asking.  A pull takes the image's own `pull`, else its size at
 * the registry's speed, else TIMING_IMAGE_PULL; `pull: never` is an image that
 * the registry does not have: ErrImagePull, then ImagePullBackOff for 10 s,
 * 20 s, ... 300 s.  A pull that nobody waits for any more still ends.
 *
 * Not modelled: layers shared by images, garbage collection of images,
 * parallel pulls, registryPullQPS (never the limit when pulls are serial).
 * Source: pkg/kubelet/images at v1.36; reference 5.2.
 */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "kubelet_impl.h"

struct pull_queue {
    VEC(struct box *) waiting;  /* first: served, if serving; NULL: withdrawn */
    bool serving;
    const char *image;          /* being served */
    event_id end;               /* of that */
};

static bool present(const struct kubelet *k, const char *image)
{
    return map_get(&k->images, image) != NULL;
}

/* How long the registry takes for the image of b; never: it has none such. */
static sim_time pull_time(const struct box *b)
{
    const struct kubelet *k = b->worker->kubelet;
    struct world *w = k->all->w;
    const struct behaviour *bh = b->process.behaviour;
    const char *image = b->spec->image;
    struct stream s;

    world_stream(w, &s, PURPOSE_PULL, fnv64(fnv64(FNV_START, image,
                                                  strlen(image)),
                                            &k->index, sizeof(k->index)));
    if (bh->pull_set)
        return dist_draw(&bh->pull, &s);
    if (bh->size_bytes > 0)
        return (sim_time)llround(bh->size_bytes /
                                 w->spec->cluster.registry_bytes_per_s * 1e9);
    return world_draw(w, TIMING_IMAGE_PULL, &s);
}

/* A time that the registry takes, with a fault that slows it. */
static sim_time slowed(const struct kubelet *k, sim_time t)
{
    double longer = (double)t * k->all->registry_slow;

    return longer < (double)SIM_NEVER ? (sim_time)llround(longer) : SIM_NEVER;
}

static void serve(struct kubelet *k);

/* The pull of the first in line is over.  failed: nothing came of it. */
static void fire_pulled(struct sim *sim, void *subject, int64_t failed)
{
    struct kubelet *k = subject;
    struct box *b = k->pulls->waiting.items[0];
    const char *image = k->pulls->image;

    (void)sim;
    vec_remove(&k->pulls->waiting, 0);
    k->pulls->serving = false;
    if (!failed)
        map_put(&k->images, image, k);
    serve(k);
    if (!b)
        return;
    if (failed) {
        box_not_pulled(b, "ErrImagePull", true);
    } else {
        worker_event(b->worker, "Normal", "Pulled", "Pulled image %s",
                     image);
        box_pulled(b);
    }
}

static const struct event_kind ev_pulled = {
    .name = "image.pulled", .rank = RANK_WORLD, .fire = fire_pulled,
};

/* Begin the pull of the first in line, if none is under way. */
static void serve(struct kubelet *k)
{
    struct pull_queue *q = k->pulls;
    struct world *w = k->all->w;
    struct box *b;
    sim_time takes, check;

    while (!q->serving && q->waiting.len > 0 && !q->waiting.items[0])
        vec_remove(&q->waiting, 0);
    if (q->serving || q->waiting.len == 0)
        return;
    b = q->waiting.items[0];
    q->serving = true;
    q->image = b->spec->image;
    check = worker_draw(b->worker, TIMING_IMAGE_CHECK);
    takes = pull_time(b);
    worker_event(b->worker, "Normal", "Pulling", "Pulling image %s",
                 q->image);
    if (present(k, q->image) || takes >= SIM_NEVER)
        q->end = sim_after(w->sim, slowed(k, check), &ev_pulled, k,
                           !present(k, q->image));
    else
        q->end = sim_after(w->sim, slowed(k, takes), &ev_pulled, k, 0);
}

void image_ensure(struct box *b)
{
    struct kubelet *k = b->worker->kubelet;

    if (b->spec->pull == PULL_NEVER && !present(k, b->spec->image)) {
        box_not_pulled(b, "ErrImageNeverPull", false);
        return;
    }
    if (b->spec->pull != PULL_ALWAYS && present(k, b->spec->image)) {
        box_pulled(b);
        return;
    }
    if (!k->pulls)
        k->pulls = arena_make(k->all->w->arena, struct pull_queue);
    vec_push(k->all->w->arena, &k->pulls->waiting, b);
    serve(k);
}

void image_withdraw(struct box *b)
{
    struct pull_queue *q = b->worker->kubelet->pulls;

    for (size_t i = 0; q && i < q->waiting.len; i++)
        if (q->waiting.items[i] == b)
            q->waiting.items[i] = NULL;
}

void images_power_off(struct kubelet *k)
{
    struct pull_queue *q = k->pulls;

    if (!q)
        return;
    sim_cancel(k->all->w->sim, q->end);
    vec_clear(&q->waiting);
    q->serving = false;
}
