/*
 * image_locality.c - prefer nodes that have the pod's images.
 *
 * Each image present counts its size times the share of nodes that have it;
 * the sum is scaled between 23 MiB and 1000 MiB per container.
 *
 * Source: plugins/imagelocality at v1.36; reference 4.4.
 */
#include <string.h>

#include "models/scheduler.h"

#define MIB INT64_C(1048576)
#define LEAST (23 * MIB)        /* upstream minThreshold */
#define MOST (1000 * MIB)       /* upstream maxContainerThreshold */

static int64_t size_on(const struct node *n, const char *image)
{
    for (size_t i = 0; i < n->nimages; i++)
        if (strcmp(n->images[i].image, image) == 0)
            return n->images[i].size;
    return -1;
}

static int64_t spread_size(const struct sched_cycle *c,
                           const struct sched_node *n, const char *image)
{
    int64_t size = size_on(&n->node, image);
    size_t have = 0;

    if (size < 0)
        return 0;
    for (size_t i = 0; i < c->nnodes; i++)
        if (size_on(&c->nodes[i]->node, image) >= 0)
            have++;
    return (int64_t)((double)size * ((double)have / (double)c->nnodes));
}

/* Has a feasible node any image? */
static bool any_images(struct sched_cycle *c, void **scratch)
{
    (void)scratch;
    for (size_t i = 0; i < c->nfeasible; i++)
        if (c->feasible[i]->node.nimages > 0)
            return true;
    return false;
}

static int64_t score_images(const struct sched_cycle *c, const void *scratch,
                            const struct sched_node *n)
{
    int64_t sum = 0;
    int64_t count = (int64_t)(c->spec->ncontainers + c->spec->ninit);
    int64_t most = MOST * count;

    (void)scratch;
    for (size_t i = 0; i < c->spec->ninit; i++)
        sum += spread_size(c, n, c->spec->init[i].image);
    for (size_t i = 0; i < c->spec->ncontainers; i++)
        sum += spread_size(c, n, c->spec->containers[i].image);
    if (sum < LEAST)
        sum = LEAST;
    if (sum > most)
        sum = most;
    return 100 * (sum - LEAST) / (most - LEAST);
}

const struct sched_plugin plugin_image_locality = {
    .name = "ImageLocality", .weight_1_20 = 1, .weight_1_36 = 1,
    .prescore = any_images, .score = score_images,
};
